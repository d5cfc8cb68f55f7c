"""The kinds of string that a deny.toml holds, each as a function that says what is wrong with one.

What cargo-deny leaves to other crates is judged here as they do: a URL as the WHATWG's standard has it
(https://url.spec.whatwg.org), as far as ASCII host names go; a licence as the SPDX specification has it, annex D.
"""

import re
from collections.abc import Callable
from functools import cache

from dunnage.deny import spdx
from dunnage.deny.schema import Schema

Problem = str | None
"""What is wrong, as a clause whose subject is the string, and what a right one looks like; None if nothing is."""

_SPECIAL_SCHEMES = ("http", "https", "ws", "wss", "ftp")
_FORBIDDEN_IN_HOST = frozenset("\0\t\n\r #/:<>?@[\\]^|")
_FORBIDDEN_IN_DOMAIN = _FORBIDDEN_IN_HOST | frozenset("%\x7f") | frozenset(map(chr, range(0x20)))
_URL_HELP = "write a whole URL, such as https://github.com/rust-lang/crates.io-index"

# Each unit of a duration, before and after the T, in the order in which they may come.
_DATE_UNITS = "YMD"
_TIME_UNITS = "HMSW"


def url(text: str, schema: Schema) -> Problem:
    """A URL."""
    del schema
    problem, _ = _parse_url(text)
    return problem and f"{problem}; {_URL_HELP}"


def source_url(text: str, schema: Schema) -> Problem:
    """A URL, of which a modifier such as `git+` or `sparse+` is passed over."""
    scheme, separator, _ = text.partition("://")
    return url(text[scheme.index("+") + 1 :] if separator and "+" in scheme else text, schema)


def database_url(text: str, schema: Schema) -> Problem:
    """A URL with a host that is a name."""
    problem, has_domain = _parse_url(text)
    if problem is None and not has_domain:
        problem = "has no domain name"
    del schema
    return problem and f"{problem}; write the URL of a database, such as https://github.com/RustSec/advisory-db"


def _parse_url(text: str) -> tuple[Problem, bool]:
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


def _check_host(host: str, special: bool) -> tuple[Problem, bool]:
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


def duration(text: str, schema: Schema) -> Problem:
    """A time span as RFC 3339, appendix A, writes it, fractions with a full stop: `P90D`, `P1M`, `PT12H`."""
    del schema
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


def expanded_path(text: str, schema: Schema) -> Problem:
    """A path in which `~` stands for the home folder, and `$NAME`, `${NAME}` or `${NAME:-default}` for a variable."""
    del schema
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


def advisory(text: str, schema: Schema) -> Problem:
    """The id of an advisory, strict where its database has a form for it."""
    del schema
    kind, _, rest = text.partition("-")
    if kind not in ("RUSTSEC", "CVE", "TALOS") or text == "RUSTSEC-0000-0000" or "-" not in text:
        return None
    year, _, number = rest.partition("-")
    if _is_u32(year) and 2000 <= int(year) <= 2100 and _is_u32(number):
        return None
    return f"is no id of an advisory; write one like {kind}-2024-0001"


def _is_u32(text: str) -> bool:
    return bool(re.fullmatch(r"\+?[0-9]+", text, re.ASCII)) and int(text[-11:]) < 2**32 and len(text.lstrip("+0")) <= 10


def severity(text: str, schema: Schema) -> Problem:
    """A severity, in letters of either case."""
    del schema
    levels = ("none", "low", "medium", "high", "critical")
    return None if text.lower() in levels else f"is no severity; write one of {', '.join(levels)}"


def extension(text: str, schema: Schema) -> Problem:
    """The extension of file names, without the full stop."""
    del schema
    if not text or (text.isascii() and text.isalnum()):
        return None
    return "is no file extension; write ASCII letters and digits alone"


def relative_path(text: str, schema: Schema) -> Problem:
    """A path that does not begin with `/`."""
    del schema
    return "is an absolute path; write it relative to the crate" if text.startswith("/") else None


