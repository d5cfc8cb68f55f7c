"""Texts of which parts are unknown: words of commands, with the variables that a file does not set, and addresses.

An unknown part stands between two null characters, which no argument can contain. What is between them is how the part
is written, so that two uses of one variable are equal: `wasi-sdk-` `\\0VERSION\\0` `.tar.gz`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from dunnage.downloads.tools import CARGO_TOOL, HOSTS, RELEASES
from dunnage.shell.model import Word

HOLE = "\0"
_ANY = f"{HOLE}*{HOLE}"

_MOST_LEVELS = 5
_MOST_CHARACTERS = 2000
_MOST_VALUES = 16
_SLASH_IN_HOLE = "\1"
_CLOSING = {"{": "}", "(": ")"}

Lookup = Callable[[str], str | None]
"""How the value of a variable is written, in the syntax of a shell; None if it is unknown."""


def texts(word: Word, lookup: Lookup) -> tuple[str, ...]:
    """The possible values of a word, with holes."""
    if word.values is not None:
        return word.values[:_MOST_VALUES]
    return (_read(word.text[:_MOST_CHARACTERS], lookup, 0)[:_MOST_CHARACTERS],)


def names(word: Word, lookup: Lookup) -> tuple[str, ...]:
    """The possible names of the file that a word is, without folders. What `*` and `?` stand for is unknown."""
    found = []
    for text in texts(word, lookup):
        name = base_name(text)
        found.append(name if word.text[:1] in ("'", '"') else with_wildcards(name))
    return tuple(dict.fromkeys(found))


def with_wildcards(pattern: str) -> str:
    """A pattern as a text in which what `*` and `?` stand for is unknown."""
    parts = pattern.split(HOLE)
    parts[::2] = (part.replace("*", _ANY).replace("?", _ANY) for part in parts[::2])
    return HOLE.join(parts)


def base_name(path: str) -> str:
    """What follows the last slash of a path, with holes."""
    return path.rstrip("/").rpartition("/")[2]


def is_known(text: str) -> bool:
    """Whether a text has no hole."""
    return HOLE not in text


def known_part(text: str) -> str:
    """A text without its holes."""
    return "".join(text.split(HOLE)[::2])


def may_equal(first: str, second: str) -> bool:
    """Whether two texts are the same for some values of their unknown parts."""
    left, right = _tokens(first), _tokens(second)
    # Which beginnings of `right` may equal the beginning of `left` that was read so far.
    row = [all(token == HOLE for token in right[:at]) for at in range(len(right) + 1)]
    for mine in left:
        before, row = row, [row[0] and mine == HOLE]
        for at, theirs in enumerate(right):
            if HOLE in (mine, theirs):
                row.append(before[at + 1] or row[at])
            else:
                row.append(before[at] and mine == theirs)
    return row[-1]


_LONGEST_NAME = 200


def _tokens(text: str) -> list[str]:
    """The characters of a text, with one `HOLE` for each unknown part."""
    tokens: list[str] = []
    for at, part in enumerate(text[:_LONGEST_NAME].split(HOLE)):
        tokens += [HOLE] if at % 2 else part
    return tokens


def _hole(written: str) -> str:
    return f"{HOLE}{written.replace('/', _SLASH_IN_HOLE).replace(HOLE, '')}{HOLE}"


def _read(text: str, lookup: Lookup, level: int) -> str:
    """The value of a word as it is written, with holes for what is not known."""
    pieces: list[str] = []
    at, quote = 0, ""
    size = 0
    while at < len(text) and size < _MOST_CHARACTERS:
        character = text[at]
        if character == "$" and quote != "'":
            end, name = _expansion(text, at)
            if end > at + 1:
                value = lookup(name) if name and level < _MOST_LEVELS else None
                written = name or text[at:end]
                pieces.append(_hole(written) if value is None else _read(value, lookup, level + 1))
                size += len(pieces[-1])
                at = end
                continue
        elif text.startswith("{{", at):
            end = text.find("}}", at)
            if end > 0:
                pieces.append(_hole(text[at + 2 : end].strip()))
                at = end + 2
                continue
        elif character == "`" and quote != "'":
            end = text.find("`", at + 1)
            if end > 0:
                pieces.append(_hole(text[at + 1 : end]))
                at = end + 1
                continue
        if character in ("'", '"') and quote in ("", character):
            quote = "" if quote else character
        elif character == "\\" and quote != "'" and at + 1 < len(text):
            at += 1
            pieces.append("" if text[at] == "\n" else text[at])
        else:
            pieces.append(character)
        size += 1
        at += 1
    return "".join(pieces)


def _expansion(text: str, at: int) -> tuple[int, str]:
    """Where what begins with `$` at an index ends, and the name if it is a variable and nothing more."""
    if text.startswith("${{", at):
        end = text.find("}}", at)
        return (end + 2, text[at + 3 : end].strip()) if end > 0 else (at, "")
    opening = text[at + 1 : at + 2]
    if opening in _CLOSING:
        end = _closing(text, at + 1)
        inside = text[at + 2 : end - 1]
        name = inside.removeprefix("env:")  # as PowerShell writes a variable of the environment
        return end, name if name.isidentifier() else ""
    end = at + 1
    if text.startswith("env:", end):
        end += len("env:")  # as PowerShell writes a variable of the environment
    start = end
    if opening in tuple("@*#?0123456789"):
        return end + 1, text[end : end + 1]
    while end < len(text) and (text[end].isalnum() or text[end] == "_") and text[end].isascii():
        end += 1
    return end, text[start:end]


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at an index is closed; the end of the text if it is not."""
    opening, closing = text[at], _CLOSING[text[at]]
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == opening) - (text[end] == closing)
        if depth == 0:
            return end + 1
    return len(text)


