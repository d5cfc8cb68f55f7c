"""Which files are Dockerfiles, by their names.

A file is one if it is named `Dockerfile` or `Containerfile`, in upper or lower case, perhaps with `NAME.` before it or
with `.`, `-` or `_` and more behind it, unless the ending is that of another format: `Dockerfile.dockerignore`,
`dockerfile_parser.rs`.
"""

import re

_OTHER_FORMATS = (
    "bash|c|cc|cpp|cs|css|dart|dockerignore|go|h|hpp|html|java|js|json|kt|lock|lua|md|mjs|php|pl|png|proto|py|rb|rs|rst|"
    "scala|sh|snap|sql|svg|swift|toml|ts|tsx|txt|vim|xml|ya?ml|zig"
)

DOCKERFILES = (
    r"(?i:(docker|container)file)",
    r"[^/]*\.(?i:(docker|container)file)",
    rf"(?i:(docker|container)file)[._-](?!([^/]*\.)?(?i:{_OTHER_FORMATS})$)[^/]*",
)
"""Regular expressions that match the whole name of a file."""


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is a Dockerfile."""
    lower = name.lower()
    if lower in ("containerfile", "dockerfile"):
        return True
    # The patterns are compiled only for the few names that may match.
    is_likely = "dockerfile" in lower or "containerfile" in lower
    return is_likely and any(re.fullmatch(pattern, name) for pattern in DOCKERFILES)
