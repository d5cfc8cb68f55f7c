"""Measures the hooks that read commands on generated files, side by side.

One Dockerfile against a bare Python start, sixty against hadolint, a folder of workflows against zizmor, and a growing
number of files against itself. hadolint and zizmor take part where they are on PATH. `make bench` runs it; the argument
is how many rounds.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.check_cargo_lock import install, medians, process

DOCKERFILE = """\
FROM rust:1.95 AS build
ARG SQLX_VERSION=0.9.0
RUN apt-get update && apt-get install --yes --no-install-recommends clang=1:14.0-55 \\
    && rm -rf /var/lib/apt/lists/*
# number {number}
RUN cargo install sqlx-cli --version ${{SQLX_VERSION}} --locked && \\
    cargo install cargo-chef@0.1.71 --locked
COPY . /src
WORKDIR /src
RUN --mount=type=cache,target=/src/target set -eu; \\
    cargo build --release --locked; \\
    cp target/release/app /app
FROM debian:12
COPY --from=build /app /app
ENTRYPOINT ["/app"]
"""
DOWNLOAD = """\
FROM debian:12
RUN curl -fsSLO https://github.com/casey/just/releases/download/1.46.{number}/just.tar.gz \\
    && tar -xzf just.tar.gz
"""
WORKFLOW = """\
name: number {number}
on: push
permissions: {{}}
env:
  TOOL: 1.2.3
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: cargo install some-tool@${{{{ env.TOOL }}}} --locked
      - run: |
          cargo build --locked
          cargo test --locked --workspace
"""


def write(folder: Path, text: str, name: str, count: int) -> list[str]:
    """Write numbered files that all differ slightly, and return their names."""
    names = [name.format(number=number) for number in range(count)]
    for number, path in enumerate(names):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.format(number=number), encoding="utf-8")
    return names


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        python, lock_hook = install(folder)
        bin_folder = Path(lock_hook[0]).parent
        install_hook, builds_hook = str(bin_folder / "check-cargo-install"), str(bin_folder / "check-locked-builds")
        sandbox_hook = str(bin_folder / "check-build-sandbox")
        images_hook, digests_hook = str(bin_folder / "check-base-images"), str(bin_folder / "check-tool-digests")
        toolchain_hook = str(bin_folder / "check-rust-toolchain")
        bot_hook = str(bin_folder / "check-update-bot")
        dockerfiles = write(folder, DOCKERFILE, "images/{number}/Dockerfile", 1600)
        download = write(folder, DOWNLOAD, "downloads/{number}/Dockerfile", 1)
        workflows = write(folder, WORKFLOW, ".github/workflows/{number}.yml", 60)

        contestants = {
            "python -c pass": process(python, folder),
            "check-base-images, 1 Dockerfile": process([images_hook, dockerfiles[0]], folder),
            "check-rust-toolchain, 1 Dockerfile": process([toolchain_hook, dockerfiles[0]], folder),
            "check-rust-toolchain, 60 Dockerfiles": process([toolchain_hook, *dockerfiles[:60]], folder),
            "check-rust-toolchain, 60 workflows": process([toolchain_hook, *workflows], folder),
            "check-update-bot, 1 Dockerfile": process([bot_hook, dockerfiles[0]], folder),
            "check-tool-digests, 1 Dockerfile": process([digests_hook, dockerfiles[0]], folder),
            "check-tool-digests, 1 Dockerfile with a download": process([digests_hook, *download], folder),
            "check-cargo-install, 1 Dockerfile": process([install_hook, dockerfiles[0]], folder),
            "check-locked-builds, 1 Dockerfile": process([builds_hook, dockerfiles[0]], folder),
            "check-base-images, 60 Dockerfiles": process([images_hook, *dockerfiles[:60]], folder),
            "check-cargo-install, 60 Dockerfiles": process([install_hook, *dockerfiles[:60]], folder),
            "check-cargo-install, 60 workflows": process([install_hook, *workflows], folder),
            "check-build-sandbox, 1 Dockerfile": process([sandbox_hook, dockerfiles[0]], folder),
            "check-build-sandbox, 60 workflows": process([sandbox_hook, *workflows], folder),
        }
        if shutil.which("hadolint"):
            contestants["hadolint, 60 Dockerfiles"] = process(["hadolint", "--no-fail", *dockerfiles[:60]], folder)
        if shutil.which("zizmor"):
            quiet = ["zizmor", "--offline", "--no-exit-codes", "--quiet", ".github"]
            contestants["zizmor, 60 workflows"] = process(quiet, folder)
        times = medians(contestants, rounds)
        start = times["python -c pass"]
        print(f"\nCommands in files, medians of {rounds}; one Dockerfile should take at most 4 times python,")
        print("and at most 3 times for check-base-images:\n")
        for name, seconds in times.items():
            print(f"  {name:38}{seconds * 1000:8.1f} ms{seconds / start:8.2f} times python")

        print("\nMore files; growth of the time above `python -c pass`, about 2 for twice as many:\n")
        counts = (200, 400, 800, 1600)
        growing = {str(count): process([install_hook, *dockerfiles[:count]], folder) for count in counts}
        times = medians(growing, max(rounds // 3, 1))
        before = 0.0
        for count in counts:
            above = times[str(count)] - start
            growth = f"{above / before:8.2f}" if before else ""
            print(f"  {count:5} Dockerfiles{times[str(count)] * 1000:9.1f} ms{growth}")
            before = above


if __name__ == "__main__":
    main(sys.argv[1:])
