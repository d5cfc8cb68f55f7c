"""Files that would take long or much memory if a reader were careless.

A shape is a function from a count to the files of a repository; `sized` finds the count for a number of bytes.
"""

from __future__ import annotations

from fuzz.ci_shapes import CI_SHAPES
from fuzz.shape import CRATE, JOB, LOCK, REGISTRY, WORKFLOW, Files, Shape, Text, each, one


def locked(name: str, version: str, *dependencies: str) -> str:
    """A package of a lock."""
    listed = "".join(f' "{dependency}",\n' for dependency in dependencies)
    listed = f"dependencies = [\n{listed}]\n" if listed else ""
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "{REGISTRY}"\nchecksum = "00"\n{listed}\n'


INSTALL = "cargo install a$A\n"
SHELL: dict[str, Text] = {
    "commands": lambda n: "cargo install a\n" * n,
    "words": lambda n: "cargo install " + "a$b" * n,
    "operands": lambda n: "cargo install" + each(" a#", n),
    "pinned-operands": lambda n: "cargo install --locked" + each(" a#@1", n),
    "variables": lambda n: each("A#=$A$B\n", n) + "cargo install $A1\n",
    "variable-chain": lambda n: "A0=x\n" + each("A@@=$A#\n", n) + f"cargo install $A{n}\n",
    "doubling": lambda n: "A=ab\n" + "A=$A$A\n" * n + "cargo install $A\n",
    "branches-doubling": lambda n: "if a; then A=1$A; else A=2$A; fi\n" * n + "cargo install $A\n",
    "branches-of-variables": lambda n: each("if a; then A#=1; else A#=2; fi\n", n) + INSTALL * n,
    "case-assignments": lambda n: "case $1 in\n" + each("#) A=$A#;;\n", n) + "esac\n" + INSTALL * n,
    "case-patterns": lambda n: "case $1 in " + "|".join(["a"] * (n + 1)) + ") cargo install a;; esac\n",
    "elif": lambda n: "if a; then b; " + each("elif cargo install a#; then A=#;\n", n) + "fi\n",
    "loop-words": lambda n: "for i in" + each(" #", n) + "; do cargo install $i; done\n",
    "loops-in-loops": lambda n: "for a in 1 2 3 4; do for b in 1 2 3 4; do cargo install $a$b$c; done; done\n" * n,
    "arrays": lambda n: "A=(a b)\n" + 'A=("${A[@]}" "${A[@]}")\n' * n + 'cargo install "${A[@]}"\n',
    "array-appends": lambda n: "A+=(x)\n" * n + 'cargo install "${A[@]}"\n' * n,
    "array-used-often": lambda n: "A=(" + "x " * n + ")\n" + 'cargo install "${A[@]}"\n' * n,
    "text-appends": lambda n: "A+=x\n" * n + "cargo install $A\n" * n,
    "functions": lambda n: each("f#() { cargo install a$B; B=1; }\n", n),
    "function-calls": lambda n: each("f@@() { f#; f#; cargo install $1; }\n", n) + f"f{n}\n",
    "functions-in-functions": lambda n: "f() { cargo install a; " * min(n, 90) + "}\n" * min(n, 90) + "f\n" * n,
    "here-documents": lambda n: "cargo install a\n" + "cat <<A\n" * n,
    "here-documents-closed": lambda n: each("bash <<E#\ncargo install $A\nE#\n", n),
    "here-documents-on-a-line": lambda n: (
        "cat" + each(" <<E#", n) + "\n" + each("cargo\nE#\n", n) + "cargo install a\n"
    ),
    "here-strings": lambda n: 'bash <<< "cargo install a"\n' * n,
    "continuations": lambda n: "cargo install a " + "\\\n" * n,
    "continued-words": lambda n: "cargo install a" + "\\\na" * n,
    "parentheses": lambda n: "cargo install a\n" + ")" * n,
    "braces": lambda n: "cargo install " + "{a,b}" * n + "\n",
    "brace-ranges": lambda n: "cargo install a{1..99999}\n" * n,
    "substitutions": lambda n: "cargo install $(echo a)\n" * n,
    "substitutions-in-a-word": lambda n: "cargo install " + "$(cargo install a)" * n + "\n",
    "backquotes": lambda n: "cargo install `cargo install a`\n" * n,
    "backquotes-nested": lambda n: ("cargo install `cargo install \\`cargo install a\\``\n") * n,
    "defaults-nested": lambda n: "cargo install " + "${A:-" * n + "}" * n + "\n",
    "defaults": lambda n: "cargo install ${A:-${B:-${C:-d}}}\n" * n,
    "trimmed": lambda n: "A=" + "ab" * 90 + "\n" + "cargo install ${A%%*b*a*b*c}${A##*a*a*a}${A//*b*c/x}\n" * n,
    "slices": lambda n: "A=abc\n" + "cargo install ${A:0:1}${!A}${#A}${A^^}\n" * n,
    "arithmetic": lambda n: "cargo install a$((1+1))\n" * n,
    "arithmetic-long": lambda n: "cargo install a$((" + "1+" * n + "1))\n",
    "tests": lambda n: "[[ a && " + "b == c && " * n + "d ]] && cargo install a\n",
    "lists": lambda n: "cargo install a" + " && cargo install a || cargo build" * n + "\n",
    "pipes": lambda n: "cargo install a | cat\n" * n,
    "pipes-long": lambda n: ("a" + " | b" * 40 + " | cargo install a\n") * n,
    "background": lambda n: "cargo install a & " * n + "\n",
    "environment": lambda n: each("A#=1 ", n) + "cargo install a\n",
    "environment-of-each": lambda n: "A=1 B=2 C=$A D=$B cargo install $C\n" * n,
    "wrappers": lambda n: "sudo env A=1 " * n + "cargo install a\n",
    "wrappers-of-each": lambda n: "sudo -E env -i A=1 timeout 5 nice -n 1 cargo install a\n" * n,
    "eval": lambda n: "A='cargo install a'\n" + 'eval "$A"\n' * n,
    "eval-of-values": lambda n: "for i in 1 2 3 4 5 6 7 8; do eval \"A=$i; eval 'cargo install $A$i'\"; done\n" * n,
    "bash-c": lambda n: "bash -c 'bash -c \"cargo install a\"'\n" * n,
    "bash-c-nested": lambda n: "bash -c " * n + "cargo\n",
    "xargs": lambda n: "echo a | xargs -I{} xargs -n1 cargo install {}\n" * n,
    "find": lambda n: "find . " + "-exec cargo install {} \\; " * n + "\n",
    "directories": lambda n: "cd a\n" * n + "cargo build\n",
    "directories-of-each": lambda n: "cd a; cargo build\n" * n,
    "directories-and-back": lambda n: "cd ../a/../b; cargo build; cd -\n" * n,
    "quotes": lambda n: "cargo install a" + "'b'\"c\"" * n + "\n",
    "quote-unclosed": lambda n: "cargo install a\n'" + "a\n" * n,
    "quotes-unbalanced": lambda n: "cargo install \"a'\n" * n + "'",
    "escapes": lambda n: "cargo install " + "\\a" * n + "\n",
    "ansi-c": lambda n: "cargo install $'" + "\\x41" * n + "'\n",
    "comments": lambda n: "cargo install a # dunnage: ignore[cargo-install/unpinned] x\n" * n,
    "comments-of-data": lambda n: (
        "cat <<E\n" + "# dunnage: ignore[cargo-install/unpinned] x\n" * n + "E\ncargo install a\n"
    ),
    "comment-marks": lambda n: "cargo install a # " + "dunnage: ignore[cargo-install/unpinned] x # " * n + "\n",
    "blank-lines": lambda n: "cargo install a\n" + "\n" * n,
    "carriage-returns": lambda n: "cargo install a\r\n" + "\r" * n,
    "semicolons": lambda n: "cargo install a" + ";" * n + "\n",
    "keywords": lambda n: "cargo install a\n" + "fi; done; esac; then; " * n + "\n",
    "open-braces": lambda n: "cargo install a\n" + "{ " * n,
    "open-brackets": lambda n: "cargo install a\n" + "[[ " * n,
    "open-substitutions": lambda n: "cargo install a\n" + "$( " * n,
    "open-expansions": lambda n: "cargo install a\n" + "${ " * n,
    "open-quotes-in-expansions": lambda n: "cargo install a\n" + '"${a:-' * n,
    "ampersands": lambda n: "cargo install a\n" + "&& " * n,
    "redirections": lambda n: "cargo install a" + " >b" * n + "\n",
    "redirections-broken": lambda n: "cargo install a\n" + "<" * n + "\n",
    "process-substitutions": lambda n: "cargo install a <(cargo install b) >(cargo install c)\n" * n,
    "declarations": lambda n: "export A=b; readonly B=$A; declare -a C=(x y); local D=$C; unset A\n" * n + INSTALL,
    "written-variables": lambda n: 'echo "A=b" >> $GITHUB_ENV\ncargo install $A\n' * n,
    "parameters": lambda n: "set -- a b c\ncargo install $@ $1\n" * n,
    "long-name": lambda n: "cargo install " + "a" * n + "\n",
    "long-names": lambda n: "A=" + "a" * min(n, 100_000) + "\n" + "cargo install $A\n" * n,
    "options": lambda n: "cargo install" + " --features a" * n + " b\n",
    "aliases": lambda n: each("alias a#='cargo install b#'\n", n) + each("a#\n", n),
    "docker-run": lambda n: "docker run x sh -c 'cargo install a'\n" * n,
    "traps": lambda n: "trap 'cargo install a' EXIT\n" * n,
    "toolchains": lambda n: "rustup run stable cargo +nightly install a\n" * n,
    "beyond-ascii": lambda n: "cargo install é\u2028a # dunnage: x\n" * n,
    "on-one-line": lambda n: "cargo install é; " * n,
}


