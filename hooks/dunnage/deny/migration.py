"""What becomes of a deny.toml that was written for an older cargo-deny: the changes that need no guess.

What a removed key did is done by today's cargo-deny without it, or it fails what the key let pass: nothing is weaker
for its removal. Licences that such a key let pass are for a person to list.
"""

from typing import Any, NamedTuple

from dunnage.deny import edits, values
from dunnage.deny.edits import Change
from dunnage.deny.reading import Keys, Problem
from dunnage.deny.schema import SCOPE, Schema
from dunnage.source import File

_BLANKETS = {
    "both": "every licence that both the OSI and the FSF approve of",
    "either": "every licence that the OSI or the FSF approves of",
    "osi": "every licence that the OSI approves of",
    "fsf": "every licence that the FSF approves of",
    "osi-only": "every licence that the OSI, but not the FSF, approves of",
    "fsf-only": "every licence that the FSF, but not the OSI, approves of",
}
# A crate that an older cargo-deny only warned about is to be no less visible: a scope has no warnings.
_SCOPES = {"deny": "all", "warn": "all", "allow": "none"}


class Migration(NamedTuple):
    """A change, and what it is called once it is made."""

    change: Change
    description: str


def let_through(keys: Keys, value: object) -> str:
    """What a removed key let pass that fails now; empty if nothing."""
    match keys[-1], value:
        case "allow-osi-fsf-free", str():
            return _BLANKETS.get(value, "")
        case "copyleft", "allow" | "warn":
            return "every copyleft licence"
        case "default", "allow" | "warn":
            return "every licence that was not in `deny`"
        case "unlicensed", "allow" | "warn":
            return "crates without a licence"
        case "vulnerability", "allow" | "warn":
            return "every vulnerability"
        case "notice", "allow" | "warn":
            return "every notice"
        case "severity-threshold", str() if value.lower() != "none":
            return f"vulnerabilities below {value}"
    return ""


def migration(file: File, data: dict[str, Any], problem: Problem, schema: Schema) -> Migration | None:
    """The change that settles a problem; None if a person must decide."""
    keys = problem.keys
    value = _value(data, keys)
    match problem.kind:
        case "removed":
            passed = let_through(keys, value)
            told = f", which let {passed} pass" if passed else ""
            return Migration(edits.removed(file, keys), f"removed `{keys[-1]}`{told}")
        case "renamed":
            if isinstance(value, str) and "db-urls" not in data["advisories"]:
                return Migration(edits.renamed(file, keys, "db-urls", [value]), "renamed to `db-urls`")
        case "moved":
            return _move(file, data, problem, schema)
        case "value" if keys in (("advisories", "unmaintained"), ("advisories", "unsound")):
            scope = _SCOPES.get(str(value))
            if scope and schema.root.keys["advisories"].keys[keys[-1]] == SCOPE:
                return Migration(edits.replaced(file, keys, scope), f'"{value}" is "{scope}" now')
        case "value" if keys[0] == "licenses" and keys[-2] == "allow" and isinstance(value, str):
            licence = problem.help.removeprefix('write "').removesuffix('"')
            if value.endswith("+") and licence.endswith("-or-later"):
                return Migration(edits.replaced(file, keys, licence), f'"{value}" is "{licence}"')
        case "value" if keys[0] == "licenses" and keys[-1] == "expression" and isinstance(value, str):
            renamed = values.renamed_expression(value)
            if renamed != value and values.expression(renamed, schema) is None:
                return Migration(edits.replaced(file, keys, renamed), f'"{value}" is "{renamed}" now')
    return None


def _move(file: File, data: dict[str, Any], problem: Problem, schema: Schema) -> Migration | None:
    keys = problem.keys
    if keys[0] == "bans":
        build = data["bans"].get("build")
        if isinstance(build, dict) and keys[-1] in build:
            return Migration(edits.removed(file, keys), "removed, since the one in [bans.build] is what counts")
        # Without [bans.build], cargo-deny looks for scripts and for nothing else.
        change = edits.moved(file, keys, ("bans", "build"), {"executables": "allow", "interpreted": "warn"})
        return change and Migration(change, "moved to [bans.build]")
    homes = {key: home for key, home in schema.root.moved.items() if key in data}
    home = homes[str(keys[-1])]
    change = edits.moved(file, keys, (home,), {})
    if home == "graph" and home not in data:
        elsewhere = [edits.moved(file, (key,), (other,), {}) for key, other in homes.items() if other != home]
        mine = [key for key, other in homes.items() if other == home]
        whole = edits.headed(file, home, mine, [other for other in elsewhere if other])
        if whole and edits.proved(file, [whole])[0]:
            change = whole
    return change and Migration(change, f"moved to [{home}]")


def _value(data: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
