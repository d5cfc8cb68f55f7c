"""Shapes of CI systems, task runners, other shells, images beside Dockerfiles, and toolchains."""

from __future__ import annotations

from fuzz.shape import CRATE, JOB, LOCK, WORKFLOW, Files, Shape, Text, each, one

CARGO_MAKE: dict[str, Text] = {
    "tasks": lambda n: each('[tasks.t#]\ncommand = "cargo"\nargs = ["install", "a"]\n', n),
    "extended": lambda n: '[tasks.t0]\ncommand = "cargo"\nargs = ["build"]\n' + each('[tasks.t@@]\nextend = "t#"\n', n),
    "scripts": lambda n: "[tasks.t]\nscript = [" + '"cargo install a", ' * n + "]\n",
    "environment": lambda n: "[env]\n" + each('A# = "${A@@}${A@@}"\n', n) + '[tasks.t]\nscript = "cargo install $A0"\n',
    "escapes": lambda n: '[tasks.t]\nscript = "cargo install ' + "\\u0041" * n + '"\n',
}
TASKFILE: dict[str, Text] = {
    "tasks": lambda n: "tasks:\n" + each("  t#: {cmds: [cargo install a], deps: [t@@]}\n", n),
    "variables": lambda n: "vars: {" + each("V#: a, ", n) + "}\ntasks: {t: {cmds: [cargo install {{.V1}}]}}\n",
    "calls": lambda n: (
        "tasks:\n  t:\n    cmds:\n"
        + each("      - {task: t, vars: {A#: '{{.A@@}}'}}\n", n)
        + "      - cargo install {{.A1}}\n"
    ),
    "templates": lambda n: "tasks: {t: {cmds: ['cargo install " + "{{.A}}" * n + "']}}\n",
    "programs-of-variables": lambda n: "vars: {" + each("V#: {sh: cargo install a}, ", n) + "}\n",
    "programs-by-aliases": lambda n: (
        "x: &c [cargo install a, cargo build]\ntasks:\n" + each("  t#: {cmds: *c, preconditions: *c, status: *c}\n", n)
    ),
}
AZURE: dict[str, Text] = {
    "steps": lambda n: "steps:\n" + "- script: cargo install a\n" * n,
    "variables": lambda n: (
        "variables:\n" + each("- {name: A@@, value: '$(A#)$(A#)'}\n", n) + f"steps:\n- script: cargo install $(A{n})\n"
    ),
    "matrix": lambda n: (
        "jobs:\n- job: a\n  strategy: {matrix: {"
        + each("m#: {A: a#}, ", n)
        + "}}\n  steps: [{script: cargo install $(A)}]\n"
    ),
    "conditions": lambda n: "steps:\n" + "- ${{ if eq(1, 1) }}:\n  - script: cargo install a\n" * n,
    "steps-by-aliases": lambda n: (
        "x: &s [{script: cargo install a}, {script: cargo build}]\njobs:\n"
        + each("- {job: j#, steps: *s, container: c#}\n", n)
    ),
    "macros": lambda n: "steps:\n- script: cargo install " + "$(A)" * n + "\n",
}
BUILDKITE: dict[str, Text] = {
    "steps": lambda n: "steps:\n" + "- command: cargo install a\n" * n,
    "groups": lambda n: "steps:\n" + "- {group: g, steps: [{command: cargo install a}]}\n" * n,
    "dollars": lambda n: "steps:\n- command: cargo install " + "$$A" * n + "\n",
    "plugins": lambda n: "steps:\n" + "- {command: cargo build, plugins: [{docker#v5: {image: 'rust:1'}}]}\n" * n,
    "commands-by-aliases": lambda n: "x: &c [cargo install a]\nsteps:\n" + "- commands: [*c, *c]\n" * n,
}
NPM: dict[str, Text] = {
    "scripts": lambda n: '{"scripts": {' + each('"s#": "cargo install a && npm run s@@", ', n) + '"z": "b"}}',
    "deep": lambda n: '{"scripts": {"a": "cargo install b"}, "x": ' + "[" * n + "]" * n + "}",
    "escapes": lambda n: '{"scripts": {"a": "cargo install ' + "\\u0041" * n + '"}}',
    "number": lambda n: '{"scripts": {"a": "cargo install b"}, "x": ' + "9" * n + "}",
    "open": lambda n: '{"scripts": {"a": "cargo install b"' + "\n " * n,
}


def _steps(shell: str, text: Text) -> Shape:
    """A step in a shell with a program of several lines."""
    return one(WORKFLOW, lambda n: f"{JOB}      - shell: {shell}\n        run: |\n" + text(n))


