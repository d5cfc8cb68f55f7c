"""The pages in docs/: the fields of those about rules, and the examples in all of them, which are run.

The page of a rule, docs/rules/CONCERN/PROBLEM.md, has the rule's id as its title, the rule's summary as its first
paragraph, and the sections of `FIELDS`. Its section `Example` is carried out from top to bottom in a new git
repository. So is the whole of any other page, in a repository of its own:

    `PATH`:                      and a block of code: the file is written.
    `PATH` after the fix:        and a block of code: the file is written in this form.
    `PATH` after `--fix`:        and a block of code: the last command is run with `--fix`, and writes this.
    ```console                   and `$ COMMAND` with what it prints. The commands are git and the hooks.
    <!-- PATH … -->              a file that readers need not see, from the second line on.
    <!-- index of CRATE … -->    what the index in CARGO_HOME holds of a crate, a version a line; `now` is a time.
    <!-- $ COMMAND -->           a command that readers need not see; it must succeed.

CARGO_HOME is the folder `cargo-home` of the repository.

All files are added to git's index before a hook runs, unless the page itself has called git. On the page of a rule,
the output of a command must name the rule, and after a fix the last command must not name it any more.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from review.home import add_entries

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = DOCS / "rules"
FIELDS = ("What it finds", "Why it matters", "Example", "How to fix", "Fix available", "Options", "Since")

_CARGO_HOME = "cargo-home"
_STEP = re.compile(
    r"^(?:`(?P<path>[^`\n]+)`(?P<after> after the fix| after `--fix`)?:\n\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$"
    r"|^<!-- (?P<hidden>[^\n]+?)(?: -->|\n(?P<content>.*?)^-->)$",
    re.DOTALL | re.MULTILINE,
)


class Page(NamedTuple):
    """The page of a rule."""

    rule: str
    """Its id, by the name of the file."""
    text: str

    @property
    def title(self) -> str:
        """The heading of the page."""
        return self.text.partition("\n")[0].removeprefix("# ")

    @property
    def summary(self) -> str:
        """The first paragraph."""
        return " ".join(self.text.split("\n\n")[1].split())

    def sections(self) -> dict[str, str]:
        """The text of each section by its heading, in the order of the page."""
        parts = re.split(r"^## (.+)\n", _without_code(self.text), flags=re.MULTILINE)
        headings = parts[1::2]
        found = re.split("|".join(f"^## {re.escape(heading)}\n" for heading in headings), self.text, flags=re.MULTILINE)
        return dict(zip(headings, (text.strip() for text in found[1:]), strict=True))


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def pages() -> Iterator[Page]:
    """Yield every page, in the order of their ids."""
    for path in sorted(PAGES.glob("*/*.md")):
        yield Page(f"{path.parent.name}/{path.stem}", path.read_text("utf-8"))


def documents() -> list[Path]:
    """Return the other pages: those of the hooks, and those about all of them."""
    return sorted((*DOCS.glob("*.md"), *DOCS.glob("hooks/*.md")))


class Example:
    """An example, being carried out in a folder."""

    def __init__(self, text: str, folder: Path, rule: str = "") -> None:
        """`text` is in Markdown. `rule` is the id of the rule that it is an example of, or empty."""
        self.text = text
        self.folder = folder
        self.rule = rule
        self._last = ""
        self._called_git = False
        self._env = {"CI": "", "CARGO_HOME": str(folder / _CARGO_HOME)}
        self._git("init", "--quiet", "--initial-branch", "main")

    def run(self) -> str:
        """Carry out the example, and return its text with what the commands print and the fix writes now."""
        return _STEP.sub(self._step, self.text)

    def _step(self, step: re.Match[str]) -> str:
        if step["hidden"]:
            self._hidden(step["hidden"], step["content"])
            return step[0]
        if step["language"] == "console":
            return f"```console\n{''.join(self._console(step['text']))}```"
        if step["path"] is None:
            return step[0]
        text = step["text"]
        if step["after"] == " after `--fix`":
            assert self._is_reported(self._command(f"{self._last} --fix")), "--fix does not report the rule"
            text = self._read(step["path"])
        else:
            self._write(step["path"], step["text"])
        if step["after"]:
            assert not self._is_reported(self._command(self._last)), "the rule is still broken after the fix"
        start, end = (place - step.start() for place in step.span("text"))
        return step[0][:start] + text + step[0][end:]

    def _hidden(self, first: str, content: str | None) -> None:
        if content is not None and first.startswith("index of "):
            now = datetime.now(timezone.utc).isoformat()
            entries = [json.loads(line.replace('"now"', f'"{now}"')) for line in content.splitlines()]
            add_entries(self.folder / _CARGO_HOME, first.removeprefix("index of "), entries)
            return
        if content is not None:
            self._write(first, content)
            return
        assert first.startswith("$ "), f"a hidden command begins with `$ `: {first}"
        self._command(first.removeprefix("$ "), check=True)

    def _console(self, text: str) -> Iterator[str]:
        for command in re.findall(r"^\$ (.+)$", text, re.MULTILINE):
            output = self._command(command)
            yield f"$ {command}\n{output}"
            if not command.startswith("git "):
                assert not self.rule or self._is_reported(output), f"{command} does not report {self.rule}:\n{output}"
                self._last = command

    def _is_reported(self, output: str) -> bool:
        """Whether a hook reports the rule, or anything at all in an example of no rule."""
        return f" {self.rule} " in output if self.rule else bool(output)

    def _command(self, command: str, *, check: bool = False) -> str:
        program, *arguments = shlex.split(command)
        if program == "git":
            self._called_git = True
            return self._git(*arguments, check=check)
        if not self._called_git:
            self._git("add", "--all")
        module = f"dunnage.{program.replace('-', '_')}" if program != "dunnage" else "dunnage.frame.cli"
        output, before = io.StringIO(), Path.cwd()
        os.chdir(self.folder)
        try:
            with patch.dict(os.environ, self._env), redirect_stdout(output), redirect_stderr(output):
                status = importlib.import_module(module).main(arguments)
        finally:
            os.chdir(before)
        assert not check or status == 0, output.getvalue()
        return output.getvalue()

    def _git(self, *arguments: str, check: bool = True) -> str:
        settings = ("user.name=Example", "user.email=example@example.invalid", "advice.addIgnoredFile=false")
        result = subprocess.run(
            ["git", *(part for each in settings for part in ("-c", each)), *arguments],
            cwd=self.folder,
            check=False,
            env={**os.environ, **self._env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert not check or result.returncode == 0, result.stdout
        return result.stdout

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))

    def _read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode("utf-8")


def example(page: Page, folder: Path) -> Example:
    """The example on the page of a rule."""
    return Example(page.sections()["Example"], folder, page.rule)


def rewrite(folder: Path, part: str = "") -> None:
    """Write into every page what its example prints now, or only into those whose path in docs/ contains `part`.

    `folder` is where the examples are carried out.
    """
    for number, page in enumerate(pages()):
        path = PAGES / f"{page.rule}.md"
        if part not in path.relative_to(DOCS).as_posix():
            continue
        place = folder / f"rule-{number}"
        place.mkdir()
        text = page.text.replace(page.sections()["Example"], example(page, place).run())
        path.write_bytes(text.encode("utf-8"))
    for number, document in enumerate(documents()):
        if part not in document.relative_to(DOCS).as_posix():
            continue
        place = folder / f"document-{number}"
        place.mkdir()
        document.write_bytes(Example(document.read_text("utf-8"), place).run().encode("utf-8"))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory(prefix="dunnage-pages-") as scratch:
        rewrite(Path(scratch), *sys.argv[1:2])
