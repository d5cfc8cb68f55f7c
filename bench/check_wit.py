"""Measures the hooks about WIT on generated files against a bare Python start.

check-wit-limits reads one file, as in a commit; a thousand, in packages of ten files; and how much of them it reads in
a second above the time that it takes to start. check-wit-lock and check-wit-pins look at the project that a file is of.
`make bench` runs it; the arguments are how many rounds, and a folder of real WIT files to measure too, in which nothing
is to be found.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.check_cargo_lock import install, medians, process
from dunnage.wit import wit_deps

HEADER = "package example:package-{package}@0.2.0;\n"
INTERFACE = """
/// Something that is described in a few lines of text, as most of what is in WIT is, so that whoever uses it knows
/// what it is for.
@since(version = 0.2.0)
interface part-{number}-{letter} {{
    use example:other/streams@0.2.0.{{input-stream, output-stream as output}};

    /// What can go wrong.
    enum error-code {{
        access,
        would-block,
        invalid, // whatever that is
    }}

    record descriptor {{
        name: string,
        /// In bytes.
        size: u64,
        parts: list<tuple<string, option<u32>>>,
    }}

    variant answer {{
        nothing,
        some(descriptor),
        failed(error-code),
    }}

    resource handle {{
        constructor(name: string);
        read: func(length: u64, source: borrow<handle>) -> result<tuple<list<u8>, bool>, error-code>;
        open: static func(at: descriptor) -> result<handle, error-code>;
    }}

    ask: func(question: string, of: list<descriptor>) -> answer;
}}
"""


def text(number: int) -> str:
    """Return a file of two interfaces, which is about as long as real ones are on average: 2 KB."""
    interfaces = (INTERFACE.format(number=number, letter=letter) for letter in "ab")
    return HEADER.format(package=number // 10) + "".join(interfaces)


def write(folder: Path, count: int) -> list[str]:
    """Write so many files, ten in a folder, and return their names."""
    names = []
    for number in range(count):
        path = Path(f"packages/{number // 10}/part-{number}.wit")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text(number), encoding="utf-8")
        names.append(str(path))
    return names


def write_projects(folder: Path) -> None:
    """Write a project of wit-deps and one of wkg, each in order and with one dependency."""
    vendored = text(0).replace("package-0", "package-a").encode()
    url = f'url = "https://github.com/example/package/archive/{"0123456789" * 4}.tar.gz"\n'
    digests = wit_deps.digests({"part.wit": vendored})
    own = "package example:own@0.1.0;\nworld own {\n    import example:package-a/part-0-a@0.2.0;\n}\n"
    lock = (
        'version = 1\n\n[[packages]]\nname = "example:package-a"\nregistry = "example.com"\n\n[[packages.versions]]\n'
    )
    lock += f'requirement = "=0.2.0"\nversion = "0.2.0"\ndigest = "sha256:{digests.sha256}"\n'
    locked = f'[package]\n{url}sha256 = "{digests.sha256}"\nsha512 = "{digests.sha512}"\n'
    for name, data in {
        "wit-deps/wit/own.wit": own.encode(),
        "wit-deps/wit/deps/package/part.wit": vendored,
        "wit-deps/wit/deps.toml": f"[package]\n{url}".encode(),
        "wit-deps/wit/deps.lock": locked.encode(),
        "wkg/wit/own.wit": own.encode(),
        "wkg/wkg.lock": lock.encode(),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def size(folder: Path, names: list[str]) -> int:
    """Count the bytes in files."""
    return sum((folder / name).stat().st_size for name in names)


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        python, lock_hook = install(folder)
        hook, pins, lock = (str(Path(lock_hook[0]).parent / f"check-wit-{name}") for name in ("limits", "pins", "lock"))
        names = write(folder, 1000)
        write_projects(folder)
        alone = folder / "alone.wit"
        alone.write_text(text(0), encoding="utf-8")

        contestants = {
            "python -c pass": process(python, folder),
            "1 file": process([hook, "alone.wit"], folder),
            "1 file of a package of 10": process([hook, names[0]], folder),
            "1,000 files": process([hook, *names], folder),
            "check-wit-pins, wit-deps": process([pins, "wit-deps/wit/own.wit"], folder),
            "check-wit-pins, wkg": process([pins, "wkg/wit/own.wit"], folder),
            "check-wit-lock, wit-deps": process([lock, "wit-deps/wit/own.wit"], folder),
            "check-wit-lock, vendored": process([lock, "wit-deps/wit/deps/package/part.wit"], folder),
            "check-wit-lock, wkg": process([lock, "wkg/wit/own.wit"], folder),
        }
        sizes = {"1,000 files": size(folder, names)}
        if len(arguments) > 1:
            real = sorted(str(path) for path in Path(arguments[1]).resolve().rglob("*.wit") if path.is_file())
            contestants["real files"] = process([hook, *real], folder)
            sizes["real files"] = size(folder, real)
        times = medians(contestants, rounds)
        start = times["python -c pass"]
        print(f"\nWIT text, medians of {rounds}; one file should take at most 3 times python:\n")
        for name, seconds in times.items():
            line = f"  {name:28}{seconds * 1000:8.1f} ms{seconds / start:8.2f} times python"
            if name in sizes:
                speed = sizes[name] / (seconds - times["1 file"]) / 1e6
                line += f"{speed:8.1f} MB/s above one file"
            print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
