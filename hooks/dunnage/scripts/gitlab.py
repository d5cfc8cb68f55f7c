"""The programs of jobs in GitLab CI files.

Their syntax is that of https://docs.gitlab.com/ci/yaml/. The items of one `script:` are one program, since they run in
one shell. The variables of a job override those of the jobs that it extends, which override those of the file. Values
from included files are unknown, as are values that such files may override.
"""

import re
from collections.abc import Iterator, Mapping

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.shell_names import read_by
from dunnage.scripts.variables import Variables, assigned_names, in_either, union
from dunnage.shell import bounds
from dunnage.shell.bounds import MOST_EXPRESSION_VALUES, Budget
from dunnage.shell.model import DIRECTORY, Place, Script, Values
from dunnage.shell.offsets import joined_lines

_SCRIPTS = ("before_script", "script", "after_script")
_NO_JOBS = frozenset(
    (
        *("after_script", "before_script", "cache", "default", "image", "include"),
        *("services", "spec", "stages", "types", "variables", "workflow"),
    )
)
# GitLab's own limit is 11 jobs that extend one another.
_MOST_ANCESTORS = 30
# How many variables all jobs together may have; later jobs have none.
_MOST_VARIABLES = 200_000
_REFERENCE = r"\$\$|%%|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)|\$"


def scripts(file: File) -> Iterator[Script]:
    """Yield the programs of jobs and job templates, in the order of the file.

    Raises SourceError as YAML does.
    """
    found = (script for document in yaml.documents(file) for script in document_scripts(document))
    yield from sorted(found, key=lambda script: script.offsets[:1])


def document_scripts(document: yaml.Node) -> Iterator[Script]:
    """Yield the programs of one of the documents of a file."""
    jobs = jobs_of(document)
    visible = variables_of_jobs(document, jobs)
    default = document.get("default")
    shared = [
        (script, Place("gitlab", (*names, key)))
        for names, node in (((), document), (("default",), default))
        for key, script in _own_scripts(node)
    ]
    everywhere = variables_everywhere(document, visible) if shared else {}
    places = [(script, place, everywhere) for script, place in shared]
    windows: list[tuple[yaml.Node, Place, Variables]] = []
    assigned: dict[int, tuple[set[str], bool]] = {}
    for name, job in jobs.items():
        is_windows = _is_windows(job) or (not job.get("tags") and _is_windows(default))
        for key, script in _own_scripts(job):
            variables = visible[name]
            if key == "script":
                before = job.get("before_script") or (default and default.get("before_script"))
                variables = _without_assigned(variables, before or document.get("before_script"), assigned)
            found = windows if is_windows else places
            found.append((script, Place("gitlab", (f"job {name}", key)), variables))
    programs = list(_programs(places))
    yield from programs
    if windows:
        # What other jobs run too has been read for their shell.
        seen = {program.offsets[:1] for program in programs}
        for program in _programs(windows):
            text, offsets = read_by("powershell", program.text, program.offsets)
            if text.strip() and program.offsets[:1] not in seen:
                yield program._replace(text=text, offsets=offsets)


def jobs_of(document: yaml.Node) -> dict[str, yaml.Node]:
    """Return the jobs and job templates of a file by name."""
    return {name: node for name, node in document.items() if name not in _NO_JOBS and node.kind == "mapping"}


def variables_everywhere(document: yaml.Node, visible: Mapping[str, Variables]) -> Variables:
    """Return the variables that have the same values in all jobs, or some of several."""
    found: Variables | None = None
    for variables in visible.values():
        found = variables if found is None else in_either(found, variables)
    return _resolved(_templates(document.get("variables")), Budget()) if found is None else found


