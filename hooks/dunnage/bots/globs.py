"""The globs of Renovate and of Dependabot, as regular expressions for `dunnage.bots.patterns`."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

from dunnage.bots.patterns import MAX_LENGTH, Budget, Pattern, UnsupportedError
from dunnage.files.source import File

_MAX_BRACES = 20


class PathPattern(NamedTuple):
    """What a text matches that Renovate takes as a pattern of paths."""

    pattern: Pattern
    negated: bool = False

    def matches(self, path: str) -> bool:
        """Whether it matches a path relative to the top of the repository. Raises UnsupportedError."""
        return self.pattern.is_found_in(path) != self.negated


class Patterns:
    """The patterns of a configuration. Each is compiled once, and all share one budget."""

    def __init__(self, file: File | None = None) -> None:
        self._budget = Budget(file)
        self._expression = cache(partial(Pattern, budget=self._budget))
        self.expression_or_glob = cache(self._expression_or_glob)
        """The pattern that a text of `managerFilePatterns` is. Raises UnsupportedError."""
        self.glob = cache(self._glob)
        """The pattern that a glob of minimatch is, with its option `dot`. Raises UnsupportedError."""

    def expressions(self, texts: Sequence[str]) -> list[Pattern]:
        """The patterns that regular expressions are. Raises UnsupportedError."""
        self._budget.spend(len(texts))
        return [self._expression(text) for text in texts]

    def _expression_or_glob(self, text: str) -> PathPattern:
        """An expression between `/`, or a glob in any case.

        Source: getRegexOrGlobPredicate in Renovate's lib/util/string-match.ts.
        """
        expression = re.fullmatch(r"!?/(.*)/(i?)", text, re.DOTALL)
        if expression is not None:
            pattern = Pattern(expression[1], ignores_case=bool(expression[2]), budget=self._budget)
            return PathPattern(pattern, text.startswith("!"))
        return PathPattern(Pattern("")) if text == "*" else self._glob(text, ignores_case=True)

    def _glob(self, text: str, *, ignores_case: bool = False) -> PathPattern:
        marks = len(text) - len(text.lstrip("!"))
        # `#` begins a comment, which matches nothing.
        plain = r"\b\B" if text.startswith("#") else _of_minimatch(text[marks:], self._budget)
        pattern = Pattern(plain, ignores_case=ignores_case, budget=self._budget)
        return PathPattern(pattern, marks % 2 == 1)


def _of_minimatch(glob: str, budget: Budget) -> str:
    """The expression for a glob of minimatch with its option `dot`. Raises UnsupportedError."""
    if re.search(r"[!+@?*]\(", glob) or any(".." in inner for inner in re.findall(r"\{([^{},]*)\}", glob)):
        raise UnsupportedError("a group or a range in a glob")
    return f"^(?:{'|'.join(map(_of_plain, _expanded(re.sub('/+', '/', glob), budget)))})$"


def of_ruby(glob: str, budget: Budget) -> str:
    """The expression for a glob of folders of Ruby's `Dir.glob` with `File::FNM_DOTMATCH`. Raises UnsupportedError.

    The first part with a wildcard also matches `.`, so `a/*` includes `a`, and `*` the empty path of the top.
    """
    plain = [part for text in _expanded(glob.rstrip("/"), budget) for part in _with_dot(text.split("/"), budget)]
    return f"^(?:{'|'.join(map(_of_plain, plain))})$"


def _with_dot(segments: list[str], budget: Budget) -> Iterator[str]:
    """Yield a glob, and that without the first wildcard if it matches `.`. At the end, `**` means one level."""
    if segments[-1] == "**":
        segments = [*segments[:-1], "*"]
    yield "/".join(segments)
    first = next((at for at, segment in enumerate(segments) if set("*?[") & set(segment)), len(segments) - 1)
    at = first
    while segments[at] == "**":
        at += 1
    if Pattern(f"^(?:{_of_segment(segments[at])})$", budget=budget).is_found_in("."):
        yield "/".join([*segments[:first], *segments[at + 1 :]])


def _expanded(glob: str, budget: Budget) -> list[str]:
    """A glob with each alternative in braces; the others may have braces too."""
    if len(glob) > MAX_LENGTH:
        raise budget.excess(f"some patterns have more than {MAX_LENGTH:,} characters")
    budget.spend(len(glob))
    expanded = [glob]
    for _ in range(_MAX_BRACES):
        searched = enumerate(re.search(r"\{([^{},]*,[^{}]*)\}", text) for text in expanded)
        at, braces = next(((at, found) for at, found in searched if found), (0, None))
        if braces is None:
            return expanded
        if len(expanded) > _MAX_BRACES:
            break
        before, after = expanded[at][: braces.start()], expanded[at][braces.end() :]
        expanded[at : at + 1] = [f"{before}{part}{after}" for part in braces[1].split(",")]
    raise budget.excess(f"some patterns have more than {_MAX_BRACES} alternatives in braces")


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
