"""What to type to verify a download."""

from itertools import pairwise

from dunnage.downloads.address import channel, shown
from dunnage.downloads.analysis import UsedDownload
from dunnage.downloads.model import POWERSHELL_OPTIONS, Download
from dunnage.files.source import File

SHA256 = "SHA256"
"""Stands for the digest that the reader has to write."""

_LONGEST_READER = 200
_LONGEST_URL = 120


def label(download: Download) -> str:
    """A name of a download for messages: that of the file, or the URL if that says more."""
    name = shown(download.address.name)
    if "." in name and not name.startswith(("…", "$")):
        return name
    url = shown(download.url or download.address.url)
    return url if len(url) <= _LONGEST_URL else f"{url[:_LONGEST_URL]}…"


def how_to_verify(file: File, used: UsedDownload, sha256: str = SHA256) -> str:
    """The commands that verify a download, and the command that prints its digest unless that is given."""
    download = used.download
    url = shown(download.url or download.address.url)
    digest = "" if sha256 != SHA256 else f"\nthis command prints the digest: {_print_digest(url)}"
    if download.command is None:
        return f"write `ADD --checksum=sha256:{sha256} {url} …`{digest}"
    if download.is_windows:
        name = _written_output(file, download) or download.file or shown(download.names[0])
        plain = name.strip("\"'")
        check = f'if ((Get-FileHash {name}).Hash -ne "{sha256}") {{ throw "wrong digest of {plain}" }}'
        return f"after the download, write `{check}`{digest}"
    if used.readers:
        name = _file_name(shown(download.address.name))
        return (
            f"download it to a file, and verify that file before it is used:\ncurl -fsSLo {name} {_quoted(url)}"
            f"\n{check_line(name, sha256)}\n{_with_input(file, used, name)}{_on_macos()}{digest}"
        )
    name = download.file or _file_name(shown(download.names[0]))
    return f"after the download, write `{check_line(name, sha256)}`{_on_macos()}{digest}"


def _written_output(file: File, download: Download) -> str:
    """How a command of PowerShell names the file to write, perhaps with variables; empty if that is unknown."""
    words = download.command.words if download.command else ()
    for option, word in pairwise(words):
        if option.text.lower() in (*POWERSHELL_OPTIONS, "-o", "--output"):
            return _in_a_line(file.data[slice(*word.span)])
    return ""


def check_line(name: str, sha256: str) -> str:
    """The command that verifies a file on Linux."""
    return f'echo "{sha256}  {name}" | sha256sum -c -'


def moving_help(download: Download) -> str:
    """What to write instead of a URL whose content changes."""
    url = shown(download.url or download.address.url)
    part = channel(download.address)
    at = url.lower().find(f"/{part}/")
    if part == "dist":
        fixed = url.replace("/rustup/dist/", "/rustup/archive/VERSION/")
    elif part == "win.rustup.rs":
        host = f"{download.address.name}-pc-windows-msvc"
        fixed = f"https://static.rust-lang.org/rustup/archive/VERSION/{host}/rustup-init.exe"
    elif "/releases/latest/download/" in url:
        fixed = url.replace("/releases/latest/download/", "/releases/download/VERSION/")
    elif at >= 0:
        ref = "COMMIT" if download.address.host.startswith("raw.") or "/raw/" in url else "VERSION"
        fixed = f"{url[:at]}/{ref}/{url[at + len(part) + 2 :]}"
    else:
        fixed = ""
    advice = f"use the URL of one release: `{fixed}`" if fixed else "use the URL of one release"
    return f"{advice}; then verify the digest of the file"


def _on_macos() -> str:
    return "\non macOS, write `shasum -a 256 -c -` instead of `sha256sum -c -`"


def _print_digest(url: str) -> str:
    return f"curl -fsSL {_quoted(url)} | sha256sum"


def _quoted(url: str) -> str:
    return f'"{url}"' if set(url) & set("$&;()?* ") else url


def _file_name(name: str) -> str:
    """A name that can be typed."""
    return name if name and "…" not in name and not set(name) & set(" '\"`\\") else "FILE"


def _with_input(file: File, used: UsedDownload, name: str) -> str:
    """The commands that a download is piped into, as they are written, with a file as their input."""
    first, last = used.readers[0], used.readers[-1]
    starts = (first.wrapper or first.words)[0].span.start, first.words[-1].span.end
    text = _in_a_line(file.data[slice(*starts)])
    rest = _in_a_line(file.data[starts[1] : last.words[-1].span.end])
    found = f"{text} < {name} {rest}".rstrip()
    return found if len(found) <= _LONGEST_READER else f"{first.words[0].text} … < {name}"


def _in_a_line(data: bytes) -> str:
    return " ".join(data.decode("utf-8", "replace").replace("\\\n", " ").split())
