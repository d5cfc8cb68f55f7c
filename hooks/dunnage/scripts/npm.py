"""The scripts in a `package.json`, by https://docs.npmjs.com/cli/using-npm/scripts.

JSON is read as YAML, of which it is a part but for rare escapes.
"""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.tasks import Program, Task
from dunnage.shell.model import Place, Script


def tasks(file: File) -> Iterator[Task]:
    """Yield the scripts in the order of the file. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        names = {name for name, _ in document.items("scripts")}
        for name, script in document.items("scripts"):
            if script.style == "double" and script.text:
                program = Program(Script(script.text, script.offsets, Place("npm", (f"script {name}",))))
                # `npm run test` also runs `pretest` and `posttest`.
                around = tuple(each for each in (f"pre{name}", f"post{name}") if each in names)
                yield Task(name, (program,), around)