DOCKERFILE: dict[str, Text] = {
    "variables": lambda n: each("ENV A#=$A\n", n) + "RUN cargo install $A1\n" * n,
    "doubling": lambda n: "ENV A=ab\n" + "ENV A=$A$A\n" * n + "RUN cargo install $A\n",
    "variables-and-runs": lambda n: each("ENV A#=b\nRUN cargo install $A#\n", n),
    "variables-on-a-line": lambda n: "ENV" + each(" A#=b", n) + "\n" + "RUN cargo install $A1\n" * n,
    "arguments": lambda n: each("ARG A#=b\nRUN cargo install $A#\n", n),
    "defaults-nested": lambda n: "ENV A=" + "${B:-" * n + "}" * n + "\nRUN cargo install $A\n",
    "defaults": lambda n: each("ENV A@@=${A#:-b}${A#:+c}\n", n) + "RUN cargo install $A1\n",
    "trimmed": lambda n: "ENV A=" + "ab" * 90 + "\n" + "ENV B=${A##*a*b*a*c}${A//*b/c}\nRUN cargo install $B\n" * n,
    "stages": lambda n: each("FROM a AS b#\nRUN cargo build\n", n),
    "stages-chained": lambda n: each("FROM b# AS b@@\nENV A#=1\nRUN cargo build\n", n),
    "stages-of-a-large": lambda n: "FROM a AS b\n" + each("ENV A#=1\n", n) + "FROM b\nRUN cargo install $A1\n" * n,
    "stages-with-directories": lambda n: each("FROM b# AS b@@\nWORKDIR d\nRUN cargo build\n", n),
    "copies": lambda n: each("COPY a# b#\nRUN cargo build\n", n),
    "copies-of-many": lambda n: "COPY" + each(" a#", n) + " b/\n" + "RUN cargo build\n" * n,
    "copies-from-stages": lambda n: each("FROM a AS b@@\nCOPY --from=b# x y\nRUN cargo build\n", n),
    "here-documents": lambda n: "RUN <<A cargo\n" * n,
    "here-documents-on-a-line": lambda n: "RUN cargo build" + each(" <<E#", n) + "\n" + each("a\nE#\n", n),
    "continuations": lambda n: "RUN cargo build \\\n" + "# a\n" * n + " --release\n",
    "continuations-of-each": lambda n: "RUN cargo build \\\n  && cargo install a\n" * n,
    "json": lambda n: 'RUN ["cargo", "install"' + ', "a"' * n + "]\n",
    "json-of-each": lambda n: 'RUN ["sh", "-c", "cargo install a"]\n' * n,
    "json-open": lambda n: "RUN " + "[" * n + "\n",
    "directories": lambda n: "WORKDIR a\nRUN cargo build\n" * n,
    "mounts": lambda n: "RUN" + each(" --mount=type=secret,env=A#", n) + " cargo build\n",
    "mounts-of-each": lambda n: "RUN --mount=type=bind,source=a,target=b --mount=type=secret,env=C cargo build\n" * n,
    "onbuild": lambda n: each("ONBUILD ENV A#=$A\nONBUILD RUN cargo install $A#\n", n),
    "labels": lambda n: "LABEL" + each(" a#=b", n) + "\nRUN cargo build\n",
    "labels-of-each": lambda n: each("LABEL a#=$B\n", n) + "RUN cargo build\n",
    "shells": lambda n: 'SHELL ["bash", "-c"]\nRUN cargo build\n' * n,
    "wrong-instructions": lambda n: "FROMM a\n" * n + "RUN cargo build\n",
    "health-checks": lambda n: "HEALTHCHECK --interval=1s CMD cargo build\n" * n,
    "escape": lambda n: "RUN cargo build " + "\\a" * n + "\n",
    "spaces": lambda n: "RUN cargo build" + " " * n + "a\n",
    "quotes": lambda n: "ENV A=" + "\"'" * n + "\nRUN cargo build\n",
    "comments": lambda n: "# dunnage: ignore[locked-builds/unlocked] x\nRUN cargo build\n" * n,
    "blank-lines": lambda n: "RUN cargo build\n" + "\n" * n,
}
STEP = "      - run: cargo install a\n"
GITHUB: dict[str, Text] = {
    "steps": lambda n: JOB + "      - run: cargo build\n" * n,
    "steps-with-variables": lambda n: JOB + each("      - {run: cargo install $A, env: {A: '#', B: c}}\n", n),
    "jobs": lambda n: "jobs:\n" + each("  j#: {steps: [{run: cargo build}]}\n", n),
    "jobs-in-lines": lambda n: "jobs:\n" + each("  j#:\n    runs-on: x\n    steps:\n      - run: cargo build\n", n),
    "jobs-with-variables": lambda n: (
        f"env: {{{each('A#: b, ', 400)}}}\njobs:\n"
        + each("  j#: {env: {C: $A}, steps: [{run: cargo install a$C}]}\n", n)
    ),
    "jobs-with-an-alias": lambda n: (
        f"env: &e {{{each('A#: b, ', 400)}}}\njobs:\n"
        + each("  j#: {env: *e, steps: [{run: cargo install a, env: *e}]}\n", n)
    ),
    "expressions": lambda n: JOB + "      - run: cargo install " + "${{ a }}" * n + "\n",
    "expressions-open": lambda n: JOB + "      - run: cargo install " + "${{ " * n + "\n",
    "expressions-in-parentheses": lambda n: (
        JOB + '      - {run: cargo install $A, env: {A: "${{ ' + "(" * n + "'a'" + ")" * n + ' }}"}}\n'
    ),
    "expressions-negated": lambda n: JOB + '      - {run: cargo install $A, env: {A: "${{ ' + "!" * n + 'a }}"}}\n',
    "expressions-of-operators": lambda n: (
        JOB + '      - {run: cargo install $A, env: {A: "${{ ' + "'a' && 'b' || " * n + "'c' }}\"}}\n"
    ),
    "expressions-format": lambda n: (
        JOB + '      - {run: cargo install $A, env: {A: "${{ ' + "format('{0}{0}', " * n + "'a'" + ")" * n + ' }}"}}\n'
    ),
    "expressions-indices": lambda n: (
        JOB + '      - {run: cargo install $A, env: {A: "${{ ' + "a[" * n + "1" + "]" * n + ' }}"}}\n'
    ),
    "expressions-of-values": lambda n: (
        "jobs:\n  a:\n    strategy: {matrix: {x: [1, 2, 3, 4], y: [1, 2, 3, 4]}}\n    steps:\n"
        + "      - run: cargo install ${{ matrix.x }}${{ matrix.y }}${{ matrix.x && matrix.y || 'z' }}\n" * n
    ),
    "variables-doubling": lambda n: (
        "env: {A0: ab}\njobs:\n  a:\n    steps:\n"
        + each("      - {run: cargo install $A@@, env: {A@@: '${{ env.A# }}${{ env.A# }}'}}\n", n)
    ),
    "variables-of-a-step": lambda n: (
        JOB + "      - run: cargo install $A1\n        env:\n" + each("          A#: b\n", n)
    ),
    "matrix": lambda n: (
        f"jobs:\n  a:\n    strategy: {{matrix: {{x: [{each('#, ', n)}1]}}}}\n    steps:\n"
        "      - run: cargo install ${{ matrix.x }}\n"
    ),
    "matrix-dimensions": lambda n: (
        "jobs:\n  a:\n    strategy: {matrix: {" + each("x#: [1, 2], ", n) + "y: [1]}}\n    steps:\n"
        "      - run: cargo install ${{ matrix.x1 }}${{ matrix.y }}\n"
    ),
    "matrix-included": lambda n: (
        "jobs:\n  a:\n    strategy: {matrix: {x: [1, 2], include: ["
        + each("{x: #, y#: 1}, ", n)
        + "{}]}}\n    steps:\n"
        + STEP
    ),
    "matrix-excluded": lambda n: (
        "jobs:\n  a:\n    strategy: {matrix: {x: ["
        + each("#, ", n)
        + "1], exclude: ["
        + each("{x: #}, ", n)
        + "{}]}}\n    steps:\n      - run: cargo install ${{ matrix.x }}\n"
    ),
    "matrix-of-each-job": lambda n: (
        "x: &m {"
        + each("x#: [1, 2, 3], ", 30)
        + "y: [1]}\njobs:\n"
        + each("  j#: {strategy: {matrix: *m}, env: {A: '${{ matrix.x1 }}'}, steps: [{run: cargo install $A}]}\n", n)
    ),
    "needs": lambda n: "jobs:\n" + each("  j@@: {needs: [j#, j1], steps: [{run: cargo deny check}]}\n", n),
    "needs-of-all": lambda n: (
        "jobs:\n" + each("  j#: {needs: &n# [" + "j1, " * 30 + "j#], steps: [{run: cargo deny check}]}\n", n)
    ),
    "conditions": lambda n: JOB + '      - {run: cargo deny check, if: "' + "a == 'b' || " * n + 'c"}\n',
    "conditions-of-spaces": lambda n: JOB + '      - {run: cargo deny check, if: "a' + " " * n + 'b"}\n',
    "actions": lambda n: JOB + "      - {uses: taiki-e/install-action@v2, with: {tool: 'a@1,b'}}\n" * n,
    "action-tools": lambda n: (
        JOB + "      - uses: taiki-e/install-action@v2\n        with: {tool: '" + each("a#,", n) + "'}\n"
    ),
    "actions-of-a-crate": lambda n: JOB + "      - {uses: baptiste0928/cargo-install@v3, with: {crate: a}}\n" * n,
    "inputs": lambda n: (
        "on: {workflow_dispatch: {inputs: {" + each("i#: {type: choice, options: [a, b]}, ", n) + "z: {}}}}\n"
        "jobs: {a: {steps: [{run: 'cargo install ${{ inputs.i1 }}'}]}}\n"
    ),
    "aliases": lambda n: "x: &a [cargo build]\ny: [" + "*a, " * n + "1]\n" + JOB + STEP,
    "aliases-of-aliases": lambda n: (
        "a0: &a0 [x]\n" + each("a@@: &a@@ [*a#, *a#]\n", n) + f"jobs: {{a: {{steps: *a{n}}}}}\n" + "# cargo install\n"
    ),
    "aliased-steps": lambda n: (
        "x: &s\n  - run: cargo install a\n" + "jobs:\n" + each("  j#: {steps: *s, env: {A: '#'}}\n", n)
    ),
    "merge-keys": lambda n: each("b#: &b# {<<: *b, k#: 1}\n", n) + JOB + STEP,
    "merge-chain": lambda n: "b0: &b0 {k: 1}\n" + each("b@@: &b@@ {<<: *b#, k#: 1}\n", n) + JOB + STEP,
    "merge-lists": lambda n: each("b#: &b# {k#: 1}\n", n) + "c: {<<: [" + each("*b#, ", n) + "*b0]}\n" + JOB + STEP,
    "merged-variables": lambda n: (
        each("b#: &b# {k#: 1}\n", n)
        + "jobs:\n  a:\n    env: {<<: ["
        + each("*b#, ", n)
        + "*b0]}\n    steps:\n"
        + STEP * n
    ),
    "documents": lambda n: JOB + STEP + "---\n- a\n" * n,
    "keys": lambda n: JOB + STEP + each("k#: v\n", n),
    "key-repeated": lambda n: JOB + STEP + "k: v\n" * n,
    "complex-keys": lambda n: JOB + STEP + "? [a, b]\n: c\n" * n,
    "flow": lambda n: JOB + STEP + "x: [" + "{a: b}, " * n + "c]\n",
    "deep": lambda n: JOB + STEP + "x: " + "[" * n + "]" * n + "\n",
    "deep-blocks": lambda n: JOB + STEP + "x:\n" + "- " * n + "a\n",
    "block-lines": lambda n: (
        JOB
        + "      - run: |\n"
        + "          # dunnage: ignore[cargo-install/unpinned] x\n" * n
        + "          cargo install a\n"
    ),
    "plain-lines": lambda n: JOB + "      - run: cargo install a\n" + "          b\n" * n,
    "folded-lines": lambda n: JOB + "      - run: >\n" + "          cargo install a\n" * n,
    "quoted-escapes": lambda n: JOB + '      - run: "cargo install ' + "\\x41" * n + '"\n',
    "comments": lambda n: JOB + STEP + "# dunnage: ignore[cargo-install/unpinned] x\n" * n,
    "directories": lambda n: JOB + each("      - {run: cargo build, working-directory: 'a/#/${{ b }}'}\n", n),
    "blank-lines": lambda n: JOB + STEP + "\n" * n,
    "tags": lambda n: JOB + STEP + "x: [" + "!!str a, " * n + "b]\n",
    "long-text": lambda n: JOB + "      - run: cargo install " + "a" * n + "\n",
    "written-variables": lambda n: JOB + "      - run: echo A=b >> $GITHUB_ENV; cargo install $A\n" * n,
}
GITLAB: dict[str, Text] = {
    "jobs": lambda n: each("j#: {script: [cargo build]}\n", n),
    "variables": lambda n: f"variables: {{A: b{each(', V#: $A$V', n)}}}\nj: {{script: [cargo install $V1]}}\n",
    "variable-chain": lambda n: f"variables: {{V0: b{each(', V@@: $V#', n)}}}\nj: {{script: [cargo install $V{n}]}}\n",
    "variables-doubling": lambda n: (
        f"variables: {{V0: b{each(', V@@: $V#$V#', n)}}}\nj: {{script: [cargo install $V{n}]}}\n"
    ),
    "variables-of-jobs": lambda n: (
        f"variables: {{{each('A#: b, ', 400)}Z: z}}\n"
        + each("j#: {variables: {B: $A1}, script: [cargo install $B]}\n", n)
    ),
    "extends": lambda n: "j0: {script: [cargo build]}\n" + each("j@@: {extends: j#, variables: {A#: b}}\n", n),
    "extends-of-many": lambda n: (
        each(".a#: {variables: {A#: b}}\n", n)
        + "j: {extends: ["
        + each(".a#, ", n)
        + ".a0], script: [cargo install $A1]}\n"
    ),
    "extends-doubling": lambda n: "j0: {script: [cargo build]}\n" + each("j@@: {extends: [j#, j#]}\n", n),
    "extends-in-a-circle": lambda n: (
        each("j#: {extends: j@@, script: [cargo deny check]}\n", n) + f"j{n}: {{extends: j0}}\n"
    ),
    "references": lambda n: (
        "s0: {script: [cargo build]}\n" + each("s@@: {script: [!reference [s#, script], !reference [s#, script]]}\n", n)
    ),
    "references-of-one": lambda n: (
        "s: {script: [cargo build]}\nt: {script: [" + "!reference [s, script], " * n + "a]}\n"
    ),
    "nested-lists": lambda n: "s0: &s0 [cargo build]\n" + each("s@@: &s@@ [*s#, *s#]\n", n) + f"j: {{script: *s{n}}}\n",
    "rules": lambda n: (
        "j:\n  script: [cargo deny check]\n  rules:\n" + "    - {if: $A == 'b', allow_failure: true}\n" * n
    ),
    "needs": lambda n: each("j@@: {needs: [j#, j0], script: [cargo deny check]}\n", n),
    "lines": lambda n: "j:\n  script:\n" + "    - cargo install a$B\n" * n,
    "before-scripts": lambda n: (
        "default: {before_script: [A=b]}\n" + each("j#: {before_script: [B#=c], script: [cargo install $B#]}\n", n)
    ),
    "includes": lambda n: "include: [" + each("{local: a#.yml}, ", n) + "]\nj: {script: [cargo deny check]}\n",
    "matrix": lambda n: (
        "j:\n  parallel: {matrix: [" + each("{A: [#, b], B: [c, d]}, ", n) + "]}\n  script: [cargo install $A$B]\n"
    ),
}
CIRCLECI: dict[str, Text] = {
    "steps": lambda n: "jobs:\n  a:\n    steps:\n" + "      - run: cargo install a\n" * n,
    "commands": lambda n: (
        "commands:\n  c0: {steps: [run: cargo install a]}\n"
        + each("  c@@: {parameters: {p: {default: a}}, steps: [c#: {p: << parameters.p >>}, c#: {p: b}]}\n", n)
        + f"jobs: {{a: {{steps: [c{n}]}}}}\n"
    ),
    "parameters": lambda n: (
        "commands:\n  c:\n    parameters: {"
        + each("p#: {default: a}, ", n)
        + "}\n    steps: [run: cargo install << parameters.p1 >>]\n"
    ),
    "calls": lambda n: (
        "commands: {c: {parameters: {p: {}}, steps: [run: cargo install << parameters.p >>]}}\n"
        "jobs:\n  a:\n    steps:\n" + each("      - c: {p: a#}\n", n)
    ),
    "references": lambda n: "jobs: {a: {steps: [run: 'cargo install " + "<< parameters.p >>" * n + "']}}\n",
    "when": lambda n: "jobs:\n  a:\n    steps:\n" + "      - when: {condition: a, steps: [run: cargo install a]}\n" * n,
    "jobs": lambda n: "jobs:\n" + each("  j#: {environment: {A: b}, steps: [run: cargo install $A]}\n", n),
    "executors": lambda n: (
        "executors:\n"
        + each("  e#: {environment: {A: b}}\n", n)
        + "jobs:\n"
        + each("  j#: {executor: e#, steps: [run: cargo install $A]}\n", n)
    ),
    "workflows": lambda n: (
        "jobs: {j: {parameters: {p: {}}, steps: [run: cargo install << parameters.p >>]}}\nworkflows:\n  w:\n    jobs:\n"
        + each("      - j: {p: a#, requires: [j]}\n", n)
    ),
}
MAKEFILE: dict[str, Text] = {
    "exports": lambda n: each("export A# = a\n", n) + each("r#:\n\tcargo install $(A#)\n", n),
    "rules": lambda n: each("r#: a b\n\tcargo install $@\n", n),
    "variables-doubling": lambda n: "A := ab\n" + "A := $(A)$(A)\n" * n + "r:\n\tcargo install $(A)\n",
    "variables-recursive": lambda n: "A0 = a\n" + each("A@@ = $(A#)$(A#)\n", n) + f"r:\n\tcargo install $(A{n})\n",
    "variables-in-a-circle": lambda n: each("A# = $(A@@)\n", n) + f"A{n} = $(A0)\nr:\n\tcargo install $(A0)\n",
    "appends": lambda n: "A += b\n" * n + "r:\n\tcargo install $(A)\n",
    "appends-and-uses": lambda n: "A += b\n" * n + each("r#:\n\tcargo install $(A)\n", n),
    "functions": lambda n: "A = " + "$(subst a,bb," * n + "a" + ")" * n + "\nr:\n\tcargo install $(A)\n",
    "calls": lambda n: "f = $(call f,$(1)$(1))\n" + "r:\n" + "\tcargo install $(call f,a)\n" * n,
    "foreach": lambda n: "r:\n" + "\tcargo install $(foreach i,1 2 3,$(foreach j,1 2 3,$(i)$(j)))\n" * n,
    "computed-names": lambda n: "A = B\nB = A\nr:\n\tcargo install " + "$(" * n + "A" + ")" * n + "\n",
    "substitutions": lambda n: "A = " + "a.c " * n + "\nr:\n" + "\tcargo install $(A:.c=.o)\n" * n,
    "prerequisites": lambda n: each("r@@: r# r#\n\tcargo deny check\n", n),
    "prerequisites-of-one": lambda n: "all:" + each(" r#", n) + "\n" + each("r#:\n\tcargo deny check\n", n),
    "patterns": lambda n: each("%.o#: %.c\n\tcargo install $<\n", n) + each("x.o#: A = b\n", n),
    "target-variables": lambda n: each("r: A# = b\n", n) + each("r:\n\tcargo install $(A#)\n", n),
    "targets-on-a-line": lambda n: each("t# ", n) + ":\n" + "\tcargo install $@\n",
    "targets-and-lines": lambda n: each("t# ", n) + ":\n" + "\tcargo install $@\n" * n,
    "conditions": lambda n: "ifeq ($(A),b)\n" * n + "r:\n\tcargo install a\n" + "endif\n" * n,
    "conditions-of-variables": lambda n: (
        each("ifeq ($(A),b)\nB# = c\nelse\nB# = d\nendif\n", n) + "r:\n\tcargo install $(B1)\n"
    ),
    "conditions-doubling": lambda n: (
        "ifdef X\nA := $(A)1\nelse\nA := $(A)2\nendif\n" * n + "r:\n\tcargo install $(A)\n"
    ),
    "continuations": lambda n: "r:\n\tcargo install a" + " \\\n\tb" * n + "\n",
    "continued-variables": lambda n: "A = a" + " \\\n b" * n + "\nr:\n\tcargo install $(A)\n",
    "defines": lambda n: each("define D#\ncargo install a\nendef\n", n) + each("r#:\n\t$(D#)\n", n),
    "define-used-often": lambda n: "define D\n" + "cargo install a\n" * n + "endef\n" + "r:\n" + "\t$(D)\n" * n,
    "includes": lambda n: each("include a#.mk\n", n) + "r:\n\tcargo install $(A)\n",
    "open": lambda n: "r:\n\tcargo install " + "$(" * n + "\n",
    "dollars": lambda n: "r:\n\tcargo install " + "$$a" * n + "\n",
    "comments": lambda n: "# dunnage: ignore[cargo-install/unpinned] x \\\n" * n + "\nr:\n\tcargo install a\n",
    "recipe-lines": lambda n: "r:\n" + "\tcargo install a$$B\n" * n,
    "blank-lines": lambda n: "r:\n\tcargo install a\n" + "\n" * n,
    "ones-for-all": lambda n: ".ONESHELL:\nr:\n" + "\tA=$$A$(A) cargo install a\n" * n,
    "phony": lambda n: each(".PHONY: r#\n", n) + each("r#:\n\tcargo deny check\n", n),
}
JUSTFILE: dict[str, Text] = {
    "header": lambda n: f"a {chr(39) * 6 * n}:\n  cargo install b\n",
    "recipes": lambda n: each("r# a='b':\n  cargo install {{a}}\n", n),
    "variables-doubling": lambda n: (
        "a0 := 'ab'\n" + each("a@@ := a# + a#\n", n) + f"r:\n  cargo install {{{{a{n}}}}}\n"
    ),
    "variables-in-a-circle": lambda n: each("a# := a@@\n", n) + f"a{n} := a0\nr:\n  cargo install {{{{a0}}}}\n",
    "conditions": lambda n: "a := " + "if x == 'y' { 'b' } else " * n + "{ 'c' }\nr:\n  cargo install {{a}}\n",
    "conditions-nested": lambda n: (
        "a := "
        + "if if x == 'y' { 'z' } else { 'w' } == 'v' { 'b' } else { 'c' } + " * n
        + "'d'\nr:\n  cargo install {{a}}\n"
    ),
    "conditions-deep": lambda n: (
        "a := " + "if x == 'y' { " * n + "'c'" + " } else { 'd' }" * n + "\nr:\n  cargo install {{a}}\n"
    ),
    "conditions-doubling": lambda n: (
        "a0 := 'x'\n"
        + each("a@@ := if y == 'z' { a# + '1' } else { a# + '2' }\n", n)
        + f"r:\n  cargo install {{{{a{n}}}}}\n"
    ),
    "functions": lambda n: "a := " + "replace(" * n + "'a'" + ", 'a', 'bb')" * n + "\nr:\n  cargo install {{a}}\n",
    "parentheses": lambda n: "a := " + "(" * n + "'a'" + ")" * n + "\nr:\n  cargo install {{a}}\n",
    "parentheses-open": lambda n: "a := " + "(" * n + "\nr:\n  cargo install {{a}}\n",
    "sums": lambda n: "a := 'b'" + " + 'c'" * n + "\nr:\n  cargo install {{a}}\n",
    "paths": lambda n: "a := 'b'" + " / 'c'" * n + "\nr:\n  cargo install {{a}}\n",
    "dependencies": lambda n: "r0:\n  cargo deny check\n" + each("r@@: r# r#\n  cargo deny check\n", n),
    "dependencies-with-arguments": lambda n: (
        "r0 a:\n  cargo deny check\n" + each("r@@ a: (r# a + a) (r# a)\n  cargo deny check\n", n)
    ),
    "parameters": lambda n: "r" + each(" a#='b'", n) + ":\n" + "  cargo install {{a1}}\n" * n,
    "interpolations": lambda n: "a := 'b'\nr:\n  cargo install " + "{{a}}" * n + "\n",
    "interpolations-open": lambda n: "r:\n  cargo install " + "{{" * n + "\n",
    "backquotes": lambda n: "a := " + "`a` + " * n + "'b'\nr:\n  cargo install {{a}}\n",
    "imports": lambda n: each("import 'a#.just'\n", n) + "r:\n  cargo install a\n",
    "attributes": lambda n: "[" + "linux, " * n + "unix]\nr:\n  cargo install a\n",
    "attribute-lines": lambda n: "[linux]\n" * n + "r:\n  cargo install a\n",
    "aliases": lambda n: each("alias a@@ := a#\n", n) + "a0:\n  cargo install a\n",
    "lines": lambda n: "r:\n" + "  cargo install a\n" * n,
    "scripts": lambda n: each("r#:\n  #!/bin/bash\n  cargo install a\n", n),
    "continuations": lambda n: "r:\n  cargo install a" + " \\\n  b" * n + "\n",
    "quotes-open": lambda n: "a := '''" + "\n'" * n + "\nr:\n  cargo install a\n",
    "comments": lambda n: "# dunnage: ignore[cargo-install/unpinned] x\n" * n + "r:\n  cargo install a\n",
    "indents": lambda n: "r:\n" + "".join(" " * (number % 90 + 1) + "cargo install a\n" for number in range(n)),
    "exports": lambda n: each("export A# := 'b'\n", n) + each("r#:\n  cargo install $A#\n", n),
}


