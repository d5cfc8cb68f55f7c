"""The kinds of string that a deny.toml holds, each as a function that says what is wrong with one.

What is wrong is a clause whose subject is the string, and what a right one looks like; None if nothing is.

What cargo-deny leaves to other crates is judged here as they do: a URL as the WHATWG's standard has it
(https://url.spec.whatwg.org), as far as ASCII host names go.
"""

import re
from collections.abc import Callable

from dunnage.deny import licences

_SPECIAL_SCHEMES = ("http", "https", "ws", "wss", "ftp")
_FORBIDDEN_IN_HOST = frozenset("\0\t\n\r #/:<>?@[\\]^|")
_FORBIDDEN_IN_DOMAIN = _FORBIDDEN_IN_HOST | frozenset("%\x7f") | frozenset(map(chr, range(0x20)))
_URL_HELP = "write a whole URL, such as https://github.com/rust-lang/crates.io-index"

# Each unit of a duration, before and after the T, in the order in which they may come.
_DATE_UNITS = "YMD"
_TIME_UNITS = "HMSW"


def url(text: str) -> str | None:
    """A URL."""
    problem, _ = _parse_url(text)
    return problem and f"{problem}; {_URL_HELP}"


def source_url(text: str) -> str | None:
    """A URL, of which a modifier such as `git+` or `sparse+` is passed over."""
    scheme, separator, _ = text.partition("://")
    return url(text[scheme.index("+") + 1 :] if separator and "+" in scheme else text)


def database_url(text: str) -> str | None:
    """A URL with a host that is a name."""
    problem, has_domain = _parse_url(text)
    if problem is None and not has_domain:
        problem = "has no domain name"
    return problem and f"{problem}; write the URL of a database, such as https://github.com/RustSec/advisory-db"


def _parse_url(text: str) -> tuple[str | None, bool]:
    """What is wrong with a URL, and whether its host is a name."""
    text = re.sub("[\t\n\r]", "", text.strip("".join(map(chr, range(0x21)))))
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    if scheme is None:
        return "has no scheme", False
    rest = text[scheme.end() :]
    name = scheme[1].lower()
    if name == "file":
        return None, False
    special = name in _SPECIAL_SCHEMES
    if special:
        rest = rest.lstrip("/\\")
    elif rest.startswith("//"):
        rest = rest[2:]
    else:
        return None, False
    authority = re.split(r"[/\\?#]" if special else "[/?#]", rest, maxsplit=1)[0]
    credentials, at, host = authority.rpartition("@")
    del credentials
    # A colon inside of the brackets of an IPv6 address is none before a port.
    name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "")
    if not name and (special or at or port or host):
        return "has no host", False
    if port and not (port.isascii() and port.isdigit() and int(port[-6:]) <= 65535 and len(port.lstrip("0")) <= 5):
        return f"has {port!r} for a port", False
    return _check_host(name, special)


def _check_host(host: str, special: bool) -> tuple[str | None, bool]:
    if host.startswith("["):
        import ipaddress

        try:
            ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else "")
        except ValueError:
            return f"has the host {host!r}, which is no IPv6 address", False
        return ("has a zone in its IPv6 address" if "%" in host else None), False
    if not special:
        return (f"has the host {host!r}" if not _FORBIDDEN_IN_HOST.isdisjoint(host) else None), bool(host)
    from urllib.parse import unquote

    host = unquote(host)
    if not host or not _FORBIDDEN_IN_DOMAIN.isdisjoint(host):
        return f"has the host {host!r}", False
    if not all(map(_is_label, host.lower().split("."))):
        return f"has the host {host!r}, which is no international domain name", False
    last = host.removesuffix(".").rpartition(".")[2]
    if re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]*", last):
        return (None if _is_ipv4(host) else f"has the host {host!r}, which is no IPv4 address"), False
    return None, True


def _is_label(label: str) -> bool:
    """Whether what a part of a host name says in Punycode, if it does, can be read."""
    if not label.startswith("xn--"):
        return True
    try:
        return not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


def _is_ipv4(host: str) -> bool:
    parts = host.removesuffix(".").split(".")
    numbers = []
    for part in parts:
        base = 16 if part[:2] in ("0x", "0X") else 8 if part[:1] == "0" and len(part) > 1 else 10
        digits = part[2:] if base == 16 else part
        try:
            numbers.append(int(digits, base) if digits or (base == 16 and not digits) else -1)
        except ValueError:
            if base == 16 and not digits:
                numbers.append(0)
                continue
            return False
    return (
        bool(numbers)
        and len(numbers) <= 4
        and all(0 <= number <= 255 for number in numbers[:-1])
        and 0 <= numbers[-1] < 256 ** (5 - len(numbers))
    )


