"""References to images: `[domain/]path[:tag][@digest]`.

The grammar is that of https://github.com/distribution/reference, and so are the rules by which Docker completes a short
name. Each function reads its text once, because references come from files that anybody may have written.
"""

from typing import NamedTuple

_DIGITS = frozenset("0123456789")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEX = frozenset("0123456789abcdef")
_PATH = _DIGITS | _LOWER
_ALPHANUMERIC = _PATH | _UPPER
_WORD = _ALPHANUMERIC | {"_"}
_LABEL = _ALPHANUMERIC | {"-"}
_ADDRESS = _HEX | frozenset("ABCDEF:")
_SEPARATORS = frozenset(("", ".", "_", "__"))

_LONGEST_PATH = 255
_LONGEST_TAG = 128
_DIGEST_SIZES = {"sha256": 64, "sha384": 96, "sha512": 128}
_DOCKER_HUB = "docker.io"


class Reference(NamedTuple):
    """A reference to an image."""

    domain: str
    """The registry, with its port if the reference has one; `docker.io` if it names none."""
    path: str
    """The repository in the registry: `library/rust` for the short name `rust`."""
    tag: str
    """Empty if there is none."""
    digest: str
    """Empty if there is none. With a digest, the tag has no meaning."""

    @property
    def name(self) -> str:
        """The repository with its registry: `docker.io/library/rust`."""
        return f"{self.domain}/{self.path}"

    @property
    def official(self) -> str:
        """The name of an official image of Docker Hub, such as `rust`; else empty. It may not exist."""
        is_official = self.domain == _DOCKER_HUB and self.path.startswith("library/")
        return self.path.removeprefix("library/") if is_official else ""


def parse(text: str) -> Reference | None:
    """Parse a text as a reference. Returns None if it is not one."""
    rest, at, digest = text.partition("@")
    if at and not _is_digest(digest):
        return None
    name, colon, tag = _split_tag(rest)
    if colon and not _is_tag(tag):
        return None
    domain, path = _split_domain(name)
    if not _is_domain(domain) or not _is_path(path) or _is_identifier(text):
        return None
    return Reference(domain, path, tag, digest)


def _split_tag(text: str) -> tuple[str, str, str]:
    """The name, a colon if there is a tag, and the tag; a colon before a slash belongs to a port."""
    colon = text.rfind(":")
    if colon < 0 or "/" in text[colon:]:
        return text, "", ""
    return text[:colon], ":", text[colon + 1 :]


def _split_domain(name: str) -> tuple[str, str]:
    """The registry and the repository, completed as Docker completes them."""
    first, slash, rest = name.partition("/")
    is_domain = slash and (first == "localhost" or "." in first or ":" in first or not _UPPER.isdisjoint(first))
    if not is_domain:
        domain, path = _DOCKER_HUB, name
    elif first == f"index.{_DOCKER_HUB}":
        domain, path = _DOCKER_HUB, rest
    else:
        domain, path = first, rest
    return domain, f"library/{path}" if domain == _DOCKER_HUB and "/" not in path else path


def _is_domain(domain: str) -> bool:
    host = domain
    if ":" in domain and not domain.endswith("]"):
        host, _, port = domain.rpartition(":")
        if not port or not _DIGITS.issuperset(port):
            return False
    if host.startswith("[") and host.endswith("]"):
        return len(host) > 2 and _ADDRESS.issuperset(host[1:-1])
    return all(part and _LABEL.issuperset(part) and part[0] != "-" != part[-1] for part in host.split("."))


def _is_path(path: str) -> bool:
    return 0 < len(path) <= _LONGEST_PATH and all(map(_is_path_part, path.split("/")))


def _is_path_part(part: str) -> bool:
    """Whether a part of a path consists of letters and digits, with `.`, `_`, `__` or hyphens between them."""
    if not part or part[0] not in _PATH or part[-1] not in _PATH:
        return False
    separator = ""
    for character in part:
        if character in _PATH:
            if separator not in _SEPARATORS and separator.strip("-"):
                return False
            separator = ""
        elif character in "._-":
            separator += character
        else:
            return False
    return True


def _is_tag(tag: str) -> bool:
    return 0 < len(tag) <= _LONGEST_TAG and tag[0] in _WORD and (_WORD | {".", "-"}).issuperset(tag)


def _is_digest(digest: str) -> bool:
    algorithm, _, value = digest.partition(":")
    return len(value) == _DIGEST_SIZES.get(algorithm) and _HEX.issuperset(value)


def _is_identifier(text: str) -> bool:
    """Whether Docker reads a text as the id of an image."""
    return len(text) == 64 and _HEX.issuperset(text)