def _with_lock(manifest: Text, lock: Text = lambda _: LOCK + '[[package]]\nname = "x"\nversion = "0.1.0"\n') -> Shape:
    return lambda count: {"Cargo.toml": manifest(count), "Cargo.lock": lock(count), "src/lib.rs": ""}


def _members(count: int) -> Files:
    members = {f"m{number}/Cargo.toml": CRATE.replace('"x"', f'"m{number}"') for number in range(count)}
    return {"Cargo.toml": '[workspace]\nmembers = ["m*"]\n', "Cargo.lock": LOCK, **members}


def _path_chain(count: int) -> Files:
    below = {
        f"m{number}/Cargo.toml": CRATE.replace('"x"', f'"m{number}"')
        + f'[dependencies]\nm{number + 1} = {{ path = "../m{number + 1}" }}\nm0 = {{ path = "../m0" }}\n'
        for number in range(count)
    }
    return {"Cargo.toml": CRATE + '[dependencies]\nm0 = { path = "m0" }\n', "Cargo.lock": LOCK, **below}


def _patched_in_a_circle(count: int) -> Files:
    patches = each('m# = { path = "m#" }\n', count)
    below = {
        f"m{number}/Cargo.toml": CRATE.replace('"x"', f'"m{number}"')
        + f'[dependencies]\nm{(number + 1) % count} = "0.1"\n'
        for number in range(count)
    }
    manifest = CRATE + '[dependencies]\nm0 = "0.1"\n[patch.crates-io]\n' + patches
    return {"Cargo.toml": manifest, "Cargo.lock": LOCK, **below}


