"""References to images, as the parser of Docker reads them.

`image_references.jsonl` records its answers: 400 generated texts that it accepts, and 400 that it rejects. They come
from `image_references.go` with github.com/docker/distribution 2.8.2, Debian's golang-github-docker-distribution-dev:

    GO111MODULE=off GOPATH=/usr/share/gocode go run tests/oracle/image_references.go

It reads texts as JSON, one a line. Two kinds of texts are left out: IPv6 addresses, which only later versions accept,
and names such as `a_b.c/d`, for which it finds no registry.
"""

from __future__ import annotations

import json
from pathlib import Path

from dunnage.containers.reference import Reference, parse

RECORDED = Path(__file__).with_name("image_references.jsonl")


def test_references_are_what_docker_reads() -> None:
    answers = list(map(json.loads, RECORDED.read_text("utf-8").splitlines()))
    assert len(answers) == 800
    for text, answer in answers:
        assert parse(text) == (Reference(*answer) if answer else None), text