def sha256(text: str, schema: Schema) -> Problem:
    """A checksum in hexadecimal."""
    del schema
    return None if re.fullmatch("[0-9A-Fa-f]{64}", text) else "is no SHA-256 checksum; write its 64 hexadecimal digits"


def rust_version(text: str, schema: Schema) -> Problem:
    """A version of Rust, as cargo-deny 0.20.2 reads it: `1.85` is taken for 1, and `1` is refused."""
    del schema
    parts = text.split(".")
    if len(parts) >= 2 and len(parts) <= 4 and all(_is_plain_u32(part) for part in parts[:-1][:3]):
        return None
    return "is no version of Rust; write one like 1.85.0"


def _is_plain_u32(text: str) -> bool:
    return _is_u32(text) and not text.startswith("+")


def glob(text: str, schema: Schema) -> Problem:
    """A pattern of file names."""
    most = 1 if schema.generation == "0.14" else len(text)
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
            if depth > most:
                return "has a `{` inside of another"
        elif character == "}" and depth:
            depth -= 1
        elif character == "}" and schema.generation != "0.14":
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


def licensee(text: str, schema: Schema) -> Problem:
    """One licence, with or without an exception: `Apache-2.0 WITH LLVM-exception`."""
    licence, _, exception = text.partition(" WITH ")
    if licence in _licenses(schema.spdx) and (licence == text or exception in _exceptions(schema.spdx)):
        return _gnu_suffix(text) if schema.spdx == 1 else None  # as nearly all are
    words = _words(text, schema, most=3)  # cargo-deny reads no further
    if isinstance(words, str):
        return words
    kinds = [kind for kind, _ in words]
    if kinds in (["license"], ["reference"], ["license", "with", "exception"], ["reference", "with", "exception"]):
        return _gnu_suffix(text) if schema.spdx == 1 and words[0][0] == "license" and _is_gnu(words[0][1]) else None
    if kinds == ["license", "+"] and _is_gnu(words[0][1]):
        later = "-or-later" if schema.spdx > 1 else ""
        return f'is no licence to allow; write "{words[0][1].removesuffix("-only")}{later}"'
    return "is not one licence; write a single SPDX identifier, with or without `WITH` and an exception"


def expression(text: str, schema: Schema) -> Problem:
    """Licences joined by `AND` and `OR`."""
    words = _words(text, schema)
    if isinstance(words, str):
        return words
    depth = 0
    # What was before: "" a place for a licence, "license", "+", "with", or "done" after which only AND and OR go.
    state = name = ""
    for kind, word in words:
        if kind in ("license", "reference") and state == "":
            if kind == "license" and schema.spdx > 1 and word in _deprecated():
                instead = renamed_expression(text)
                hint = (
                    f'; write "{instead}"'
                    if instead != text
                    else "; see https://spdx.org/licenses for what replaced it"
                )
                return f"names {word}, which SPDX has deprecated{hint}"
            state, name = ("license", word) if kind == "license" else ("+", word)
        elif kind == "+" and state == "license" and not _is_gnu(name):
            state = "+"
        elif kind == "with" and state in ("license", "+"):
            state = "with"
        elif kind == "exception" and state == "with":
            state = "done"
        elif kind == "(" and state == "":
            depth += 1
        elif kind == ")" and state in ("license", "+", "done") and depth:
            depth -= 1
            state = "done"
        elif kind in ("and", "or") and state in ("license", "+", "done"):
            state = ""
        else:
            return f"is no licence expression: {word!r} cannot stand where it does"
    if depth or state in ("", "with"):
        return "is no licence expression: it is not complete"
    return None


