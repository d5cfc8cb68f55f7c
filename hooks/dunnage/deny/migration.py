"""What becomes of a deny.toml that was written for an older cargo-deny: the changes that need no guess.

What a removed key did is done by today's cargo-deny without it, or it fails what the key let pass: nothing is weaker
for its removal. Licences that such a key let pass are for a person to list.
"""

from typing import Any

from dunnage.deny import licences
from dunnage.deny.reading import let_through
from dunnage.deny.schema import ROOT, Table
from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File
from dunnage.files.toml_edit import AddHeader, Change, Move, Remove, Rename, Set

# A crate that an older cargo-deny only warned about is to be no less visible: a scope has no warnings.
_SCOPES = {"deny": "all", "warn": "all", "allow": "none"}


def migration(file: File, data: dict[str, Any], problem: Problem) -> Change | None:
    """The change that settles a problem; None if a person must decide."""
    keys = problem.keys
    table, key, value = _table(keys[:-1]), keys[-1] if keys else "", _value(data, keys)
    if problem.rule == "deny-toml/moved":
        return _move(file, data, keys)
    if table and key in table.removed:
        passed = let_through(str(key), value)
        suffix = f", which let {passed} pass" if passed else ""
        return Change(f"removed `{key}`{suffix}", (Remove(keys),))
    if table and key in table.renamed:
        name = table.renamed[str(key)]
        return Change(f"renamed to `{name}`", (Rename(keys, name, [value]),)) if isinstance(value, str) else None
    return _rewritten(keys, value) if isinstance(value, str) else None


def _rewritten(keys: Keys, value: str) -> Change | None:
    match keys:
        case ("advisories", "unmaintained" | "unsound") if value in _SCOPES:
            scope = _SCOPES[value]
            return Change(f'"{value}" is "{scope}" now', (Set(keys, scope),))
        case ("licenses", *_, "allow", int()) if value.endswith("+"):
            licence = f"{value.removesuffix('+').removesuffix('-only')}-or-later"
            if licences.licensee(licence) is None:
                return Change(f'"{value}" is "{licence}"', (Set(keys, licence),))
        case ("licenses", *_, "expression"):
            renamed = licences.renamed_expression(value)
            if renamed != value and licences.expression(renamed) is None:
                return Change(f'"{value}" is "{renamed}" now', (Set(keys, renamed),))
    return None


def _move(file: File, data: dict[str, Any], keys: Keys) -> Change:
    if keys[0] == "bans":
        build = data["bans"].get("build")
        if isinstance(build, dict) and keys[-1] in build:
            return Change("removed, since the one in [bans.build] is what counts", (Remove(keys),))
        # Without [bans.build], cargo-deny looks for scripts and for nothing else.
        beside = {"executables": "allow", "interpreted": "warn"}
        return Change("moved to [bans.build]", (Move(keys, ("bans", "build"), beside),))
    home = ROOT.moved[str(keys[-1])]
    end_above = toml.sections(file)[0].end
    is_mixed = any(toml.locate(file, (key,)).start < end_above for key in data if key not in ROOT.moved)
    if home != "graph" or home in data or is_mixed:
        return Change(f"moved to [{home}]", (Move(keys, (home,), {}),))
    moved = [key for key in data if ROOT.moved.get(key) == home]
    elsewhere = [Move((key,), (other,), {}) for key, other in ROOT.moved.items() if other != home and key in data]
    return Change(f"moved to [{home}]", (*elsewhere, AddHeader(home, tuple(moved))))


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
