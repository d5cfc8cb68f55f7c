"""The network of the services in which `docker compose run` compiles, as the compose files of the repository say it.

The syntax and the names of the files are those of https://docs.docker.com/reference/compose-file/.
"""

import posixpath
import re
from typing import NamedTuple

from dunnage.ci.repository_files import RepositoryFiles, repository_files
from dunnage.files.source import File
from dunnage.sandbox.compiled import OFFLINE_VARIABLE, Compilations
from dunnage.sandbox.container_call import ContainerCall
from dunnage.scripts import yaml

_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
"""The names of the files that are read without `-f`. In each folder, the first one is."""
_OTHER_FILE = b"COMPOSE_FILE"
"""A variable that names other files."""
_OPAQUE = ("depends_on", "extends", "external_links", "links", "networks")
"""Keys of a service with which its network is not known, or other services are needed."""
_MOST_FILES = 20
"""How many files of a repository may have the name of the one that a command reads. Of more, none is read."""


class Service(NamedTuple):
    """A service, as all compose files that may be meant describe it."""

    name: str
    path: str
    """The file that describes it."""
    has_network: bool
    may_be_offline: bool
    """Whether its image or its environment may make cargo offline."""


def service(file: File, call: ContainerCall, compilations: Compilations) -> Service | None:
    """Return the service in which a call of `compose run` in a file runs; None if its network is not known."""
    names = call.image.values or ()
    if len(names) != 1 or not re.fullmatch(r"[a-zA-Z0-9._-]+", names[0]):
        return None
    repository = repository_files(compilations.tree, compilations.top(file))
    # The folder in which a script runs is not known, so all files that may be meant have to agree.
    found: Service | None = None
    for paths in _groups(file, call, repository):
        nodes = [repository.yaml(path) for path in paths]
        documents = [yaml.documents(node) if node is not None else [] for node in nodes]
        if any(len(each) != 1 for each in documents):
            return None
        layers = [each[0] for each in documents]
        if not any(layer.path("services", names[0]) for layer in layers):
            continue
        described = _described(names[0], paths[0], layers)
        if described is None or (found is not None and found.has_network != described.has_network):
            return None
        found = found or described
    return found


def _groups(file: File, call: ContainerCall, repository: RepositoryFiles) -> list[tuple[str, ...]]:
    """Return the paths of the files that a call may read; those of a group are merged."""
    by_name = repository.known.by_name
    given = [option for option in call.project if option.name in ("-f", "--file")]
    if not given:
        if _OTHER_FILE in file.data or any(option.name == "--env-file" for option in call.project):
            return []
        if sum(len(by_name.get(name, ())) for name in _NAMES) > _MOST_FILES:
            return []
        folders = {posixpath.dirname(path) for name in _NAMES for path in by_name.get(name, ())}
        groups = [_usual(folder, repository) for folder in sorted(folders)]
        return [] if any(not group for group in groups) else groups
    if any(option.values is None or len(option.values) != 1 for option in given):
        return []
    names = [posixpath.normpath(value) for option in given for value in option.values or ()]
    if any(name.startswith(("/", "..", "~", "-")) for name in names):
        return []
    same = by_name.get(posixpath.basename(names[0]), ())
    if len(same) > _MOST_FILES:
        return []
    starts = sorted(path.removesuffix(names[0]) for path in same if f"/{path}".endswith(f"/{names[0]}"))
    groups = [tuple(start + name for name in names) for start in starts]
    return [group for group in groups if repository.paths.issuperset(group)]


def _usual(folder: str, repository: RepositoryFiles) -> tuple[str, ...]:
    """Return the files that are read in a folder without `-f`; none if a variable may name others."""
    variables = repository.find(posixpath.join(folder, ".env"))
    if variables is not None and _OTHER_FILE in variables.data:
        return ()
    paths = [posixpath.join(folder, name) for name in _NAMES]
    stems = ("compose.override", "docker-compose.override")
    overrides = [posixpath.join(folder, f"{stem}{ending}") for stem in stems for ending in (".yaml", ".yml")]
    first = next(path for path in paths if path in repository.paths)
    return (first, *(path for path in overrides if path in repository.paths))


def _described(name: str, path: str, layers: list[yaml.Node]) -> Service | None:
    """Return the service of a name in files that are merged; None if its network is not known."""
    mode = ""
    may_be_offline = False
    for layer in layers:
        if layer.path("networks", "default") is not None:
            return None  # it may be an internal one
        own = layer.path("services", name)
        if own is None:
            continue
        if own.kind != "mapping" or any(own.get(key) is not None for key in _OPAQUE):
            return None
        network = own.get("network_mode")
        if network is not None:
            if network.text not in ("none", "bridge", "host") or network.tag:
                return None
            mode = network.text
        environment = own.get("environment")
        if own.get("build") is not None or own.get("env_file") is not None:
            may_be_offline = True
        elif environment is not None:
            texts = [*(key for key, _ in environment.items()), *(each.text for each in environment.elements())]
            may_be_offline = may_be_offline or any(text.startswith(OFFLINE_VARIABLE) for text in texts)
    return Service(name, path, mode != "none", may_be_offline)