def _inherited_in_a_circle(count: int) -> Files:
    below = {
        f"m{number}/Cargo.toml": f'[package]\nname = "m{number}"\nversion.workspace = true\nworkspace = "../m{number + 1}"\n'
        for number in range(count)
    }
    return {"Cargo.toml": '[workspace]\nmembers = ["m*"]\n', "Cargo.lock": LOCK, **below}


CFG = '[target."cfg(#)".dependencies]\na = "1"\n'
CARGO: dict[str, Shape] = {
    "lock-of-one-name": _with_lock(
        lambda _: CRATE + '[dependencies]\na = "1"\n',
        lambda n: LOCK + "".join(locked("a", f"1.0.{i}") for i in range(n)),
    ),
    "lock-of-one-name-with-dependencies": _with_lock(
        lambda n: CRATE + "[dependencies]\n" + each('a# = { package = "a", version = "=1.0.#" }\n', n),
        lambda n: (
            LOCK
            + "".join(locked("a", f"1.0.{i}", "b 1.0.0") for i in range(n))
            + locked("b", "1.0.0")
            + locked("b", "2.0.0")
        ),
    ),
    "lock-chain": _with_lock(
        lambda _: CRATE + '[dependencies]\na0 = "1"\n',
        lambda n: (
            LOCK
            + "".join(locked(f"a{i}", "1.0.0", f"a{i + 1}") for i in range(n))
            + locked(f"a{n}", "1.0.0")
            + '[[package]]\nname = "x"\nversion = "0.1.0"\ndependencies = ["a0"]\n'
        ),
    ),
    "lock-in-a-circle": _with_lock(
        lambda _: CRATE + '[dependencies]\na0 = "1"\n',
        lambda n: LOCK + "".join(locked(f"a{i}", "1.0.0", f"a{(i + 1) % n}", f"a{(i + 7) % n}") for i in range(n)),
    ),
    "lock-of-all-with-all": _with_lock(
        lambda _: CRATE + '[dependencies]\na0 = "1"\n',
        lambda n: LOCK + "".join(locked(f"a{i}", "1.0.0", *(f"a{j}" for j in range(n))) for i in range(n)),
    ),
    "lock-duplicates": _with_lock(lambda _: CRATE, lambda n: LOCK + locked("a", "1.0.0") * n),
    "lock-unused-patches": _with_lock(
        lambda _: CRATE, lambda n: LOCK + each('[[patch.unused]]\nname = "a#"\nversion = "1.0.0"\n', n)
    ),
    "lock-old-checksums": _with_lock(
        lambda _: CRATE,
        lambda n: (
            "".join(locked(f"a{i}", "1.0.0") for i in range(n))
            + "[metadata]\n"
            + each(f'"checksum a# 1.0.0 ({REGISTRY})" = "00"\n', n)
        ),
    ),
    "lock-of-git": _with_lock(
        lambda n: CRATE + "[dependencies]\n" + each('a# = { git = "https://x.y/a#", branch = "b" }\n', n),
        lambda n: (
            LOCK + each('[[package]]\nname = "a#"\nversion = "1.0.0"\nsource = "git+https://x.y/a#?branch=b#00"\n', n)
        ),
    ),
    "lock-versions": _with_lock(
        lambda _: CRATE + '[dependencies]\na = "1"\n',
        lambda n: LOCK + locked("a", "1.0.0-" + ".".join(["1"] * n)) + locked("a", "1.0.1-" + "a-" * n),
    ),
    "lock-conflict": _with_lock(lambda _: CRATE, lambda n: LOCK + "<<<<<<< a\n=======\n>>>>>>> b\n" * n),
    "lock-unneeded": _with_lock(lambda _: CRATE, lambda n: LOCK + "".join(locked(f"a{i}", "1.0.0") for i in range(n))),
    "dependencies": _with_lock(lambda n: CRATE + "[dependencies]\n" + each('a# = "1"\n', n)),
    "dependencies-of-one": _with_lock(
        lambda n: CRATE + "[dependencies]\n" + each('b# = { package = "a", version = "1.#" }\n', n),
        lambda n: LOCK + "".join(locked("a", f"1.{i}.0") for i in range(n)),
    ),
    "requirements": _with_lock(
        lambda n: CRATE + '[dependencies]\na = "' + ", ".join([">=1.0.0"] * (n + 1)) + '"\n',
        lambda n: LOCK + "".join(locked("a", f"1.0.{i}") for i in range(n)),
    ),
    "features": _with_lock(lambda n: CRATE + "[features]\n" + each('f# = ["f1"]\n', n)),
    "features-doubling": _with_lock(
        lambda n: (
            CRATE
            + '[dependencies]\nx1 = { version = "1", optional = true }\n[features]\n'
            + each('f# = ["f@@", "g@@"]\ng# = ["f@@", "g@@", "x1?/y#"]\n', n)
            + f"f{n} = []\ng{n} = []\n"
        )
    ),
    "features-in-a-circle": _with_lock(
        lambda n: CRATE + "[features]\n" + each('f# = ["f@@"]\n', n) + f'f{n} = ["f0"]\n'
    ),
    "features-of-dependencies": _with_lock(
        lambda n: (
            CRATE
            + '[dependencies]\nb = { path = "b", features = ['
            + each('"f#", ', n)
            + "] }\n[features]\n"
            + each('g# = ["b/f#"]\n', n)
        )
    ),
    "targets": _with_lock(lambda n: CRATE + each('[target."cfg(a = \'#\')".dependencies]\na = "1"\n', n)),
    "target-deep": _with_lock(lambda n: CRATE + CFG.replace("#", "not(" * n + "unix" + ")" * n)),
    "target-all-any": _with_lock(lambda n: CRATE + CFG.replace("#", "all(any(" * n + "unix" + "))" * n)),
    "target-wide": _with_lock(lambda n: CRATE + CFG.replace("#", "any(" + "unix, " * n + "unix)")),
    "target-open": _with_lock(lambda n: CRATE + CFG.replace("#", "all(" * n)),
    "dotted-keys": _with_lock(lambda n: CRATE + "[" + "a." * n + "b]\nc = 1\n"),
    "dotted-values": _with_lock(lambda n: CRATE + each("a.b#.c = 1\n", n)),
    "deep-tables": _with_lock(lambda n: CRATE + "x = " + "[" * n + "]" * n + "\n"),
    "deep-inline-tables": _with_lock(lambda n: CRATE + "x = " + "{a=" * n + "1" + "}" * n + "\n"),
    "tables": _with_lock(lambda n: CRATE + each("[a#]\nb = 1\n", n)),
    "arrays-of-tables": _with_lock(lambda n: CRATE + "[[bin]]\nname = 'a'\n" * n),
    "patches": _with_lock(
        lambda n: CRATE + "[patch.crates-io]\n" + each('a# = { git = "https://x.y/a", rev = "1" }\n', n)
    ),
    "patches-of-one": _with_lock(
        lambda n: (
            CRATE
            + '[dependencies]\na = "1"\n[patch.crates-io]\n'
            + each('b# = { package = "a", git = "https://x.y/a#" }\n', n)
        )
    ),
    "replacements": _with_lock(lambda n: CRATE + "[replace]\n" + each('"a#:1.0.0" = { git = "https://x.y/a" }\n', n)),
    "members-missing": _with_lock(lambda n: "[workspace]\nmembers = [" + each('"m#", ', n) + "]\n"),
    "members-excluded": _with_lock(
        lambda n: "[workspace]\nmembers = [" + each('"m#", ', n) + "]\nexclude = [" + each('"m#", ', n) + "]\n"
    ),
    "members-patterns": _with_lock(lambda n: "[workspace]\nmembers = [" + each('"**/q#*", ', n) + "]\n"),
    "members-outside": _with_lock(lambda n: "[workspace]\nmembers = [" + '"../*/*", ' * n + "]\n"),
    "members-stars": _with_lock(lambda n: '[workspace]\nmembers = ["' + "*a" * n + '"]\n'),
    "members-many": _members,
    "path-chain": _path_chain,
    "patched-in-a-circle": _patched_in_a_circle,
    "inherited-in-a-circle": _inherited_in_a_circle,
    "inherited": _with_lock(
        lambda n: (
            CRATE
            + "[dependencies]\n"
            + each("a#.workspace = true\n", n)
            + "[workspace.dependencies]\n"
            + each('a# = "1"\n', n)
        )
    ),
    "integers": _with_lock(lambda n: CRATE + "rust-version = " + "9" * n + "\n"),
    "strings": _with_lock(lambda n: CRATE.replace('"x"', '"' + "x" * n + '"')),
    "multi-line-strings": _with_lock(
        lambda n: CRATE + 'description = """\n' + "# dunnage: ignore[cargo-lock/stale] x\n" * n + '"""\n'
    ),
    "comments": _with_lock(lambda n: CRATE + "# dunnage: ignore[cargo-lock/stale] x\n" * n),
    "versions": _with_lock(lambda n: CRATE + '[dependencies]\na = "' + "1." * n + '1"\n'),
    "config-aliases": lambda n: {
        ".cargo/config.toml": "[alias]\n" + each('a@@ = "a#"\n', n) + 'a0 = "install b"\n',
        "a.sh": each("cargo a#\n", n),
    },
    "config-aliases-in-a-circle": lambda n: {
        ".cargo/config.toml": "[alias]\n" + each('a# = ["a@@"]\n', n) + f'a{n} = "a0"\n',
        "a.sh": "cargo install x\n" + each("cargo a#\n", n),
    },
    "config-aliases-growing": lambda n: {
        ".cargo/config.toml": "[alias]\n" + each('a@@ = "a# --x a#"\n', n) + 'a0 = "install b"\n',
        "a.sh": each("cargo a#\n", n),
    },
    "config-alias-long": lambda n: {
        ".cargo/config.toml": "[alias]\na = 'install" + " --features x" * n + "'\n",
        "a.sh": "cargo a b\n" * n,
    },
    "config-includes": lambda n: {
        "Cargo.toml": CRATE,
        "Cargo.lock": LOCK,
        ".cargo/config.toml": "include = ['a0.toml']\n",
        **{f".cargo/a{i}.toml": f"include = ['a{(i + 1) % n}.toml', 'config.toml']\n" for i in range(min(n, 300))},
    },
    "config-sources": lambda n: {
        "Cargo.toml": CRATE + '[dependencies]\na = "1"\n',
        "Cargo.lock": LOCK,
        ".cargo/config.toml": "[source.crates-io]\nreplace-with = 's0'\n"
        + each("[source.s#]\nreplace-with = 's@@'\n", n),
    },
    "config-registries": lambda n: {
        "Cargo.toml": CRATE + "[dependencies]\n" + each('a# = { version = "1", registry = "r#" }\n', n),
        "Cargo.lock": LOCK,
        ".cargo/config.toml": each("[registries.r#]\nindex = 'https://x.y/r#'\n", n),
    },
}
DENY: dict[str, Text] = {
    "ignores": lambda n: "[advisories]\nignore = [" + each('"RUSTSEC-2020-#", ', n) + "]\n",
    "ignores-in-lines": lambda n: "[advisories]\nignore = [\n" + each('  "RUSTSEC-2020-#",\n', n) + "]\n",
    "ignores-with-reasons": lambda n: (
        "[advisories]\nignore = [\n" + each('  {id = "RUSTSEC-2020-#", reason = "a"},\n', n) + "]\n"
    ),
    "ignores-with-comments": lambda n: (
        "[advisories]\nignore = [\n" + each('  "RUSTSEC-2020-#", # because\n', n) + "]\n"
    ),
    "ignores-of-crates": lambda n: "[advisories]\nignore = [\n" + each('  "a#@1.0", "a#",\n', n) + "]\n",
    "skips": lambda n: (
        "[bans]\nskip = [" + each('{crate = "a#:1"}, ', n) + "]\nskip-tree = [" + each('"a#", ', n) + "]\n"
    ),
    "skip-tables": lambda n: each("[[bans.skip]]\nname = 'a#'\nversion = '1'\n", n),
    "denied": lambda n: "[bans]\ndeny = [" + each('{name = "a", version = "<1.#"}, ', n) + "]\n",
    "features": lambda n: each("[[bans.features]]\ncrate = 'a#'\nallow = ['b']\n", n),
    "licences": lambda n: "[licenses]\nallow = [" + "'MIT', " * n + "]\n",
    "licences-unknown": lambda n: "[licenses]\nallow = [" + each("'MITT-#', ", n) + "]\n",
    "licence-exceptions": lambda n: each("[[licenses.exceptions]]\ncrate = 'a#'\nallow = ['MIT']\n", n),
    "licence-expression": lambda n: (
        "[[licenses.clarify]]\ncrate = 'a'\nexpression = '" + "MIT OR " * n + "MIT'\nlicense-files = []\n"
    ),
    "licence-parentheses": lambda n: (
        "[[licenses.clarify]]\ncrate = 'a'\nexpression = '" + "(" * n + "MIT" + ")" * n + "'\nlicense-files = []\n"
    ),
    "clarifications": lambda n: each(
        "[[licenses.clarify]]\ncrate = 'a#'\nexpression = 'MIT'\nlicense-files = [{path = 'a', hash = 1}]\n", n
    ),
    "sources": lambda n: "[sources]\nallow-git = [" + each('"https://x.y/#", ', n) + "]\n",
    "targets": lambda n: "[graph]\ntargets = [" + each("{triple = 'a#', features = ['b']}, ", n) + "]\n",
    "target-deep": lambda n: "[graph]\ntargets = ['cfg(" + "not(" * n + "unix" + ")" * n + ")']\n",
    "unknown-keys": lambda n: each("a# = 1\n", n) + "[advisories]\n" + each("b# = 1\n", n),
    "unknown-tables": lambda n: each("[a#]\nb = 1\n", n),
    "dotted": lambda n: each("advisories.a#.b = 1\n", n),
    "comments": lambda n: "[advisories]\n" + "# dunnage: ignore[deny-toml/weak] x\n" * n + "yanked = 'allow'\n",
    "workspace-crates": lambda n: "[bans.build]\nallow-build-scripts = [" + each("'a#', ", n) + "]\n",
    "wrong-types": lambda n: "[advisories]\nignore = [" + "1, " * n + "]\n",
    "duplicates": lambda n: "[advisories]\nignore = [" + '"RUSTSEC-2020-0001", ' * n + "]\n",
    "blank-lines": lambda n: "[advisories]\nignore = ['a']\n" + "\n" * n,
    "multi-line-strings": lambda n: (
        "[advisories]\nignore = [{id = 'a', reason = '''\n" + "# dunnage: ignore[deny-toml/weak] x\n" * n + "'''}]\n"
    ),
}
WIT_HEAD = "package a:b@1.0.0;\n"
WIT: dict[str, Text] = {
    "types": lambda n: WIT_HEAD + "interface i {" + each("type t# = u8;\n", n) + "}\n",
    "types-doubling": lambda n: (
        WIT_HEAD + "interface i { type t0 = u8;\n" + each("type t@@ = tuple<t#, t#>;\n", n) + "}\n"
    ),
    "types-deep": lambda n: WIT_HEAD + "interface i { type t = " + "list<" * n + "u8" + ">" * n + "; }\n",
    "types-in-a-circle": lambda n: WIT_HEAD + "interface i {" + each("type t# = t@@;\n", n) + f"type t{n} = t0; }}\n",
    "type-chain": lambda n: WIT_HEAD + "interface i { type t0 = u8;\n" + each("type t@@ = t#;\n", n) + "}\n",
    "types-over-limit": lambda n: (
        WIT_HEAD + "interface i {\n" + each("record r# { " + each("f#: u64, ", 20) + "}\n", n) + "}\n"
    ),
    "uses": lambda n: WIT_HEAD + each("interface i# { use j.{t}; }\n", n),
    "use-chain": lambda n: WIT_HEAD + "interface i0 { type t = u8; }\n" + each("interface i@@ { use i#.{t}; }\n", n),
    "uses-in-a-circle": lambda n: (
        WIT_HEAD + each("interface i# { use i@@.{t}; }\n", n) + f"interface i{n} {{ use i0.{{t}}; }}\n"
    ),
    "uses-of-many": lambda n: (
        WIT_HEAD
        + "interface i { "
        + each("type t# = u8;\n", n)
        + "}\ninterface j { use i.{"
        + each("t#, ", n)
        + "t0}; }\n"
    ),
    "includes": lambda n: WIT_HEAD + "world w0 {}\n" + each("world w@@ { include w#; include w#; }\n", n),
    "includes-growing": lambda n: (
        WIT_HEAD + "world w0 {}\n" + each("world w@@ { include w#; import i#: interface {} }\n", n)
    ),
    "includes-of-all": lambda n: (
        WIT_HEAD + each("world w# { import i#: func(); }\n", n) + "world v {" + each("include w#;\n", n) + "}\n"
    ),
    "includes-with-names": lambda n: (
        WIT_HEAD + "world w0 { import a: func(); }\nworld v {" + each("include w0 with { a as b# };\n", n) + "}\n"
    ),
    "includes-in-a-circle": lambda n: (
        WIT_HEAD + each("world w# { include w@@; }\n", n) + f"world w{n} {{ include w0; }}\n"
    ),
    "imports": lambda n: WIT_HEAD + "world w {" + each("import c#:d/e@1.0.0;\n", n) + "}\n",
    "imports-of-one": lambda n: WIT_HEAD + each("interface i# { use c:d/e@1.0.#.{t}; }\n", n),
    "packages": lambda n: WIT_HEAD + each("package c#:d@1.0.0 { interface i { type t = u8; } }\n", n),
    "packages-of-one-name": lambda n: WIT_HEAD + each("package c:d@1.0.# { interface i { type t = u8; } }\n", n),
    "functions": lambda n: WIT_HEAD + "interface i {" + each("f#: func(a: u8) -> result<u8, string>;\n", n) + "}\n",
    "function-long": lambda n: WIT_HEAD + "interface i { f: func(" + each("a#: u8, ", n) + "); }\n",
    "resources": lambda n: (
        WIT_HEAD
        + "interface i {"
        + each("resource r# { constructor(a: u8); m: func(); s: static func(); }\n", n)
        + "}\n"
    ),
    "methods": lambda n: WIT_HEAD + "interface i { resource r {" + each("m#: func();\n", n) + "} }\n",
    "flags": lambda n: WIT_HEAD + "interface i { flags f {" + each("a#, ", n) + "} }\n",
    "enum": lambda n: WIT_HEAD + "interface i { enum f {" + each("a#, ", n) + "} }\n",
    "variants": lambda n: WIT_HEAD + "interface i {" + each("variant v# { a(u8), b }\n", n) + "}\n",
    "comments-open": lambda n: WIT_HEAD + "/*" * n,
    "comments-nested": lambda n: WIT_HEAD + "/*" * n + "*/" * n,
    "comments": lambda n: WIT_HEAD + "// dunnage: ignore[wit-limits/hidden-character] x\n" * n,
    "comments-on-a-line": lambda n: (
        WIT_HEAD + "/* dunnage: ignore[wit-limits/hidden-character] x\u200b */" * n + "\u200b" * n + "\n"
    ),
    "documentation": lambda n: WIT_HEAD + "/// a\n" * n + "interface i {}\n",
    "gates": lambda n: (
        WIT_HEAD + "interface i {" + each("@since(version = 1.0.0) @unstable(feature = f#) type t# = u8;\n", n) + "}\n"
    ),
    "gates-of-one": lambda n: WIT_HEAD + "@unstable(feature = f) " * n + "interface i {}\n",
    "hidden": lambda n: WIT_HEAD + "interface i {}\n" + "// \u202e\u200b\n" * n,
    "hidden-on-a-line": lambda n: WIT_HEAD + "// " + "\u202e" * n + "\n",
    "names": lambda n: WIT_HEAD + "interface " + "a-" * n + "a {}\n",
    "names-alike": lambda n: WIT_HEAD + "interface i {" + each("type a-#-Б = u8;\n", n) + "}\n",
    "duplicates": lambda n: WIT_HEAD + "interface i {}\n" * n,
    "open": lambda n: WIT_HEAD + "interface i { " * n,
    "semicolons": lambda n: WIT_HEAD + ";" * n,
    "version": lambda n: "package a:b@1.0.0-" + "a." * n + "a;\n",
    "tuple": lambda n: WIT_HEAD + "interface i { type t = tuple<" + "u8, " * n + "u8>; }\n",
    "handles": lambda n: (
        WIT_HEAD
        + "interface i { resource r; "
        + each("type t# = option<own<r>>;\nf#: func(a: borrow<r>);\n", n)
        + "}\n"
    ),
    "blank-lines": lambda n: WIT_HEAD + "\n" * n,
}