_ASSIGNMENT = r"""(?<![^\s;&|("'])([A-Za-z_]\w*)=(?:("[^"\n]*"|'[^'\n]*'|[^\s;&|"'()`]*)(?=[\s;&|)]|\Z))?"""


def written_values(program: str) -> dict[str, str | None]:
    """How the values of the variables are written that a program assigns; None for those with several values."""
    found: dict[str, str | None] = {}
    for assignment in re.finditer(_ASSIGNMENT, program):
        name, value = assignment.groups()
        found[name] = value if found.setdefault(name, value) == value else None
    return found


_DIGITS = frozenset("0123456789")
_CHANNELS = frozenset((
    "canary", "continuous", "dev", "devel", "develop", "development", "edge", "head", "latest", "main", "master",
    "nightly", "snapshot", "stable", "tip", "trunk", "unstable",
))  # fmt: skip
_MOVING = frozenset(("canary", "continuous", "latest", "nightly", "snapshot"))
"""Those that mean nothing else on other servers than GitHub."""
_SIGNATURES = (".asc", ".intoto.jsonl", ".minisig", ".pem", ".sig", ".sigstore", ".sigstore.json", ".sign")
_DIGESTS = (".b2", ".b3", ".digest", ".md5", ".sha1", ".sha256", ".sha512", ".md5sum", ".sha1sum", ".sha256sum",
            ".sha512sum", ".sha256.txt", ".sha512.txt", ".sum")  # fmt: skip
_LISTS = ("checksum", "digests", "hashes", "md5sum", "sha1sum", "sha256sum", "sha512sum", "shasum")
_DATA = (
    ".bib", ".cer", ".conf", ".crate", ".crt", ".css", ".csv", ".db", ".der", ".diff", ".fbs", ".gpg", ".h", ".html",
    ".img", ".ini", ".iso", ".js", ".json", ".jsonl", ".key", ".list", ".md", ".mjs", ".parquet", ".patch", ".pdf",
    ".png", ".pot", ".proto", ".pub", ".rs", ".sbom", ".spdx", ".sql", ".svg", ".toml", ".ttf", ".txt", ".wasm", ".wat",
    ".wit", ".witx", ".xml", ".yaml", ".yml",
)  # fmt: skip
_LOCAL_ENDINGS = (".example", ".internal", ".invalid", ".lan", ".local", ".localdomain", ".localhost", ".test")
_LOCAL = frozenset(("0.0.0.0", "127.0.0.1", "[::1]", "localhost", "example.com", "example.net", "example.org"))  # noqa: S104 - a name
_PLATFORMS = (
    "aarch64", "amd64", "android", "arm64", "armv6", "armv7", "darwin", "freebsd", "gnueabihf", "i686", "linux", "mac-",
    "macos", "osx", "ppc64", "riscv64", "s390x", "win32", "win64", "windows", "x64", "x86",
)  # fmt: skip
_PACKAGES = (".appimage", ".apk", ".deb", ".dmg", ".exe", ".msi", ".pkg", ".rpm")


