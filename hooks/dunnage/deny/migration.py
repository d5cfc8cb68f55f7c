"""The safe changes that bring a deny.toml for an older cargo-deny up to date.

To drop a removed key never weakens the policy: cargo-deny now behaves as with the key, or rejects what the key allowed.
The user must list licences that such a key allowed.
"""

from typing import Any

from dunnage.deny import licences
from dunnage.deny.exceptions import is_template_text
from dunnage.deny.reading import formerly_allowed
from dunnage.deny.schema import ROOT, TableType
from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File
from dunnage.files.toml_edit import AddHeader, Change, Move, Remove, Rename, Set
from dunnage.files.toml_section import exists, value_at

# A scope has no warnings, so what an older cargo-deny only warned about now fails the check.
_SCOPES = {"deny": "all", "warn": "all", "allow": "none"}


def migration(file: File, data: dict[str, Any], problem: Problem) -> Change | None:
    """Return the change that fixes a problem; None if the user must decide."""
    keys = problem.keys
    table, key, value = (
        _table(keys[:-1]),
        keys[-1] if keys else "",
        value_at(data, keys) if exists(data, keys) else None,
    )
    if problem.rule == "deny-toml/moved":
        return _move(file, data, keys)
    if table and key in table.removed:
        passed = formerly_allowed(str(key), value)
        suffix = f", which allowed {passed}" if passed else ""
        return Change(f"removed `{key}`{suffix}", (Remove(keys, is_template_text),))
    if table and key in table.renamed:
        name = table.renamed[str(key)]
        return Change(f"renamed to `{name}`", (Rename(keys, name, [value]),)) if isinstance(value, str) else None
    return _rewritten(keys, value) if isinstance(value, str) else None


def _rewritten(keys: Keys, value: str) -> Change | None:
    match keys:
        case ("advisories", "unmaintained" | "unsound") if value in _SCOPES:
            scope = _SCOPES[value]
            return Change(f'replaced "{value}" by "{scope}"', (Set(keys, scope),))
        case ("licenses", *_, "allow", int()) if value.endswith("+"):
            licence = f"{value.removesuffix('+').removesuffix('-only')}-or-later"
            if licences.licensee(licence) is None:
                return Change(f'replaced "{value}" by "{licence}"', (Set(keys, licence),))
        case ("licenses", *_, "expression"):
            renamed = licences.renamed_expression(value)
            if renamed != value and licences.expression(renamed) is None:
                return Change(f'replaced "{value}" by "{renamed}"', (Set(keys, renamed),))
    return None


def _move(file: File, data: dict[str, Any], keys: Keys) -> Change:
    if keys[0] == "bans":
        build = data["bans"].get("build")
        if isinstance(build, dict) and keys[-1] in build:
            return Change("removed, because the one in [bans.build] takes precedence", (Remove(keys),))
        # Without [bans.build], cargo-deny checks build scripts only.
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


def _table(keys: Keys) -> TableType | None:
    """Return the schema of the table at `keys`."""
    type_: Any = ROOT
    for key in keys:
        type_ = type_.keys.get(str(key)) if isinstance(type_, TableType) else None
    return type_ if isinstance(type_, TableType) else None