def _wit_packages(count: int) -> Files:
    deps = {
        f"wit/deps/c{i}/a.wit": f"package c{i}:d@1.0.0;\ninterface e {{ use c{i + 1}:d/e@1.0.0.{{t}}; type t{i} = u8; }}\n"
        for i in range(count)
    }
    return {"wit/a.wit": WIT_HEAD + "world w { import c0:d/e@1.0.0; }\n", **deps}


def _component(targets: Text, lock: Text = lambda _: "") -> Shape:
    def files(count: int) -> Files:
        head = '[package.metadata.component]\npackage = "a:b"\n[package.metadata.component.target.dependencies]\n'
        return {
            "Cargo.toml": CRATE + head + targets(count),
            "Cargo-component.lock": "version = 1\n" + lock(count),
            "wit/a.wit": WIT_HEAD + "world w {}\n",
        }

    return files


WIT_PROJECTS: dict[str, Shape] = {
    "packages": _wit_packages,
    "packages-in-files": lambda n: {
        f"wit/f{i}.wit": WIT_HEAD + f"interface i{i} {{ type t = u8; }}\n" for i in range(n)
    },
    "dependencies": one("deps.toml", lambda n: each('a# = "https://x/y.tar.gz"\n', n)),
    "dependency-tables": lambda n: {
        "wit/deps.toml": each('[a#]\nurl = "https://x/y.tar.gz"\nsha256 = "00"\n', n),
        "wit/deps.lock": each('[a#]\nurl = "https://x/y.tar.gz"\nsha256 = "00"\nsha512 = "00"\n', n),
        "wit/a.wit": WIT_HEAD + "world w {}\n",
    },
    "dependencies-by-path": lambda n: {
        "wit/deps.toml": each('a# = { path = "../x#" }\n', n),
        "wit/deps.lock": each('[a#]\npath = "../x#"\nsha256 = "00"\nsha512 = "00"\ndeps = ["a@@"]\n', n),
        "wit/a.wit": WIT_HEAD + "world w {}\n",
    },
    "dependencies-of-a-lock": lambda n: {
        "wit/deps.toml": 'a0 = "https://x/y.tar.gz"\n',
        "wit/deps.lock": each(
            '[a#]\nurl = "https://x/y.tar.gz"\nsha256 = "00"\nsha512 = "00"\ndeps = ["a@@", "a1"]\n', n
        ),
        "wit/a.wit": WIT_HEAD + "world w {}\n",
    },
    "component-targets": _component(
        lambda n: each('"c#:d" = "1"\n', n),
        lambda n: each('[[package]]\nname = "c#:d"\n[[package.version]]\nrequirement = "1"\nversion = "1.0.0"\n', n),
    ),
    "component-versions": _component(
        lambda _: '"c:d" = "1"\n',
        lambda n: (
            '[[package]]\nname = "c:d"\n' + each('[[package.version]]\nrequirement = "=1.0.#"\nversion = "1.0.#"\n', n)
        ),
    ),
    "component-paths": _component(lambda n: each('"c#:d" = { path = "x#" }\n', n)),
    "wkg": lambda n: {
        "wkg.toml": "[overrides]\n" + each('"c#:d" = { version = "^0.2" }\n', n),
        "wkg.lock": "version = 1\n"
        + each(
            '[[packages]]\nname = "c#:d"\nregistry = "x.y"\n[[packages.versions]]\nrequirement = "^0.2"\nversion = "0.2.0"\ndigest = "sha256:00"\n',
            n,
        ),
        "wit/a.wit": WIT_HEAD + "world w {" + each("import c#:d/e@0.2.0;\n", n) + "}\n",
    },
    "wkg-of-one": lambda n: {
        "wkg.lock": "version = 1\n"
        '[[packages]]\nname = "c:d"\nregistry = "x.y"\n'
        + each('[[packages.versions]]\nrequirement = "=0.2.#"\nversion = "0.2.#"\ndigest = "sha256:00"\n', n),
        "wit/a.wit": WIT_HEAD + each("interface i# { use c:d/e@0.2.#.{t}; }\n", n),
    },
    "vendored": lambda n: {
        "wit/deps.toml": each('a# = "https://x/y.tar.gz"\n', n),
        "wit/deps.lock": each('[a#]\nurl = "https://x/y.tar.gz"\nsha256 = "00"\nsha512 = "00"\n', n),
        "wit/a.wit": WIT_HEAD + "world w {}\n",
        **{f"wit/deps/a{i}/a.wit": f"package c{i}:d;\n" for i in range(n)},
    },
}


