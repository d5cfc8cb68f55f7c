"""The globs of Renovate and of Dependabot, as regular expressions for `dunnage.bots.patterns`."""

import re
from functools import cache

from dunnage.bots.patterns import Pattern, UnsupportedError

_MAX_BRACES = 20


class PathPattern:
    """What a text matches that Renovate takes as a pattern of paths."""

    def __init__(self, pattern: Pattern, *, negated: bool) -> None:
        self._pattern = pattern
        self._negated = negated

    def matches(self, path: str) -> bool:
        """Whether it matches a path relative to the top of the repository. Raises UnsupportedError."""
        return self._pattern.is_found_in(path) != self._negated


@cache
def expression_or_glob(text: str) -> PathPattern:
    """The pattern that a text of `managerFilePatterns` is: a regular expression between `/`, or a glob in any case.

    Raises UnsupportedError. Source: getRegexOrGlobPredicate in Renovate's lib/util/string-match.ts.
    """
    expression = re.fullmatch(r"!?/(.*)/(i?)", text, re.DOTALL)
    if expression is not None:
        pattern = Pattern(expression[1], ignores_case=bool(expression[2]))
        return PathPattern(pattern, negated=text.startswith("!"))
    return PathPattern(Pattern(""), negated=False) if text == "*" else glob(text, ignores_case=True)


@cache
def glob(text: str, *, ignores_case: bool = False) -> PathPattern:
    """The pattern that a glob of minimatch is, with its option `dot`. Raises UnsupportedError."""
    marks = len(text) - len(text.lstrip("!"))
    # `#` begins a comment, which matches nothing.
    plain = r"\b\B" if text.startswith("#") else of_minimatch(text[marks:])
    return PathPattern(Pattern(plain, ignores_case=ignores_case), negated=marks % 2 == 1)


def of_minimatch(glob: str) -> str:
    """The expression for a glob of minimatch with its option `dot`. Raises UnsupportedError."""
    if re.search(r"[!+@?*]\(", glob) or re.search(r"\{[^{},]*\.\.[^{},]*\}", glob):
        raise UnsupportedError("a group or a range in a glob")
    return f"^(?:{'|'.join(map(_of_plain, _expanded(re.sub('/+', '/', glob))))})$"


def of_ruby(glob: str) -> str:
    """The expression for a glob of Ruby's `Dir.glob` with `File::FNM_DOTMATCH`. Raises UnsupportedError."""
    return f"^(?:{'|'.join(map(_of_plain, _expanded(glob)))})/?$"


def _expanded(glob: str) -> list[str]:
    """A glob with each alternative in braces; the others may have braces too."""
    expanded = [glob]
    for _ in range(_MAX_BRACES):
        with_braces = next((text for text in expanded if re.search(r"\{[^{}]*,[^{}]*\}", text)), None)
        if with_braces is None:
            return expanded
        inner = re.search(r"\{([^{}]*,[^{}]*)\}", with_braces)
        if inner is None or len(expanded) > _MAX_BRACES:
            break
        at = expanded.index(with_braces)
        before, after = with_braces[: inner.start()], with_braces[inner.end() :]
        expanded[at : at + 1] = [f"{before}{part}{after}" for part in inner[1].split(",")]
    raise UnsupportedError("too many braces")


def _of_plain(glob: str) -> str:
    """The expression for a glob without braces: `**` alone between `/` means any folders."""
    segments = glob.split("/")
    expression = ""
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment == "**":
            expression += ".+" if is_last else "(?:.+/)?"
            continue
        expression += _of_segment(segment) + ("" if is_last else "/")
    return expression


def _of_segment(segment: str) -> str:
    if segment and not segment.strip("*"):
        return "[^/]+"
    expression = ""
    at = 0
    while at < len(segment):
        character = segment[at]
        end = segment.find("]", at + 2) if character == "[" else -1
        if character == "*":
            expression += "" if expression.endswith("[^/]*") else "[^/]*"
        elif character == "?":
            expression += "[^/]"
        elif end > 0:
            inner = segment[at + 1 : end].replace("\\", "\\\\").replace("]", "\\]")
            expression += f"[^{inner[1:]}]" if inner.startswith(("!", "^")) else f"[{inner}]"
            at = end
        elif character == "\\" and at + 1 < len(segment):
            at += 1
            expression += re.escape(segment[at])
        else:
            expression += re.escape(character)
        at += 1
    return expression
