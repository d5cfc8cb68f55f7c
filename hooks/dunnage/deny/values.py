"""Checks the kinds of string in a deny.toml, one function per kind.

Each function returns a clause that says what is wrong, whose subject is the string, and what to write instead; None if
the string is valid.

The checks follow the crates that cargo-deny uses. URLs follow https://url.spec.whatwg.org for ASCII host names.
"""

import re
from collections.abc import Callable

from dunnage.deny import licences

_SPECIAL_SCHEMES = ("http", "https", "ws", "wss", "ftp")
_FORBIDDEN_IN_HOST = frozenset("\0\t\n\r #/:<>?@[\\]^|")
_FORBIDDEN_IN_DOMAIN = _FORBIDDEN_IN_HOST | frozenset("%\x7f") | frozenset(map(chr, range(0x20)))
_LONGEST_LABEL = 1000
"""About how many characters of Punycode cargo-deny decodes. The time to do so grows with the square of the length."""
_URL_HELP = "write a whole URL, such as https://github.com/rust-lang/crates.io-index"


def url(text: str) -> str | None:
    """Check a URL."""
    problem, _ = _parse_url(text)
    return problem and f"{problem}; {_URL_HELP}"


def _source_url(text: str) -> str | None:
    """Check a URL after removing a modifier such as `git+` or `sparse+`."""
    scheme, separator, _ = text.partition("://")
    return url(text[scheme.index("+") + 1 :] if separator and "+" in scheme else text)


def _database_url(text: str) -> str | None:
    """Check a URL whose host must be a name."""
    problem, has_domain = _parse_url(text)
    if problem is None and not has_domain:
        problem = "has no domain name"
    return problem and f"{problem}; write the URL of a database, such as https://github.com/RustSec/advisory-db"


def _parse_url(text: str) -> tuple[str | None, bool]:
    """Return what is wrong with a URL, and whether its host is a name."""
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
    _, at, host = authority.rpartition("@")
    # A colon inside the brackets of an IPv6 address does not begin a port.
    name, _, port = host.rpartition(":") if ":" in host.rpartition("]")[2] else (host, "", "")
    if not name and (special or at or port or host):
        return "has no host", False
    if port and not (port.isascii() and port.isdigit() and int(port[-6:]) <= 65535 and len(port.lstrip("0")) <= 5):
        return f"has the invalid port {port!r}", False
    return _check_host(name, special)


def _check_host(host: str, special: bool) -> tuple[str | None, bool]:
    if host.startswith("["):
        import ipaddress

        try:
            ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else "")
        except ValueError:
            return f"has the host {host!r}, which is not an IPv6 address", False
        return ("has a zone in its IPv6 address" if "%" in host else None), False
    if not special:
        return (f"has the invalid host {host!r}" if not _FORBIDDEN_IN_HOST.isdisjoint(host) else None), bool(host)
    from urllib.parse import unquote

    host = unquote(host)
    if not host or not _FORBIDDEN_IN_DOMAIN.isdisjoint(host):
        return f"has the invalid host {host!r}", False
    if not all(map(_is_label, host.lower().split("."))):
        return f"has the host {host!r}, which is not an international domain name", False
    last = host.removesuffix(".").rpartition(".")[2]
    if re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]*", last):
        return (None if _is_ipv4(host) else f"has the host {host!r}, which is not an IPv4 address"), False
    return None, True


def _is_label(label: str) -> bool:
    """Whether a part of a host name is not in Punycode, or is valid Punycode."""
    if not label.startswith("xn--"):
        return True
    try:
        return len(label) <= _LONGEST_LABEL and not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False


def _is_ipv4(host: str) -> bool:
    parts = host.removesuffix(".").split(".")
    numbers = []
    for part in parts:
        base = 16 if part[:2] in ("0x", "0X") else 8 if part[:1] == "0" and len(part) > 1 else 10
        digits = (part[2:] or "0") if base == 16 else part
        try:
            numbers.append(int(digits, base) if digits.isalnum() else -1)
        except ValueError:
            return False
    return (
        len(numbers) <= 4
        and all(0 <= number <= 255 for number in numbers[:-1])
        and 0 <= numbers[-1] < 256 ** (5 - len(numbers))
    )


def duration(text: str) -> str | None:
    """Check a duration of RFC 3339, appendix A, with `.` in fractions: `P90D`, `P1M`, `PT12H`."""
    year, month, day, hour, minute, second, week = (
        rf"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+){unit})?" for unit in "YMDHMSW"
    )
    # Weeks are the last unit, with or without a T before them.
    pattern = f"P(?!T?$){year}{month}{day}(?:{week}|T{hour}{minute}{second}{week})"
    return None if re.fullmatch(pattern, text) else "is not a duration; write one like P90D"


def _expanded_path(text: str) -> str | None:
    """Check a path with `~` for the home folder and variables: `$NAME`, `${NAME}`, `${NAME:-default}`."""
    for variable in re.finditer(r"\$(?:\{(.*?)\}|(\w*))", text, re.DOTALL):
        if variable[0] == "$" and text.startswith("{", variable.end()):
            return "has a `${` without a `}`; write ${NAME}"
        name = variable[2] if variable[1] is None else variable[1].split(":-")[0]
        if not re.fullmatch(r"\w+", name):
            return f"has the invalid variable {variable[0]!r}; write $NAME or ${{NAME:-default}}"
    return None


def extension(text: str) -> str | None:
    """Check a file extension without the `.`."""
    is_valid = not text or (text.isascii() and text.isalnum())
    return None if is_valid else "is not a file extension; write only ASCII letters and digits"


def _relative_path(text: str) -> str | None:
    """Check that a path does not begin with `/`."""
    return "is an absolute path; write a path relative to the crate" if text.startswith("/") else None


def sha256(text: str) -> str | None:
    """Check a SHA-256 checksum in hexadecimal."""
    return None if re.fullmatch("[0-9A-Fa-f]{64}", text) else "is not a SHA-256 checksum; write 64 hexadecimal digits"


def _rust_version(text: str) -> str | None:
    """Check a version of Rust as cargo-deny 0.20.2 does: it reads `1.85` as 1 and rejects `1`."""
    parts = text.split(".")
    is_valid = 2 <= len(parts) <= 4 and all(map(_is_u32, parts[:-1]))
    return None if is_valid else "is not a version of Rust; write one like 1.85.0"


def _is_u32(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text.lstrip("0")) <= 10 and int(text[-11:]) < 2**32


def glob(text: str) -> str | None:
    """Check a glob pattern."""
    depth = at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            if at == len(text):
                return "ends with a `\\`, which must precede a character"
            at += 1
        elif character == "{":
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == "}":
            return "has a `}` without a `{`"
        elif character == "[":
            end = _end_of_class(text, at)
            if end is None:
                return "has a `[` without a `]`, or a range in the wrong order"
            at = end
    return "has a `{` without a `}`" if depth else None


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
    "database-url": _database_url,
    "duration": duration,
    "expanded-path": _expanded_path,
    "expression": licences.expression,
    "extension": extension,
    "glob": glob,
    "licensee": licences.licensee,
    "relative-path": _relative_path,
    "rust-version": _rust_version,
    "sha256": sha256,
    "source-url": _source_url,
    "url": url,
}