def _composite_chain(count: int) -> Files:
    actions = {
        f"a{i}/action.yml": "runs:\n  using: composite\n  steps:\n"
        + f"    - uses: ./a{i + 1}\n" * 2
        + "    - run: cargo deny check\n      shell: bash\n"
        for i in range(count)
    }
    return {WORKFLOW: JOB + "      - uses: ./a0\n", "Cargo.lock": LOCK, **actions}


def _workflow_chain(count: int) -> Files:
    called = {
        f".github/workflows/w{i}.yml": "on: {workflow_call: {}}\njobs:\n"
        f"  a: {{uses: ./.github/workflows/w{i + 1}.yml}}\n  b: {{uses: ./.github/workflows/w{i + 1}.yml}}\n"
        "  c: {steps: [{run: cargo deny check}]}\n"
        for i in range(count)
    }
    return {WORKFLOW: "on: push\njobs: {a: {uses: ./.github/workflows/w0.yml}}\n", "Cargo.lock": LOCK, **called}


def _script_chain(count: int) -> Files:
    called = {f"s{i}.sh": f"./s{i + 1}.sh\n./s{i + 1}.sh || true\ncargo deny check\n" for i in range(count)}
    return {WORKFLOW: JOB + "      - run: bash s0.sh\n", "Cargo.lock": LOCK, **called}


