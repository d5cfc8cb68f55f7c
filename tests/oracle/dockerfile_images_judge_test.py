"""The images that Dockerfiles name with their arguments, as BuildKit resolves them.

`dockerfile_images.jsonl` records its answers for 400 generated Dockerfiles that it accepts, each with a variable in a
`FROM`. They come from `dockerfile_images.go`, which is `judge/main.go` in a clone of github.com/moby/buildkit at commit
73ed6825c4b7569379ef89df0aedcdbe64473d31 of 2026-08-21:

    go run ./judge

It reads Dockerfiles as JSON, one a line. Left out are the arguments that BuildKit sets from the machine, and those that
`FROM` uses without a default, which the command line may set.
"""

from __future__ import annotations

import json
from pathlib import Path

from dunnage.containers.reference import parse
from dunnage.files.source import File
from dunnage.scripts.images import images

RECORDED = Path(__file__).with_name("dockerfile_images.jsonl")


def named(text: str) -> set[str]:
    """The images of a Dockerfile, as Docker completes their names."""
    found = set()
    for use in images(File("Dockerfile", text.encode())):
        (value,) = use.values or ("",)
        reference = parse(value)
        assert reference is not None, value
        tag = f":{reference.tag or 'latest'}" if reference.tag or not reference.digest else ""
        found.add(f"{reference.name}{tag}{'@' * bool(reference.digest)}{reference.digest}")
    return found - {"docker.io/library/scratch:latest"}


def test_images_are_what_buildkit_resolves() -> None:
    answers = list(map(json.loads, RECORDED.read_text("utf-8").splitlines()))
    assert len(answers) == 400
    for text, answer in answers:
        assert named(text) == set(answer), text
