"""Checks the licences in a deny.toml by the grammar of annex D of the SPDX specification.

Each function returns a clause that says what is wrong, whose subject is the string, and what to write instead; None if
the string is valid.
"""

import re
from functools import cache

from dunnage.deny import spdx

# What may follow in an expression. "complete" is a licence that takes no more suffixes.
_FOLLOWING = {
    "start": {"license": "license", "reference": "reference", "(": "start"},
    "license": {"+": "reference", "with": "with", ")": "complete", "and": "start", "or": "start"},
    "reference": {"with": "with", ")": "complete", "and": "start", "or": "start"},
    "with": {"exception": "complete"},
    "complete": {")": "complete", "and": "start", "or": "start"},
}
_SINGLE = (["license"], ["reference"], ["license", "with", "exception"], ["reference", "with", "exception"])


def licensee(text: str) -> str | None:
    """Check one licence, with or without an exception: `Apache-2.0 WITH LLVM-exception`."""
    licence, _, exception = text.partition(" WITH ")
    if licence in _licenses() and (licence == text or exception in _exceptions()):
        return None  # the usual case
    words = _words(text, most=3)  # cargo-deny reads no further
    if isinstance(words, str):
        return words
    kinds = [kind for kind, _ in words]
    if kinds in _SINGLE:
        return None
    if kinds == ["license", "+"] and _is_gnu(words[0][1]):
        return f'is not a licence that can be allowed; write "{words[0][1].removesuffix("-only")}-or-later"'
    return "is not a single licence; write one SPDX identifier, with or without `WITH` and an exception"


def expression(text: str) -> str | None:
    """Check licences joined by `AND` and `OR`."""
    words = _words(text)
    if isinstance(words, str):
        return words
    state, depth = "start", 0
    for kind, word in words:
        following = _FOLLOWING[state].get(kind)
        depth += (kind == "(") - (kind == ")")
        if following is None or depth < 0:
            return f"is not a licence expression: {word!r} is misplaced"
        if kind == "license" and word in _deprecated():
            renamed = renamed_expression(text)
            help = f'write "{renamed}"' if renamed != text else "see https://spdx.org/licenses for its replacement"
            return f"names {word}, which SPDX deprecated; {help}"
        # `+` cannot follow the name of a GNU licence: the name ends in `-only` or `-or-later`.
        state = "reference" if kind == "license" and _is_gnu(word) else following
    if depth or state in ("start", "with"):
        return "is not a licence expression: it is incomplete"
    return None


def renamed_expression(text: str) -> str:
    """Return an expression with the present SPDX names of GNU licences: `GPL-3.0` becomes `GPL-3.0-only`."""

    def rename(found: re.Match[str]) -> str:
        if found[1] not in _deprecated() or not _is_gnu(found[1]) or "-with-" in found[1]:
            return found[0]
        return f"{found[1]}-or-later" if found[2] else f"{found[1]}-only"

    return re.sub(r"([-a-zA-Z0-9.:]+)(\+?)", rename, text)


def _words(text: str, most: int = 2**63) -> list[tuple[str, str]] | str:
    """Return up to `most` words of a licence expression, each with its kind; or what is wrong with one."""
    words: list[tuple[str, str]] = []
    at = 0
    while at < len(text) and len(words) < most:
        if text[at].isspace():
            at += 1
            if text[at : at + 1] == "+":
                return "is not a licence expression: a `+` must directly follow its licence"
            continue
        if text[at] in "+()":
            words.append((text[at], text[at]))
            at += 1
            continue
        match = re.compile("[-a-zA-Z0-9.:]+").match(text, at)
        if match is None:
            return f"is not a licence expression: {text[at]!r} is not allowed"
        word = match[0]
        kind = _kind(word)
        if kind is None:
            known = _spellings().get(word.lower())
            hint = (
                f'; write "{known}"'
                if known
                else "; write an identifier from https://spdx.org/licenses or LicenseRef-NAME"
            )
            return f"names {word!r}, which is not an SPDX identifier that cargo-deny knows{hint}"
        words.append((kind, word))
        at = match.end()
    return words or "is empty; write an SPDX identifier"


def _kind(word: str) -> str | None:
    if word in ("WITH", "with", "AND", "and", "OR", "or"):
        return word.lower()
    if word in _licenses():
        return "license"
    if word in _exceptions() or re.fullmatch(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?AdditionRef-[-a-zA-Z0-9.]*", word):
        return "exception"
    if re.fullmatch(r"(?:DocumentRef-[-a-zA-Z0-9.]*:)?LicenseRef-[-a-zA-Z0-9.]*", word):
        return "reference"
    return None


def _is_gnu(name: str) -> bool:
    return name.startswith(("AGPL-", "GFDL-", "GPL-", "LGPL-")) and name != "GPL-CC-1.0"


@cache
def _licenses() -> frozenset[str]:
    return frozenset(spdx.LICENSES.split())


@cache
def _spellings() -> dict[str, str]:
    """Return the licences by their names in lower case."""
    return {name.lower(): name for name in _licenses()}


@cache
def _exceptions() -> frozenset[str]:
    return frozenset(spdx.EXCEPTIONS.split())


@cache
def _deprecated() -> frozenset[str]:
    return frozenset(spdx.DEPRECATED_LICENSES.split())