SEVERAL: dict[str, Shape] = {
    "composite-actions": _composite_chain,
    "called-workflows": _workflow_chain,
    "called-scripts": _script_chain,
    "makefiles-including": lambda n: {
        "Makefile": "include m0.mk\nr:\n\tcargo install $(A)\n",
        **{
            f"m{i}.mk": f"include m{(i + 1) % n}.mk\ninclude m{(i + 2) % n}.mk\nA += x\nr{i}:\n\tcargo deny check\n"
            for i in range(n)
        },
    },
    "justfiles-importing": lambda n: {
        "justfile": "import 'm0.just'\nr:\n  cargo install {{a}}\n",
        **{
            f"m{i}.just": f"import 'm{(i + 1) % n}.just'\nmod m{(i + 2) % n}\na{i} := 'b'\nr{i}:\n  cargo deny check\n"
            for i in range(n)
        },
    },
    "gitlab-including": lambda n: {
        ".gitlab-ci.yml": "include: [{local: a0.gitlab-ci.yml}]\nj: {script: [cargo deny check]}\n",
        "Cargo.lock": LOCK,
        **{
            f"a{i}.gitlab-ci.yml": f"include: [{{local: a{(i + 1) % n}.gitlab-ci.yml}}, {{local: '*.gitlab-ci.yml'}}]\nj{i}: {{script: [cargo deny check]}}\n"
            for i in range(n)
        },
    },
    "steps-calling-make": lambda n: {
        WORKFLOW: JOB + each("      - run: make r#\n", n),
        "Makefile": each("r#: r@@\n\tcargo deny check || true\n", n),
        "Cargo.lock": LOCK,
    },
    "steps-calling-just": lambda n: {
        WORKFLOW: JOB + each("      - run: just r#\n", n),
        "justfile": each("r#: r@@\n  cargo deny check || true\n", n) + f"r{n}:\n",
        "Cargo.lock": LOCK,
    },
    "scripts": lambda n: {f"a{i}.sh": "cargo install a\n" for i in range(n)},
    "folders": lambda n: {f"d{i}/Cargo.toml": CRATE for i in range(n)},
    "folders-deep": lambda n: {"d/" * min(n, 300) + "Cargo.toml": CRATE},
    "dockerignore": lambda n: {
        "Dockerfile": "FROM a\nCOPY . .\nRUN cargo build\n",
        ".dockerignore": each("**/a#*b*c\n", n),
        "Cargo.lock": LOCK,
    },
    "dockerignore-stars": lambda n: {
        "Dockerfile": "FROM a\nCOPY . .\nRUN cargo build\n",
        ".dockerignore": "*a" * n + "\n",
        "Cargo.lock": LOCK,
    },
    "secrets-of-jobs": lambda n: {
        WORKFLOW: "on: push\nenv:\n"
        + each("  A#: ${{ secrets.A# }}\n", n)
        + "jobs:\n"
        + each("  j#: {steps: [{run: cargo test}]}\n", n)
    },
    "exported-secrets": lambda n: {
        WORKFLOW: JOB + "      - run: echo A=${{ secrets.A }} >> $GITHUB_ENV\n" * n + "      - run: cargo test\n" * n
    },
    "checkouts": lambda n: {
        WORKFLOW: "permissions: write-all\n"
        + JOB
        + "      - uses: actions/checkout@v4\n" * n
        + "      - run: cargo b\n"
    },
    "packages-and-publications": lambda n: {
        WORKFLOW: JOB
        + "      - run: cargo package -p x\n" * n
        + "      - {run: cargo publish -p y, env: {A: '${{ secrets.A }}'}}\n" * n
    },
    "inputs-of-composite-actions": lambda n: {
        WORKFLOW: JOB + "      - {uses: ./x, with: {k: '${{ secrets.K }}'}}\n" * n,
        "x/action.yml": "runs: {steps: [{run: cargo build, shell: sh, env: {A: '${{ inputs.k }}'}}]}\n",
    },
    "workflows-that-call-themselves": lambda n: {
        WORKFLOW: "on: push\npermissions: write-all\njobs:\n" + each("  j#: {uses: ./.github/workflows/a.yml}\n", n)
    },
    "jobs-that-are-one-by-an-alias": lambda n: {
        WORKFLOW: "permissions: write-all\non: push\njobs:\n  a: &a\n    steps:\n"
        + "      - {run: cargo test, env: {X: '${{ secrets.X }}'}}\n" * n
        + each("  j#: *a\n", n)
    },
    "advisory-gates": lambda n: {WORKFLOW: JOB + "      - run: cargo deny check || true\n" * n, "Cargo.lock": LOCK},
    "gates-in-jobs": lambda n: {
        WORKFLOW: "on: push\njobs:\n" + each("  j#: {continue-on-error: true, steps: [{run: cargo audit}]}\n", n),
        "Cargo.lock": LOCK,
    },
    "pre-commit": lambda n: {
        ".pre-commit-config.yaml": "repos:\n"
        + "- {repo: https://github.com/EmbarkStudios/cargo-deny, rev: v1, hooks: [{id: cargo-deny}]}\n" * n,
        WORKFLOW: JOB + "      - run: pre-commit run -a\n" * n,
        "Cargo.lock": LOCK,
    },
    "filters-of-paths": lambda n: {
        WORKFLOW: f"on: {{push: {{paths: ['{'**a' * n}b', '{'a?' * n}*b', '{'[' * n}']}}}}\njobs:\n"
        f"  a: {{steps: [{{run: cargo deny check, working-directory: {'a' * 200}}}]}}\n",
        f"{'a' * 200}/Cargo.lock": LOCK,
        f"{'a' * 200}/Cargo.toml": CRATE,
    },
    "open-comments-of-containers": lambda n: {".devcontainer/devcontainer.json": '{"image": "rust"} ' + "/* " * n},
    "open-strings-of-containers": lambda n: {".devcontainer/devcontainer.json": '{"image": "rust"} ' + '"\\a::\\' * n},
    "open-references-of-cargo-make": one(
        "Makefile.toml", lambda n: f'[tasks.t]\ncommand = "cargo"\nargs = ["install", "{"${" * n}"]\n'
    ),
    "one-script-before-all-jobs": one(
        ".gitlab-ci.yml",
        lambda n: (
            f"default: {{before_script: [{'cargo install a, ' * n}]}}\n" + each("j#: {script: [cargo build]}\n", n)
        ),
    ),
    "variables-and-tasks-of-mise": one(
        "mise.toml",
        lambda n: (
            "[env]\n"
            + each('A# = "b"\n', n)
            + each('[tasks.t#]\nrun = "cargo install $A#"\n[tasks.u#]\nrun = "cargo b"\nenv = {C = "d"}\n', n)
        ),
    ),
    "new-names-of-one-crate": lambda n: {
        "Cargo.toml": CRATE + "[dependencies]\n" + each('d# = {package = "a", version = "=1.0.#"}\n', n),
        "Cargo.lock": LOCK
        + "".join(locked("a", f"1.0.{number}") for number in range(n))
        + locked("x", "0.1.0", *(f"a 1.0.{number}" for number in range(n))),
    },
    "members-in-many-patterns": lambda n: {
        "Cargo.toml": f"[workspace]\nmembers = [{each(chr(34) + 'd*#/*' + chr(34) + ', ', n)}]\n",
        **{f"d{number}/e/Cargo.toml": CRATE for number in range(20)},
    },
    "configurations-that-include-others": lambda n: {
        "Cargo.toml": CRATE,
        ".cargo/config.toml": 'include = ["c0.toml"]\n',
        **{f".cargo/c{number}.toml": f'include = ["c{number + 1}.toml"]\n' for number in range(n)},
    },
    "ranges-in-a-lock-of-wit": lambda n: {
        "wkg.lock": "version = 1\n"
        + each(
            '[[packages]]\nname = "a:b#"\nregistry = "r"\n[[packages.versions]]\nrequirement = "^0.#"\n'
            f'version = "0.#.1"\ndigest = "sha256:{"0" * 64}"\n',
            n,
        ),
        "wkg.toml": "[overrides]\n" + each('"a:b#" = {version = "0.#"}\n', n),
    },
    "programs-with-endings": lambda n: {
        WORKFLOW: JOB
        + "      - run: |\n"
        + ("          $X" + "/A/0" * 70 + "%\n") * (1 + n // 300)
        + "          cargo audit\n",
        "Cargo.lock": LOCK,
    },
    "records-of-sums": lambda n: {
        "a.sh": 'sha256sum "$(which a)" > a.sums\n',
        "b.sh": "cat a.sums; " + "b3sum " * n + "\n",
    },
    "audit-ignores": lambda n: {
        ".cargo/audit.toml": "[advisories]\nignore = [" + each('"RUSTSEC-2020-#", ', n) + "]\n",
        WORKFLOW: JOB + "      - run: cargo audit\n",
        "Cargo.lock": LOCK,
    },
}

JUST = "https://github.com/casey/just/releases/download"
FETCH = f"curl -LO {JUST}/1/"
DOWNLOADS: dict[str, Text] = {
    "used-once": lambda n: each(f"{FETCH}a#.tgz\ntar xf a#.tgz\n", n),
    "used-last": lambda n: each(f"{FETCH}a#.tgz\n", n) + each("tar xf a#.tgz\n", n),
    "used-never": lambda n: each(f"{FETCH}a#.tgz\ntar xf b#.tgz\n", n),
    "unknown-names": lambda n: each(f"{FETCH}a$A#b$B#.tgz\ntar xf a$C#b$D#.tgz\n", n),
    "long-names": lambda n: f"{FETCH}" + "a$A" * 60 + "\n" + ("tar xf " + "a$B" * 60 + "\n") * n,
    "long-url": lambda n: f"{FETCH}" + "a$A" * n + "\n",
    "globs": lambda n: FETCH + "a" * n + "\n" + "tar xf " + "*a" * n + "\n",
    "renamed": lambda n: f"{FETCH}a0\n" + each("mv a# a@@\n", n) + f"tar xf a{n}\n",
    "verified": lambda n: each(f'{FETCH}a#.tgz\necho "$S  a#.tgz" | sha256sum -c\ntar xf a#.tgz\n', n),
    "verified-last": lambda n: each(f"{FETCH}a#\ntar xf a#\n", n) + each('echo "$S  a#" | sha256sum -c\n', n),
    "hidden-failures": lambda n: each(f'{FETCH}a#\necho "$S  a#" | sha256sum -c || true\ntar xf a#\n', n),
    "comparisons": lambda n: each(f'{FETCH}a#\nx#=$(sha256sum a#)\n[ "$x#" = 1 ] || echo\ntar xf a#\n', n),
    "one-comparison": lambda n: f"{FETCH}a\ntar xf a\n" + 'x=$(sha256sum a)\n[ "$x" = 1 ] || echo\n' * n,
    "digests-fetched": lambda n: each(f"{FETCH}a#\n{FETCH}a#.sha256\nsha256sum -c a#.sha256\ntar xf a#\n", n),
    "lists": lambda n: f"{FETCH}a\ntar xf a\nsha256sum -c <<< '" + each("$S  b#\n", n) + "'\n",
    "variable-chain": lambda n: "A0=x\n" + each("A@@=$A#$A#\n", n) + f'{FETCH}"$A{n}$B"\ntar xf "$A{n}$B"\n',
    "variables": lambda n: each("A#=$B\n", n) + FETCH + each("$A#", n) + "\n",
    "pipes": lambda n: f"curl -L {JUST}/1/a " + "| cat " * n + "| tar x\n",
    "short-pipes": lambda n: f"curl -L {JUST}/1/a | gunzip | tee b | tar x\n" * n,
    "functions": lambda n: each("f#() { " + FETCH + "$1; }\ntar xf $1\n", n),
    "records": lambda n: each('sha256sum "$(which a#)" > a#.sha256\n', n),
    "options": lambda n: "curl " + "-o a " * n + each(f"{JUST}/1/a# ", n) + "\n",
}
LISTED: dict[str, Shape] = {
    "digests": lambda n: {
        "a.sh": f"{FETCH}a\ntar xf a\n",
        "Cargo.toml": "[workspace.metadata.dunnage.digests]\n" + each(f'"{JUST}/#" = "sha256:{"a" * 64}"\n', n),
    },
    "fixes": lambda n: {
        "Dockerfile": "FROM a\n" + each(f"RUN {FETCH}a# && tar xf a#\n", n),
        "Cargo.toml": "[workspace.metadata.dunnage.digests]\n" + each(f'"{JUST}/1/a#" = "sha256:{"a" * 64}"\n', n),
    },
    "adds": lambda n: {"Dockerfile": "FROM a\n" + each(f"ADD {JUST}/1/a# /b#\nRUN tar xf /b#\n", n)},
    "powershell": lambda n: {
        WORKFLOW: JOB.replace(": x", ": windows-2025")
        + each(f"      - run: |\n          iwr {JUST}/1/a -OutFile a#.zip\n          Expand-Archive a#.zip\n", n)
    },
    "powershell-variables": lambda n: {
        WORKFLOW: JOB.replace(": x", ": windows-2025")
        + "      - run: |\n"
        + each(f'          $a# = "{JUST}/1/a#-$env:B"\n          iwr $a# -OutFile $b#\n          tar xf $b#\n', n)
    },
}

SANDBOX: dict[str, Shape] = {
    "mounts": lambda n: {"Dockerfile": "FROM a\nRUN" + each(" --mount=type=secret,id=a#", n) + " cargo build\n"},
    "steps-after-fetches": lambda n: {"Dockerfile": "FROM a\n" + "RUN cargo fetch\nRUN cargo build --frozen\n" * n},
    "steps-with-scripts": lambda n: {
        "Dockerfile": "FROM a\n" + each("COPY . /src#\n", n) + "WORKDIR /src0\n" + "RUN ./a.sh && make\n" * n,
        "a.sh": "cargo build\n",
        "Makefile": "all:\n\tcargo build\n",
    },
    "containers": lambda n: {"a.sh": "docker run -v .:/src a /src/a.sh\ndocker run a $0\n" * n + "cargo build\n" * n},
    "container-options": lambda n: {"a.sh": "docker run" + " -v a:/b" * n + " a sh -c '" + "cargo build;" * n + "'\n"},
    "named-containers": lambda n: {
        "a.sh": each("docker run --name a# b c\n", n) + each("docker exec a# cargo build\n", n)
    },
}

DEPENDABOT = ".github/dependabot.yml"
PINNED = "cargo install a@1.2.3\n"


def _patterns(*, custom: bool, pattern: Text) -> Shape:
    """A configuration of Renovate with patterns of files, or of versions, beside a pinned tool."""
    section = (
        '{"managerFilePatterns": ["**/*"], "matchStrings": [%s], "datasourceTemplate": "x", "depNameTemplate": "x"}'
    )
    section = f'{{"customManagers": [{section}]}}' if custom else '{"ignorePaths": ["b"], "cargo": {"fileMatch": [%s]}}'
    return lambda count: {"x.sh": PINNED, "renovate.json": section % pattern(count).rstrip(",")}


def _folders(count: int) -> Files:
    """Crates in folders beside each other, and the lock of one."""
    return {"Cargo.lock": LOCK, **{f"d{number}/Cargo.toml": CRATE for number in range(count)}}


BOTS: dict[str, Shape] = {
    "open-arrays": one("renovate.json", lambda n: "[" * n),
    "open-comments": one("renovate.json5", lambda n: "/*" * n),
    "comments": one("renovate.json5", lambda n: "/**///\n" * n),
    "strings": one("renovate.json5", lambda n: "'a" * n),
    "escapes": one("renovate.json5", lambda n: "'" + "\\ud800\\u0041" * n),
    "digits": one("renovate.json5", lambda n: "0x" + "f" * n),
    "keys": one("renovate.json", lambda n: "{" + each('"#":{},', n) + "}"),
    "ignored-paths": lambda n: {
        "Cargo.toml": CRATE,
        "Cargo.lock": LOCK,
        "renovate.json": '{"ignorePaths": [' + each('"#*a*",', n) + '"b"]}',
    },
    "file-patterns": _patterns(custom=False, pattern=lambda n: each('"#a*a*$",', n)),
    "expressions": _patterns(custom=True, pattern=lambda n: each('"(a*)*#(.|.)*(?<currentValue>.*)b",', n)),
    "long-expression": _patterns(custom=True, pattern=lambda n: '"' + "a|" * n + '"'),
    "repeated-expression": _patterns(custom=True, pattern=lambda n: '"' + "(" * n + "a" + "{9})" * n + '"'),
    "directories": one(
        DEPENDABOT,
        lambda n: "updates:\n- package-ecosystem: cargo\n  directories:\n" + each("  - '/**/*a#*/**'\n", n),
    ),
    "long-glob": one(
        DEPENDABOT, lambda n: "updates:\n- {package-ecosystem: cargo, directory: '" + "*{a,b}" * n + "'}\n"
    ),
    "entries": one(DEPENDABOT, lambda n: "updates:\n" + each("- {package-ecosystem: cargo, directory: /a#}\n", n)),
    "directories-in-entries": lambda n: {
        **_folders(100),
        DEPENDABOT: "updates:\n"
        + each("- {package-ecosystem: cargo, directory: /d#, directories: ['/**/a*', '/x#']}\n", n),
    },
    "one-directory": lambda n: {
        **_folders(100),
        DEPENDABOT: "updates:\n- {package-ecosystem: cargo, directories: [" + "'/**/*a*b*c*', " * n + "]}\n",
    },
    "entries-switched-off": lambda n: {
        **_folders(100),
        DEPENDABOT: "updates:\n"
        + each("- {package-ecosystem: cargo, directories: ['/**', '/d#'], open-pull-requests-limit: 0}\n", n),
    },
    "deep-directory": lambda n: {
        **_folders(100),
        DEPENDABOT: "updates:\n- {package-ecosystem: cargo, directory: '" + "d0/" * n + "'}\n",
    },
    "globs-with-braces": one(
        DEPENDABOT,
        lambda n: (
            "updates:\n- package-ecosystem: cargo\n  directories:\n"
            + each("  - '/{a,b,c,d}/{a,b,c,d}" + "[a-z]*" * 100 + "#'\n", n)
        ),
    ),
    "one-ignored-path": lambda n: {
        **_folders(50),
        "renovate.json": '{"ignorePaths": [' + '"**/*a*b*c*/**",' * n + '"b"]}',
    },
    "ranges-in-a-glob": _patterns(custom=False, pattern=lambda n: '"' + "{." * n + '"'),
    "tools": lambda n: {"x.sh": each("cargo install a#@1.2.3\n", n), DEPENDABOT: "updates: []\n"},
    "versions": lambda n: {"x.sh": each("cargo install --version 1.2.3 a#\n", n), DEPENDABOT: "updates: []\n"},
    "variables": lambda n: {"x.sh": each("V#=1.2.3\ncargo install a#@$V#\n", n), DEPENDABOT: "updates: []\n"},
    "listed-tools": lambda n: {
        "Cargo.toml": "[workspace.metadata.dunnage.tools]\n" + each('a# = "1.2.3"\n', n),
        DEPENDABOT: "updates: []\n",
    },
    "from": lambda n: {"Dockerfile": "FROM " + "a" * n, DEPENDABOT: "updates: []\n"},
    "repetitions-of-nothing": _patterns(
        custom=True, pattern=lambda n: '"' + "(" * min(n, 40) + "){9}" * min(n, 40) + '"'
    ),
    "ranges-in-an-expression": _patterns(
        custom=True, pattern=lambda n: '"[' + "".join(chr(0x4E00 + 2 * i) for i in range(min(n, 900))) + ']{900}"'
    ),
    "entries-with-one-list": lambda n: {
        **_folders(2),
        DEPENDABOT: "x: &i ["
        + "{dependency-name: b, update-types: [a]}, " * n
        + "]\nupdates:\n"
        + "- {package-ecosystem: cargo, directory: /, ignore: *i}\n" * n,
    },
    "job-that-may-update": lambda n: {**_folders(2), WORKFLOW: "on: {schedule: []}\n# " + "cargo-+" * n + "\n"},
    "versions-in-a-line": lambda n: {
        "Dockerfile": "FROM a\n"
        + each("RUN echo " + "1.2.3/" * 30 + " && cargo install foo# --version 9.9.9\n", 2 + n // 400)
        + f"# {'/' * n}\n",
        DEPENDABOT: "updates: []\n",
    },
    "tools-of-actions": lambda n: {
        WORKFLOW: f"x: &t '{each('a#@1.2.3,', n)}'\n"
        + JOB
        + "      - {uses: taiki-e/install-action@v2, with: {tool: *t}}\n" * n,
        DEPENDABOT: "updates: []\n",
    },
    "scripts-of-npm": lambda n: {
        "package.json": f'{{"scripts": {{{each(chr(34) + "s#" + chr(34) + ":" + chr(34) + "cargo install a" + chr(34) + ",", n)}"z":""}}}}',
        DEPENDABOT: "updates: []\n",
    },
    "comments-after-open-strings": one("renovate.json5", lambda n: "// dunnage: x\n" + '"\\a::\\' * n),
}

SHAPES: dict[str, Shape] = {
    **{f"bots-{name}": shape for name, shape in BOTS.items()},
    **{f"sandbox-{name}": shape for name, shape in SANDBOX.items()},
    **{f"downloads-{name}": one("a.sh", text) for name, text in DOWNLOADS.items()},
    **{f"downloads-{name}": shape for name, shape in LISTED.items()},
    **{f"shell-{name}": one("a.sh", text) for name, text in SHELL.items()},
    **{f"dockerfile-{name}": one("Dockerfile", text) for name, text in DOCKERFILE.items()},
    **{f"github-{name}": one(WORKFLOW, text) for name, text in GITHUB.items()},
    **{f"gitlab-{name}": one(".gitlab-ci.yml", text) for name, text in GITLAB.items()},
    **{f"circleci-{name}": one(".circleci/config.yml", text) for name, text in CIRCLECI.items()},
    **{f"makefile-{name}": one("Makefile", text) for name, text in MAKEFILE.items()},
    **{f"justfile-{name}": one("justfile", text) for name, text in JUSTFILE.items()},
    **{f"cargo-{name}": shape for name, shape in CARGO.items()},
    **{f"deny-{name}": one("deny.toml", text) for name, text in DENY.items()},
    **{f"wit-{name}": one("wit/a.wit", text) for name, text in WIT.items()},
    **{f"wit-project-{name}": shape for name, shape in WIT_PROJECTS.items()},
    **{f"several-{name}": shape for name, shape in SEVERAL.items()},
    **CI_SHAPES,
}


def sized(shape: Shape, size: int) -> Files:
    """The files of a shape with about `size` bytes together."""
    low, high = 1, 2
    while high < size and _size(shape(high)) < size:
        low, high = high, 2 * high
    while high - low > max(low // 50, 1):
        middle = (low + high) // 2
        low, high = (middle, high) if _size(shape(middle)) < size else (low, middle)
    return shape(low)


def _size(files: Files) -> int:
    return sum(len(text.encode()) for text in files.values())
