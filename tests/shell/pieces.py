"""Pieces of files in which commands stand, to be put together at random."""

NAMES = ["Dockerfile", "x.sh", "Makefile", "justfile", ".gitlab-ci.yml", ".github/workflows/x.yml", ".circleci/x.yml"]
PIECES = [
    *("RUN ", "run: ", "- ", "\n", "\n  ", "\t", "$(", "`", "'", '"', "<<EOF", "EOF", "\\", "#", "${{", "}}"),
    *("steps:", "jobs:", "script:", "FROM x", "--locked", "{", "[", "é", "\r\n", "for x in a b; do "),
]