class Address(NamedTuple):
    """Where a download comes from."""

    url: str
    """With holes."""
    host: str
    """In lower case; with a hole if it is not known."""
    parts: tuple[str, ...]
    """The parts of the path."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.parts[-1] if self.parts else ""

    @property
    def tool(self) -> str:
        """The tool of Rust or WebAssembly builds that an address serves; empty if it serves none."""
        parts = self.parts
        if self.host in ("github.com", "www.github.com") and parts[2:3] == ("releases",):
            return _of_repository(parts)
        if self.host == "raw.githubusercontent.com" and len(parts) > 3 and self.name.endswith((".sh", ".ps1")):
            return _of_repository(parts)
        path = f"{self.host}/{'/'.join(parts)}".lower()
        return next((name for start, name in HOSTS if path.startswith(start)), "")

    @property
    def repository(self) -> str:
        """The repository on GitHub from which an address serves, in lower case; empty if there is none."""
        is_there = self.host in ("github.com", "raw.githubusercontent.com") and len(self.parts) > 2
        return "/".join(self.parts[:2]).lower() if is_there else ""

    @property
    def is_digest(self) -> bool:
        """Whether an address serves a digest, or a list of them."""
        name = known_part(self.name).lower()
        return name.endswith(_DIGESTS) or any(word in name for word in _LISTS)

    @property
    def is_program(self) -> bool:
        """Whether an address may serve a program, and not sources, data, a key, a signature or a digest."""
        name = known_part(self.name).lower()
        parts = [part.lower() for part in self.parts]
        at = parts.index("archive") if "archive" in parts else 0
        is_snapshot = at == 2 or parts[max(0, at - 1) : at] == ["-"]
        is_source = is_snapshot or not {"tarball", "zipball"}.isdisjoint(parts)
        is_source = is_source or any(word in name for word in ("-src", "_src", ".src", "-source", "-vendor"))
        is_source = is_source or self.host.startswith("codeload.")
        return not is_source and not self.is_digest and not name.endswith(_SIGNATURES + _DATA)

    @property
    def names_platform(self) -> bool:
        """Whether the name of a file is that of a prebuilt program: it names a platform, or is that of a package."""
        name = self.name.lower()
        if name.endswith(_PACKAGES):
            return True
        rest = name.removeprefix("linux-").replace("util-linux", "")  # the sources of the kernel, and of its utilities
        return any(word in rest for word in _PLATFORMS)

    @property
    def channel(self) -> str:
        """The part of an address that says that its content changes, such as `latest`; empty if there is none."""
        parts = [part.lower() for part in self.parts]
        if self.host == "raw.githubusercontent.com":
            ref = parts[4:5] if parts[2:4] == ["refs", "heads"] else parts[2:3]
        elif parts[2:] and "/-/raw/" in f"/{'/'.join(parts)}":
            ref = parts[parts.index("-") + 2 :][:1]
        elif self.host == "win.rustup.rs":
            return self.host
        elif self.host == "get.nexte.st" and re.fullmatch(r"\d+(\.\d+)?", "".join(parts[:1])):
            return parts[0]  # the newest of these releases
        elif self.host == "github.com":
            ref = parts[3:5]
        elif parts[:2] == ["rustup", "dist"]:
            return "dist"
        else:
            ref = [] if self.has_literal_version else [part for part in parts[:-1] if part in _MOVING]
        return next((part for part in ref if part in _CHANNELS), "")

    @property
    def has_literal_version(self) -> bool:
        """Whether the path names a version without unknown parts."""
        return any(not _DIGITS.isdisjoint(_without_platform(piece)) for part in self.parts for piece in _whole(part))


def parse_url(url: str) -> Address | None:
    """Parse a URL with holes. Returns None if it is that of no server, or of one that is not public."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() not in ("http", "https", "ftp"):
        return None
    host, slash, path = (rest if separator else url).partition("#")[0].partition("?")[0].partition("/")
    host = host.rpartition("@")[2].lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    is_local = name in _LOCAL or name.endswith(_LOCAL_ENDINGS) or "." not in known_part(name)
    if not slash or is_local or not is_known(host):
        return None
    return Address(url, host, tuple(part for part in path.split("/") if part))


def _of_repository(parts: tuple[str, ...]) -> str:
    repository = "/".join(parts[:2]).lower()
    if not is_known(repository):
        return ""
    name = parts[1].lower()
    return RELEASES.get(repository) or (name if name.startswith(CARGO_TOOL) else "")


def _whole(part: str) -> list[str]:
    """The known pieces of a part of a path, without numbers that continue an unknown piece: `.0` of `$VERSION.0`."""
    first, *rest = part.split(HOLE)[::2]
    return [first, *(piece.lstrip("0123456789.") for piece in rest)]


def _without_platform(part: str) -> str:
    """A part of a path without the digits that are those of a platform."""
    text = part.lower()
    for word in ("x86_64", "x86-64", "amd64", "arm64", "aarch64", "aarch_64", "i686", "x64", "x86", "win32", "win64",
                 "armv7", "armv6", "linux64", "riscv64", "ppc64", "s390x", ".bz2", ".7z"):  # fmt: skip
        text = text.replace(word, "")
    return text


def shown(text: str) -> str:
    """A URL or a name as a shell reads it in double quotes; `…` stands for what cannot be written there."""
    pieces = text.split(HOLE)
    pieces[1::2] = (f"${{{name}}}" if name.isidentifier() or name.isdecimal() else "…" for name in pieces[1::2])
    return "".join(pieces)


def in_double_quotes(text: str) -> str:
    """A text as it is written in double quotes, in which a shell replaces nothing but plain variables."""
    return re.sub(r'[\\"`]|\$(?![A-Za-z_]|\{[A-Za-z_]\w*\})', r"\\\g<0>", text)
