"""What becomes of a deny.toml that was written for another cargo-deny: the changes that need no guess.

What a removed key did is done by today's cargo-deny without it, or it fails what the key let pass: nothing is weaker
for its removal. Licences that such a key let pass are for a person to list. The other way, a key that came later goes
where no more passes without it, once lint levels ask for what it asked for.
"""

from typing import Any, NamedTuple

from dunnage.deny import edits, values
from dunnage.deny.edits import Change
from dunnage.deny.reading import Keys, Problem, advisory_id, exactly, package
from dunnage.deny.schema import NEW, OLD, SCOPE, Schema
from dunnage.files import toml
from dunnage.files.source import File

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
# Lint levels go for the whole graph.
_LEVELS = {"all": "deny", "workspace": "deny", "transitive": "deny", "none": "allow"}


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
                return Migration(edits.instead(file, keys, {"db-urls": [value]}), "renamed to `db-urls`")
        case "moved":
            return _move(file, data, problem, schema)
        case "value" if keys in (("advisories", "unmaintained"), ("advisories", "unsound")):
            scopes = schema.root.keys["advisories"].keys[keys[-1]] == SCOPE
            level = (_SCOPES if scopes else _LEVELS).get(str(value))
            if level:
                return Migration(edits.replaced(file, keys, level), f'"{value}" is "{level}" {_there(schema)}')
        case "value" if keys[0] == "licenses" and keys[-2] == "allow" and isinstance(value, str):
            return _licence(file, problem, value, schema)
        case "value" if keys[0] == "licenses" and keys[-1] == "expression" and isinstance(value, str):
            renamed = values.renamed_expression(value)
            if renamed != value and values.expression(renamed, schema) is None:
                return Migration(edits.replaced(file, keys, renamed), f'"{value}" is "{renamed}" now')
    return _backwards(file, data, problem) if schema is OLD else None


def _there(schema: Schema) -> str:
    return "now" if schema is NEW else f"to cargo-deny {schema.generation}"


def _licence(file: File, problem: Problem, value: str, schema: Schema) -> Migration | None:
    keys = problem.keys
    licence = problem.help.removeprefix('write "').removesuffix('"')
    if schema is NEW:
        if value.endswith("+") and licence.endswith("-or-later"):
            return Migration(edits.replaced(file, keys, licence), f'"{value}" is "{licence}"')
    elif value.endswith("+") or values.licensee(value, NEW) is None:
        if values.licensee(licence, schema) is None:
            told = f'"{value}" is "{licence}" to cargo-deny {schema.generation}, with and without later versions'
            return Migration(edits.replaced(file, keys, licence), told)
        told = f'removed "{value}", of which cargo-deny {schema.generation} knows nothing: what has it does not pass'
        return Migration(edits.removed(file, keys), told)
    return None


def _backwards(file: File, data: dict[str, Any], problem: Problem) -> Migration | None:
    """The change for what was written for a later cargo-deny than the one that reads the file."""
    keys = problem.keys
    value = _value(data, keys)
    match problem.kind, keys:
        case "unknown", ("graph" | "output" as table,) if isinstance(value, dict):
            change = edits.unheaded(file, ("graph", "output"), table) or edits.lifted(file, table)
            return change and Migration(change, f"moved [{table}] to the top of the file")
        case "type", ("targets", int()) if isinstance(value, str):
            return Migration(edits.replaced(file, keys, {"triple": value}), "made a table")
        case (("type" | "value"), ("advisories", "ignore", int())):
            return _ignored(file, data, keys, value)
        case "type", ("bans", "deny" | "allow" | "skip" | "skip-tree", int()) if isinstance(value, str):
            named = _named(value)
            return Migration(edits.entry(file, keys, named, ""), "made a table") if named else None
        case "later", (*_, int(), str()):
            return _entry(file, data, keys)
        case "later", _:
            return _later(file, data, keys)
    return None


def _ignored(file: File, data: dict[str, Any], keys: Keys, value: Any) -> Migration | None:
    """An entry of `ignore` that is a table. One that is a string can be of a crate, to no effect."""
    advisory, named = advisory_id(value), package(value)
    if file.data[(start := toml.locate_value(file, keys).start) : start + 1] == b"[":
        entries = data["advisories"]["ignore"]
        if keys[-1] != 0 or not all(map(_is_explained, entries)):
            return None
        change = edits.gathered(file, keys[:-1], [(entry["id"], _said(entry)) for entry in entries])
        return change and Migration(change, "made an array of strings, with the reasons in comments")
    if advisory is None and named and isinstance(value, dict):
        told = f"removed the exception for `{named[0]}`, since cargo-deny 0.14 knows none for crates"
        return Migration(edits.removed(file, keys), told)
    if advisory and _is_explained(value):
        return Migration(edits.entry(file, keys, advisory, _said(value)), "put the reason into a comment")
    return None


def _is_explained(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry.keys() <= {"id", "reason"}


def _entry(file: File, data: dict[str, Any], keys: Keys) -> Migration | None:
    """An entry that names crates: all keys that came later are settled at once, with the first of them."""
    *place, _ = keys
    value = _value(data, tuple(place))
    if keys[-1] != next(key for key in value if key in ("crate", "reason", "use-instead")):
        return None
    named = _named(value["crate"]) if "crate" in value else {}
    said = _said(value)
    told = "wrote it as cargo-deny 0.14 reads it" + (", and the reason in a comment" if said else "")
    if named is None:
        return None
    start = toml.locate_value(file, tuple(place)).start
    if file.data[start : start + 1] == b"{":
        kept: dict[str, Any] = {}
        for key, inner in value.items():
            if key == "crate":
                kept |= named
            elif key not in ("reason", "use-instead"):
                kept[key] = inner
        return Migration(edits.entry(file, tuple(place), kept, said), told)
    changes = [edits.instead(file, (*place, "crate"), named)] if named else []
    changes += [edits.removed(file, (*place, key)) for key in ("reason", "use-instead") if key in value]
    return Migration(edits.headed_entry(file, tuple(place), changes, said), told)


def _named(spec: Any) -> dict[str, str] | None:
    """The name, and the version if it has one, that a string names."""
    named = package(spec)
    if named is None:
        return None
    name, version = named
    if not version:
        return {"name": name} if spec == name else None
    return {"name": name, "version": exactly(version) if "@" in spec else version}


def _said(value: dict[str, Any]) -> str:
    """What an entry says for people."""
    said = [value.get("reason"), f"use {value['use-instead']} instead" if "use-instead" in value else ""]
    return "; ".join(text for text in said if isinstance(text, str) and text.strip())


def _later(file: File, data: dict[str, Any], keys: Keys) -> Migration | None:
    table, key = OLD.root, str(keys[-1])
    for name in keys[:-1]:
        table = table.keys[str(name)]
    later = table.later[key]
    if later.harmless is not None and _value(data, keys) not in later.harmless:
        return None
    present = _value(data, keys[:-1])
    implied = {other: level for other, level in later.implied.items() if other not in present}
    change = edits.instead(file, keys, implied) if implied else edits.removed(file, keys)
    return Migration(change, f"removed `{key}`: {later.lost}")


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
