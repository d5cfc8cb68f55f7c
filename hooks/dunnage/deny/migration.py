"""What becomes of a deny.toml that was written for an older cargo-deny: the changes that need no guess.

What a removed key did is done by today's cargo-deny without it, or it fails what the key let pass: nothing is weaker
for its removal. Licences that such a key let pass are for a person to list.
"""

from typing import Any, NamedTuple

from dunnage.deny import edits, licences
from dunnage.deny.edits import Change
from dunnage.deny.reading import let_through
from dunnage.deny.schema import ROOT, Table
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File

# A crate that an older cargo-deny only warned about is to be no less visible: a scope has no warnings.
_SCOPES = {"deny": "all", "warn": "all", "allow": "none"}


class Migration(NamedTuple):
    """A change, and how it is reported once it has been written."""

    change: Change
    description: str


def migration(file: File, data: dict[str, Any], problem: Problem) -> Migration | None:
    """The change that settles a problem; None if a person must decide."""
    keys = problem.keys
    table, key, value = _table(keys[:-1]), keys[-1] if keys else "", _value(data, keys)
    if problem.rule == "deny-toml/moved":
        return _move(file, data, keys)
    if table and key in table.removed:
        passed = let_through(str(key), value)
        suffix = f", which let {passed} pass" if passed else ""
        return Migration(edits.removed(file, keys), f"removed `{key}`{suffix}")
    if table and key in table.renamed:
        name = table.renamed[str(key)]
        if isinstance(value, str) and name not in _value(data, keys[:-1]):
            return Migration(edits.instead(file, keys, {name: [value]}), f"renamed to `{name}`")
        return None
    return _rewritten_value(file, keys, value)


def _rewritten_value(file: File, keys: Keys, value: Any) -> Migration | None:
    if not isinstance(value, str):
        return None
    match keys:
        case ("advisories", "unmaintained" | "unsound") if value in _SCOPES:
            scope = _SCOPES[value]
            return Migration(edits.replaced(file, keys, scope), f'"{value}" is "{scope}" now')
        case ("licenses", *_, "allow", int()) if value.endswith("+"):
            licence = f"{value.removesuffix('+').removesuffix('-only')}-or-later"
            if licences.licensee(licence) is None:
                return Migration(edits.replaced(file, keys, licence), f'"{value}" is "{licence}"')
        case ("licenses", *_, "expression"):
            renamed = licences.renamed_expression(value)
            if renamed != value and licences.expression(renamed) is None:
                return Migration(edits.replaced(file, keys, renamed), f'"{value}" is "{renamed}" now')
    return None


def _move(file: File, data: dict[str, Any], keys: Keys) -> Migration | None:
    if keys[0] == "bans":
        build = data["bans"].get("build")
        if isinstance(build, dict) and keys[-1] in build:
            return Migration(edits.removed(file, keys), "removed, since the one in [bans.build] is what counts")
        # Without [bans.build], cargo-deny looks for scripts and for nothing else.
        change = edits.moved(file, keys, ("bans", "build"), {"executables": "allow", "interpreted": "warn"})
        return change and Migration(change, "moved to [bans.build]")
    homes = {key: home for key, home in ROOT.moved.items() if key in data}
    home = homes[str(keys[-1])]
    change = edits.moved(file, keys, (home,), {})
    if home == "graph" and home not in data:
        elsewhere = [edits.moved(file, (key,), (other,), {}) for key, other in homes.items() if other != home]
        mine = [key for key, other in homes.items() if other == home]
        whole = edits.headed(file, home, mine, [other for other in elsewhere if other])
        if whole and edits.proved(file, [whole])[0]:
            change = whole
    return change and Migration(change, f"moved to [{home}]")


def _table(keys: Keys) -> Table | None:
    """The schema of the table at `keys`."""
    type_: Any = ROOT
    for key in keys:
        type_ = type_.keys.get(str(key)) if isinstance(type_, Table) else None
    return type_ if isinstance(type_, Table) else None


def _value(data: Any, keys: Keys) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