def _own_scripts(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if node is None:
        return
    for key in _SCRIPTS:
        script = node.get(key)
        if script is not None:
            yield key, script
    hook = node.path("hooks", "pre_get_sources_script")
    if hook is not None:
        yield "pre_get_sources_script", hook
    for step in node.elements("run"):
        script = step.get("script")
        if script is not None:
            yield "run", script


def _is_windows(job: yaml.Node | None) -> bool:
    """Whether a job runs on Windows, and so in PowerShell."""
    return job is not None and any("windows" in tag.text.lower() for tag in job.elements("tags"))


# Programs


def _programs(places: list[tuple[yaml.Node, Place, Variables]]) -> Iterator[Script]:
    """Yield one script for the items of each list; a list behind an alias is a script of its own."""
    groups: dict[int, tuple[list[yaml.Node], Place, Variables]] = {}
    aliased: list[tuple[yaml.Node, Place, Variables]] = []
    for script, place, variables in places:
        _collect(script, place, variables, groups, aliased)
    taken = {item.span.start for items, _, _ in groups.values() for item in items}
    # A list behind an alias may contain further aliases; each list is read once.
    later: dict[int, tuple[list[yaml.Node], Place, Variables]] = {}
    while aliased:
        script, place, variables = aliased.pop(0)
        _collect(script, place, variables, groups if script.span.start in groups else later, aliased)
    for start, (items, place, variables) in later.items():
        groups[start] = ([item for item in items if item.span.start not in taken], place, variables)
    for items, place, variables in groups.values():
        program, offsets = joined_lines((item.text, item.offsets) for item in items)
        if program.strip():
            yield Script(program, offsets, place, {DIRECTORY: (".",), **variables})


def _collect(
    script: yaml.Node,
    place: Place,
    variables: Variables,
    groups: dict[int, tuple[list[yaml.Node], Place, Variables]],
    aliased: list[tuple[yaml.Node, Place, Variables]],
) -> None:
    """Add the items of a script, with those of nested lists, to `groups`, and nodes behind aliases to `aliased`."""
    start = script.span.start
    if start in groups:
        items, first, known = groups[start]
        groups[start] = (items, first, in_either(known, variables))
        return
    items = []
    groups[start] = (items, place, variables)
    waiting = [script]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node.span.start in seen:
            continue  # an alias for an enclosing list
        seen.add(node.span.start)
        if not (script.span.start <= node.span.start and node.span.end <= script.span.end):
            aliased.append((node, place, variables))
        elif node.kind == "sequence" and not node.tag.startswith("!reference"):
            waiting += reversed(node.elements())
        elif node.kind == "scalar" and node.text:
            items.append(node)


# Variables


def variables_of_jobs(document: yaml.Node, jobs: Mapping[str, yaml.Node]) -> dict[str, Variables]:
    """Return, by job, the variables that it has in the job itself and in all that extend it."""
    top = _templates(document.get("variables"))
    overrides = _rule_variables(document.get("workflow"))
    effective: dict[str, Variables] = {}
    budget = Budget()
    runs: dict[str, list[str]] = {}
    total = 0
    for name, job in jobs.items():
        ancestors = ancestry(name, jobs)
        for ancestor in ancestors or ():
            if ancestor != name:
                runs.setdefault(ancestor, []).append(name)
        if total > _MOST_VARIABLES:
            effective[name] = {}
            continue
        variables = dict(top) if ancestors is not None else {}
        inherited = job.path("inherit", "variables")
        if inherited is not None and inherited.kind == "sequence":
            kept = {element.text for element in inherited.elements()}
            variables = {name: values for name, values in variables.items() if name in kept}
        elif inherited is not None and inherited.text == "false":
            variables = {}
        for ancestor in ancestors or [name]:
            variables.update(_templates(jobs[ancestor].get("variables")))
            variables.update(_parallel(jobs[ancestor].path("parallel", "matrix")))
        for more in (overrides, _rule_variables(job)):
            for key, values in more.items():
                variables[key] = union((variables.get(key, ()), values))
        total += len(variables)
        effective[name] = _resolved(variables, budget) if total <= _MOST_VARIABLES else {}
    visible: dict[str, Variables] = {}
    for name in jobs:
        heirs = runs.get(name, [])
        # A job template, whose name begins with a dot, runs only in jobs that extend it.
        users = heirs if heirs and name.startswith(".") else [name, *heirs]
        visible[name] = effective[users[0]]
        for user in users[1:]:
            visible[name] = in_either(visible[name], effective[user])
    return visible


def ancestry(name: str, jobs: Mapping[str, yaml.Node]) -> list[str] | None:
    """Return a job and all jobs that it extends, the outermost first; None if some are not in the file."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        job = waiting.pop()
        if job not in jobs:
            return None
        if job in found:
            continue
        found.append(job)
        if len(found) > _MOST_ANCESTORS:
            return None
        extends = jobs[job].get("extends")
        if extends is not None:
            waiting += [each.text for each in extends.listed()]
    return found[::-1]


def _templates(variables: yaml.Node | None) -> dict[str, Values]:
    """The values in `variables:`, with their references to other variables."""
    found: dict[str, Values] = {}
    for name, node in variables.items() if variables else ():
        if node.kind == "mapping":
            found[name] = union(map(yaml.cautious_value, (node.get("value"), *node.elements("options"))))
        else:
            found[name] = yaml.cautious_value(node)
    return found


def _parallel(matrix: yaml.Node | None) -> dict[str, Values]:
    found: dict[str, list[Values]] = {}
    for entry in matrix.elements() if matrix else ():
        for name, node in entry.items():
            found.setdefault(name, []).extend(map(yaml.cautious_value, node.listed()))
    return {name: union(values) for name, values in found.items() if values}


def _rule_variables(node: yaml.Node | None) -> dict[str, Values]:
    """The values that rules may set."""
    found: dict[str, list[Values]] = {}
    for rule in node.elements("rules") if node else ():
        for name, values in _templates(rule.get("variables")).items():
            found.setdefault(name, []).append(values)
    return {name: union(values) for name, values in found.items()}


def _resolved(templates: Mapping[str, Values], budget: Budget) -> Variables:
    """`templates` with references replaced by values; a variable that refers to an unknown one is unknown."""
    if not any("$" in value for values in templates.values() for value in values or ()):
        return templates
    known: dict[str, Values] = {}
    waiting = dict(templates)
    for _ in range(10):
        later: dict[str, Values] = {}
        for name, values in waiting.items():
            references = (match for value in values or () for match in re.finditer(_REFERENCE, value))
            needed = {match[1] or match[2] for match in references} - {None}
            if needed & waiting.keys():
                later[name] = values
            elif values is None or not needed <= known.keys():
                known[name] = None
            else:
                known[name] = _substituted(values, known, budget)
        waiting = later
        if not waiting:
            break
    # A variable that refers to itself extends one of the project, which is unknown.
    return {**known, **dict.fromkeys(waiting)}


def expanded(text: str, variables: Variables) -> Values:
    """Return the values of a text with references to variables; None if they are unknown."""
    needed = {match[1] or match[2] for match in re.finditer(_REFERENCE, text)} - {None}
    known = {name: values for name, values in variables.items() if name in needed}
    return _substituted((text,), known, Budget()) if needed <= known.keys() else None


def _substituted(values: tuple[str, ...], known: Variables, budget: Budget) -> Values:
    """`values` with the values of variables in place of references; None if that is unknown or too much."""

    def replacements(value: str) -> Iterator[tuple[int, int, Values]]:
        for match in re.finditer(_REFERENCE, value):
            name = match[1] or match[2]
            yield *match.span(), known[name] if name else ("$" if match[0] == "$$" else match[0],)

    found = (budget.filled(value, replacements(value), MOST_EXPRESSION_VALUES) for value in values)
    return bounds.union(found, MOST_EXPRESSION_VALUES)


def _without_assigned(
    variables: Variables, script: yaml.Node | None, known: dict[int, tuple[set[str], bool]]
) -> Variables:
    """`variables` without those that an earlier script in the same shell may set.

    `known` keeps what scripts set, since many jobs have one `before_script`.
    """
    if id(script) not in known:
        known[id(script)] = _assigned(script)
    names, changes_directory = known[id(script)]
    if changes_directory:
        variables = {**variables, DIRECTORY: None}
    return {name: values for name, values in variables.items() if name not in names} if names else variables


def _assigned(script: yaml.Node | None) -> tuple[set[str], bool]:
    """The variables that a script may set, and whether it may change the directory."""
    names: set[str] = set()
    changes_directory = False
    seen: set[int] = set()
    waiting = [script] if script else []
    while waiting:
        node = waiting.pop()
        if node.span.start not in seen:
            seen.add(node.span.start)
            waiting += node.elements()
            names |= assigned_names(node.text, r"\+?=")
            changes_directory = changes_directory or re.search(r"\b(?:cd|pushd)\b", node.text) is not None
    return names, changes_directory
