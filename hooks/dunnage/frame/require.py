"""The option `--require` of several hooks, each of which uses the names that it knows."""

from collections.abc import Sequence

from dunnage.frame.options import repeated

SECTIONS = ("advisories", "licenses", "bans", "sources", "graph", "output")
"""For check-deny-toml: the sections of deny.toml."""
KINDS = ("docker", "github-actions", "rust-toolchain", "pre-commit")
"""For check-update-bot: the kinds of files that a bot must update, besides locks."""


def _read(text: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in (*SECTIONS, *KINDS):
            raise ValueError(
                f"{name!r} is not a section of deny.toml; write one of {', '.join(SECTIONS)}; "
                f"for check-update-bot, write one of {', '.join(KINDS)}"
            )
    return names


REQUIRE = repeated(
    "--require",
    "require these names, separated by commas (repeatable). For check-deny-toml: sections (default: advisories,"
    "licenses,bans,sources). For check-update-bot: docker, github-actions, rust-toolchain, pre-commit",
    "NAMES",
    _read,
)


def required(given: Sequence[tuple[str, ...]], known: Sequence[str]) -> tuple[str, ...]:
    """The names of a hook among those given to the option, each once."""
    return tuple(dict.fromkeys(name for names in given for name in names if name in known))
