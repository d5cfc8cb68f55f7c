"""The addresses of downloads: which tool they serve, whether their content changes, and what is no program."""

from typing import NamedTuple

from dunnage.downloads.text import HOLE, is_known, known_part
from dunnage.downloads.tools import CARGO_TOOL, HOSTS, RELEASES

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


def parse(url: str) -> Address | None:
    """Parse a URL with holes. Returns None if it is that of no server, or of one that is not public."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme.lower() not in ("http", "https", "ftp"):
        return None
    if not separator:
        rest = url
    address = rest.partition("#")[0].partition("?")[0]
    host, slash, path = address.partition("/")
    host = host.rpartition("@")[2].lower()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    is_local = name in _LOCAL or name.endswith(_LOCAL_ENDINGS) or "." not in known_part(name)
    if not slash or is_local or not is_known(host):
        return None
    return Address(url, host, tuple(part for part in path.split("/") if part))


def tool(address: Address) -> str:
    """The tool of Rust or WebAssembly builds that an address serves; empty if it serves none."""
    parts = address.parts
    if address.host in ("github.com", "www.github.com") and parts[2:3] == ("releases",):
        return _of_repository(parts)
    if address.host == "raw.githubusercontent.com" and len(parts) > 3 and address.name.endswith((".sh", ".ps1")):
        return _of_repository(parts)
    path = f"{address.host}/{'/'.join(parts)}".lower()
    return next((name for start, name in HOSTS if path.startswith(start)), "")


def _of_repository(parts: tuple[str, ...]) -> str:
    repository = "/".join(parts[:2]).lower()
    if not is_known(repository):
        return ""
    name = parts[1].lower()
    return RELEASES.get(repository) or (name if name.startswith(CARGO_TOOL) else "")


def repository(address: Address) -> str:
    """The repository on GitHub from which an address serves, in lower case; empty if there is none."""
    is_there = address.host in ("github.com", "raw.githubusercontent.com") and len(address.parts) > 2
    return "/".join(address.parts[:2]).lower() if is_there else ""


def is_digest(address: Address) -> bool:
    """Whether an address serves a digest, or a list of them."""
    name = known_part(address.name).lower()
    return name.endswith(_DIGESTS) or any(word in name for word in _LISTS)


def is_program(address: Address) -> bool:
    """Whether an address may serve a program, and not sources, data, a key, a signature or a digest."""
    name = known_part(address.name).lower()
    parts = [part.lower() for part in address.parts]
    at = parts.index("archive") if "archive" in parts else 0
    is_snapshot = at == 2 or parts[max(0, at - 1) : at] == ["-"]
    is_source = is_snapshot or not {"tarball", "zipball"}.isdisjoint(parts)
    is_source = is_source or any(word in name for word in ("-src", "_src", ".src", "-source", "-vendor"))
    is_source = is_source or address.host.startswith("codeload.")
    return not is_source and not is_digest(address) and not name.endswith(_SIGNATURES + _DATA)


def names_platform(address: Address) -> bool:
    """Whether the name of a file is that of a prebuilt program: it names a platform, or is that of a package."""
    name = address.name.lower()
    if name.endswith(_PACKAGES):
        return True
    rest = name.removeprefix("linux-").replace("util-linux", "")  # the sources of the kernel, and of its utilities
    return any(word in rest for word in _PLATFORMS)


def channel(address: Address) -> str:
    """The part of an address that says that its content changes, such as `latest`; empty if there is none."""
    parts = [part.lower() for part in address.parts]
    if address.host == "raw.githubusercontent.com":
        ref = parts[4:5] if parts[2:4] == ["refs", "heads"] else parts[2:3]
    elif parts[2:] and "/-/raw/" in f"/{'/'.join(parts)}":
        ref = parts[parts.index("-") + 2 :][:1]
    elif address.host == "win.rustup.rs":
        return address.host
    elif address.host == "github.com":
        ref = parts[3:5]
    elif parts[:2] == ["rustup", "dist"]:
        return "dist"
    else:
        ref = [] if has_literal_version(address) else [part for part in parts[:-1] if part in _MOVING]
    return next((part for part in ref if part in _CHANNELS), "")


def has_literal_version(address: Address) -> bool:
    """Whether the path names a version without unknown parts."""
    return any(not _DIGITS.isdisjoint(_without_platform(piece)) for part in address.parts for piece in _whole(part))


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
    return "".join(_variable(piece) if at % 2 else piece for at, piece in enumerate(pieces))


def _variable(name: str) -> str:
    return f"${{{name}}}" if name.isidentifier() or name.isdecimal() else "…"
