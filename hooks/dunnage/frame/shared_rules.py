"""The rules that every hook has: about what is not read, and about ignore comments."""

from dunnage.frame.finding import Rule

TOO_LARGE = Rule(
    "input/too-large", "a file or a part of it is not checked, because it is too large", "warning", cuts_short=True
)
TOO_DEEP = Rule(
    "input/too-deep", "a part of a file is not checked, because it is nested too deeply", "warning", cuts_short=True
)
UNREADABLE = Rule(
    "input/unreadable", "a file or a part of it is not checked, because it cannot be read", "warning", cuts_short=True
)
ABOUT_INPUT = (TOO_LARGE, TOO_DEEP, UNREADABLE)

MALFORMED = Rule("ignore/malformed", "a `dunnage:` comment does not have the form `ignore[RULE] reason`", "warning")
NO_REASON = Rule("ignore/no-reason", "an ignore comment has no reason, so it silences nothing", "warning")
UNUSED = Rule("ignore/unused", "an ignore comment silences no finding", "warning")
ABOUT_COMMENTS = (MALFORMED, NO_REASON, UNUSED)

SHARED_RULES = (*ABOUT_COMMENTS, *ABOUT_INPUT)