OTHER_SHELLS: dict[str, Shape] = {
    "powershell-lines": _steps(
        "pwsh", lambda n: "          cargo install a `\n            --locked; cargo build\n" * n
    ),
    "powershell-braces": _steps("pwsh", lambda n: "          cargo install a " + "{" * n + "\n"),
    "powershell-here-strings": _steps("pwsh", lambda n: "          cargo install a\n          @'\n" * n),
    "powershell-comments": _steps("pwsh", lambda n: "          cargo install a\n" + "          <#\n" * n),
    "cmd-lines": _steps("cmd", lambda n: "          @cargo install a ^\n            & if 1==1 (cargo build)\n" * n),
    "cmd-carets": _steps("cmd", lambda n: "          cargo install a " + "^" * n + "\n"),
    "cmd-variables": _steps("cmd", lambda n: "          cargo install " + "%A%" * n + "\n"),
}
IMAGES: dict[str, Shape] = {
    "compose": lambda n: {
        "compose.yml": "services:\n" + each("  s#: {image: 'a:${V:-latest}', build: .}\n", n),
        "Dockerfile": "FROM a:latest\nRUN cargo build\n",
    },
    "bake": lambda n: {
        "docker-bake.hcl": each('target "t#" { tags = ["a#:latest"] }\n', n),
        "Dockerfile": "FROM a1:latest\n" * 20,
    },
    "bake-open": lambda n: {
        "docker-bake.hcl": 'target "t" { tags = [' + '"a", ' * n,
        "Dockerfile": "FROM a1:latest\n" * 20,
    },
    "devcontainer": lambda n: {
        ".devcontainer/devcontainer.json": '{"image": "rust:latest", "x": [' + "1, " * n + "1]}",
        "Dockerfile": "FROM a:latest\n",
    },
    "built-here": one("a.sh", lambda n: "docker build" + each(" -t a#", n) + " .\ndocker run a1 cargo build\n"),
    "from-arguments": one("Dockerfile", lambda n: each("ARG A#=a\n", n) + each("FROM x/$A#:latest\n", n)),
}
TOOLCHAINS: dict[str, Shape] = {
    "components": one(
        "rust-toolchain.toml", lambda n: '[toolchain]\nchannel = "stable"\ncomponents = [' + each('"c#", ', n) + "]\n"
    ),
    "lines": one("rust-toolchain", lambda n: "stable\n" * n),
    "of-commands": lambda n: {
        "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.0"\n',
        "a.sh": each("rustup toolchain install 1.#.0\ncargo +1.#.0 build\n", n),
    },
    "of-actions": lambda n: {
        "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.0"\n',
        WORKFLOW: JOB + each("      - {uses: dtolnay/rust-toolchain@1.#, with: {toolchain: 1.#.0}}\n", n),
    },
    "number": lambda n: {
        "rust-toolchain.toml": '[toolchain]\nchannel = "1.80.0"\n',
        "Cargo.toml": CRATE + 'rust-version = "1.' + "8" * n + '"\n',
    },
}


def _filtered(patterns: Text) -> Shape:
    """A gate in a workflow with a filter for paths."""

    def files(count: int) -> Files:
        job = "jobs: {a: {steps: [{run: cargo deny check}]}}\n"
        return {WORKFLOW: f"on: {{push: {{paths: [{patterns(count)}]}}}}\n{job}", "Cargo.lock": LOCK}

    return files


GATES: dict[str, Shape] = {
    "paths": _filtered(lambda n: "'**/a*b*c*d*e*f', " * n),
    "stars-in-a-path": _filtered(lambda n: "'" + "*a" * n + "'"),
    "brackets-in-a-path": _filtered(lambda n: "'" + "[a-z]+" * n + "'"),
    "conditions-by-aliases": lambda n: {
        WORKFLOW: f"x: &c {'hashFiles(Cargo.lock' * n}\n{JOB}"
        + "      - {if: *c, run: cargo update}\n" * n
        + "      - run: cargo b --locked\n",
        "Cargo.lock": LOCK,
    },
    "steps-by-aliases": lambda n: {
        WORKFLOW: "x: &s\n"
        + "  - run: cargo deny check\n" * n
        + "on: push\njobs:\n"
        + each("  j#: {continue-on-error: true, steps: *s}\n", n),
        "Cargo.lock": LOCK,
    },
    "matrices": lambda n: {
        WORKFLOW: "on: push\njobs:\n"
        + each(
            "  j#: {strategy: {matrix: {a: [1, 2, 3, 4, 5, 6], b: [1, 2, 3, 4, 5, 6]}}, "
            "continue-on-error: '${{ matrix.a == 1 }}', steps: [{run: cargo deny check}]}\n",
            n,
        ),
        "Cargo.lock": LOCK,
    },
    "targets-that-call-make": lambda n: {
        WORKFLOW: JOB + "      - run: make a0\n",
        "Makefile": each("a#:\n\t$(MAKE) a@@\n\t$(MAKE) a@@\n\tcargo deny check\n", n),
        "Cargo.lock": LOCK,
    },
    "scripts-of-npm": lambda n: {
        WORKFLOW: JOB + "      - run: npm run s0\n",
        "package.json": '{"scripts": {'
        + each('"s#": "npm run s@@ && npm run s@@; cargo deny check", ', n)
        + '"z": ""}}',
        "Cargo.lock": LOCK,
    },
    "tasks": lambda n: {
        WORKFLOW: JOB + "      - run: task t0\n",
        "Taskfile.yml": "tasks:\n" + each("  t#: {deps: [t@@, t@@], cmds: [cargo deny check, {task: t@@}]}\n", n),
        "Cargo.lock": LOCK,
    },
    "tasks-of-cargo-make": lambda n: {
        WORKFLOW: JOB + "      - run: cargo make t0\n",
        "Makefile.toml": each('[tasks.t#]\ndependencies = ["t@@", "t@@"]\nscript = "cargo deny check"\n', n),
        "Cargo.lock": LOCK,
    },
}

CI_SHAPES: dict[str, Shape] = {
    **{f"cargo-make-{name}": one("Makefile.toml", text) for name, text in CARGO_MAKE.items()},
    **{f"taskfile-{name}": one("Taskfile.yml", text) for name, text in TASKFILE.items()},
    **{f"azure-{name}": one("azure-pipelines.yml", text) for name, text in AZURE.items()},
    **{f"buildkite-{name}": one(".buildkite/pipeline.yml", text) for name, text in BUILDKITE.items()},
    **{f"npm-{name}": one("package.json", text) for name, text in NPM.items()},
    **OTHER_SHELLS,
    **{f"images-{name}": shape for name, shape in IMAGES.items()},
    **{f"toolchain-{name}": shape for name, shape in TOOLCHAINS.items()},
    **{f"gates-{name}": shape for name, shape in GATES.items()},
}