def renamed_expression(text: str) -> str:
    """An expression with the names that SPDX has given to GNU licences: `GPL-3.0` is GPL-3.0-only."""

    def rename(found: re.Match[str]) -> str:
        if found[1] not in _deprecated() or not _is_gnu(found[1]) or "-with-" in found[1]:
            return found[0]
        return f"{found[1]}-or-later" if found[2] else f"{found[1]}-only"

    return re.sub(r"([-a-zA-Z0-9.:]+)(\+?)", rename, text)


def _words(text: str, schema: Schema, most: int = 2**63) -> list[tuple[str, str]] | str:
    """The words of a licence expression, each with its kind, or the first of them; or what is wrong with one."""
    words: list[tuple[str, str]] = []
    at = 0
    while at < len(text) and len(words) < most:
        if text[at].isspace():
            at += 1
            if text[at : at + 1] == "+":
                return "is no licence expression: a `+` must follow its licence directly"
            continue
        if text[at] in "+()":
            words.append((text[at], text[at]))
            at += 1
            continue
        match = re.compile("[-a-zA-Z0-9.:]+").match(text, at)
        if match is None:
            return f"is no licence expression: {text[at]!r} cannot be in one"
        word = match[0]
        kind = _kind(word, schema)
        if kind is None:
            known = _spellings(schema.spdx).get(word.lower())
            hint = f'; write "{known}"' if known else "; write one of https://spdx.org/licenses, or LicenseRef-NAME"
            return f"names {word!r}, which is no SPDX identifier that cargo-deny knows{hint}"
        words.append((kind, word))
        at = match.end()
    return words or "is empty; write an SPDX identifier"


def _kind(word: str, schema: Schema) -> str | None:
    lower = schema.spdx > 1
    if word == "WITH" or (lower and word == "with"):
        return "with"
    if word in ("AND", "OR") or (lower and word in ("and", "or")):
        return word.lower()
    if word in _licenses(schema.spdx):
        return "license"
    if word in _exceptions(schema.spdx):
        return "exception"
    if re.fullmatch(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?LicenseRef-[-a-zA-Z0-9.]*", word):
        return "reference"
    if schema.spdx > 1 and re.fullmatch(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?AdditionRef-[-a-zA-Z0-9.]*", word):
        return "exception"
    return None


def _gnu_suffix(text: str) -> Problem:
    """What cargo-deny 0.14 has against a GNU licence that says which versions."""
    if not _is_gnu(text):
        return None
    for suffix in ("-only", "-or-later"):
        if text.endswith(suffix):
            return f'ends with {suffix}; write "{text.removesuffix(suffix)}"'
    if text.startswith("GFDL") and "-no-invariants" in text:
        return f'says -no-invariants; write "{text.partition("-no-invariants")[0]}"'
    return None


def _is_gnu(name: str) -> bool:
    return name.startswith(("AGPL-", "GFDL-", "GPL-", "LGPL-")) and name != "GPL-CC-1.0"


@cache
def _licenses(spdx_list: int) -> frozenset[str]:
    return frozenset((spdx.FIRST_LICENSES + (spdx.LATER_LICENSES if spdx_list > 1 else "")).split())


@cache
def _spellings(spdx_list: int) -> dict[str, str]:
    """The licences, each by its name in small letters."""
    return {name.lower(): name for name in _licenses(spdx_list)}


@cache
def _exceptions(spdx_list: int) -> frozenset[str]:
    return frozenset((spdx.FIRST_EXCEPTIONS + (spdx.LATER_EXCEPTIONS if spdx_list > 1 else "")).split())


@cache
def _deprecated() -> frozenset[str]:
    return frozenset(spdx.DEPRECATED_LICENSES.split())


KINDS: dict[str, Callable[[str, Schema], Problem]] = {
    "advisory": advisory,
    "database-url": database_url,
    "duration": duration,
    "expanded-path": expanded_path,
    "expression": expression,
    "extension": extension,
    "glob": glob,
    "licensee": licensee,
    "relative-path": relative_path,
    "rust-version": rust_version,
    "severity": severity,
    "sha256": sha256,
    "source-url": source_url,
    "url": url,
}