def duration(text: str) -> str | None:
    """A time span as RFC 3339, appendix A, writes it, fractions with a full stop: `P90D`, `P1M`, `PT12H`."""
    date, t, time = text.removeprefix("P").partition("T")
    number = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    dated = re.fullmatch("".join(f"(?:{number}{unit})?" for unit in _DATE_UNITS), date) or (
        # Weeks are the last of the units, with a T before them or without.
        re.fullmatch("".join(f"(?:{number}{unit})?" for unit in _DATE_UNITS + "W"), date) if not t else None
    )
    timed = re.fullmatch("".join(f"(?:{number}{unit})?" for unit in _TIME_UNITS), time)
    if text.startswith("P") and dated and timed and (date or time):
        return None
    return "is no duration; write one like P90D"


def expanded_path(text: str) -> str | None:
    """A path in which `~` stands for the home folder, and `$NAME`, `${NAME}` or `${NAME:-default}` for a variable."""
    at = 0
    while (at := text.find("$", at)) >= 0:
        variable = re.compile(r"\$\{(.*?)\}|\$(\w*)", re.DOTALL).match(text, at)
        if variable is None:
            return "has a `${` without its `}`; write ${NAME}"
        name = variable[1].split(":-")[0] if variable[1] is not None else variable[2]
        if not name or not re.fullmatch(r"\w+", name):
            return f"has {variable[0]!r} for a variable; write $NAME or ${{NAME:-default}}"
        at = variable.end()
    return None


def _is_u32(text: str) -> bool:
    return bool(re.fullmatch(r"\+?[0-9]+", text, re.ASCII)) and int(text[-11:]) < 2**32 and len(text.lstrip("+0")) <= 10


def extension(text: str) -> str | None:
    """The extension of file names, without the full stop."""
    if not text or (text.isascii() and text.isalnum()):
        return None
    return "is no file extension; write ASCII letters and digits alone"


def relative_path(text: str) -> str | None:
    """A path that does not begin with `/`."""
    return "is an absolute path; write it relative to the crate" if text.startswith("/") else None


def sha256(text: str) -> str | None:
    """A checksum in hexadecimal."""
    return None if re.fullmatch("[0-9A-Fa-f]{64}", text) else "is no SHA-256 checksum; write its 64 hexadecimal digits"


def rust_version(text: str) -> str | None:
    """A version of Rust, as cargo-deny 0.20.2 reads it: `1.85` is taken for 1, and `1` is refused."""
    parts = text.split(".")
    if len(parts) >= 2 and len(parts) <= 4 and all(_is_plain_u32(part) for part in parts[:-1][:3]):
        return None
    return "is no version of Rust; write one like 1.85.0"


def _is_plain_u32(text: str) -> bool:
    return _is_u32(text) and not text.startswith("+")


def glob(text: str) -> str | None:
    """A pattern of file names."""
    depth = at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            if at == len(text):
                return "ends with a `\\`, which must have a character after it"
            at += 1
        elif character == "{":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == "}":
            return "has a `}` without its `{`"
        elif character == "[":
            end = _end_of_class(text, at)
            if end is None:
                return "has a `[` without its `]`, or a range in it that goes backwards"
            at = end
    return "has a `{` without its `}`" if depth else None


def _end_of_class(text: str, at: int) -> int | None:
    if text[at : at + 1] in ("!", "^"):
        at += 1
    first = at
    last = ""
    in_range = False
    while at < len(text):
        character = text[at]
        at += 1
        if character == "]" and at - 1 > first:
            return at
        if in_range:
            if character < last:
                return None
            last, in_range = character, False
        elif character == "-" and at - 1 > first:
            in_range = True
        else:
            last = character
    return None


KINDS: dict[str, Callable[[str], str | None]] = {
    "database-url": database_url,
    "duration": duration,
    "expanded-path": expanded_path,
    "expression": licences.expression,
    "extension": extension,
    "glob": glob,
    "licensee": licences.licensee,
    "relative-path": relative_path,
    "rust-version": rust_version,
    "sha256": sha256,
    "source-url": source_url,
    "url": url,
}
