"""The code of a crate that runs when its dependents are compiled: a build script, or a procedural macro.

The lock does not record this. It is read from an archive that has the checksum in the lock, or from a vendored folder.
Source of the rules: the Cargo book, "The Manifest Format", `build` and `proc-macro`.
"""

import hashlib
import os
from collections.abc import Container, Iterable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

from dunnage.cargo.config_files import Read, VendoredCrate, read_crate
from dunnage.cargo.lockfile import LockedPackage
from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.review import archive
from dunnage.review.archive import ArchiveError
from dunnage.review.cargo_home import CargoHome
from dunnage.review.policies import vendored_folder
from dunnage.review.reviews import MANIFEST

_SCRIPT = "build.rs"


class CompileTimeCode(NamedTuple):
    """The code of a crate that runs during compilation."""

    script: str
    """The path of its build script; empty if it has none."""
    is_macro: bool
    license: str
    """What its manifest says: an SPDX expression, or empty."""

    def __str__(self) -> str:
        parts = (
            f"a build script ({self.script})" if self.script else "",
            "a procedural macro" if self.is_macro else "",
        )
        return " and ".join(filter(None, parts))

    def __bool__(self) -> bool:
        return bool(self.script) or self.is_macro

    @property
    def verb(self) -> str:
        """The predicate of a sentence about it: both run, or it runs."""
        return "run" if self.script and self.is_macro else "runs"


class Contents:
    """The crates whose content is available: on this machine, or vendored in the repository, now or before."""

    def __init__(self, home: CargoHome, *vendored: "Vendored") -> None:
        self.home = home
        self._vendored = vendored

    def code(self, package: LockedPackage) -> CompileTimeCode | None:
        """The code of a package that runs during compilation; None if its content is not available.

        Raises ArchiveError if its content is in doubt.
        """
        found = self.home.archives(package).data
        if found is not None:
            files = archive.read(found, f"{package.name}-{package.version}", (MANIFEST,))
            return _code(files[MANIFEST].data if MANIFEST in files else b"", files)
        return next((code for vendored in self._vendored if (code := vendored.code(package)) is not None), None)

    def script(self, package: LockedPackage, path: str) -> bytes | None:
        """The text of a package's build script; None if it is not available, or too large."""
        found = self.home.archives(package).data
        if found is None:
            return next(
                (text for vendored in self._vendored if (text := vendored.file(package, path)) is not None), None
            )
        try:
            file = archive.read(found, f"{package.name}-{package.version}", (path,)).get(path)
        except ArchiveError:
            return None
        return file.data if file and len(file.data) == file.size else None


def contents_at(tree: Tree, folder: str, home: CargoHome, bases: Iterable[Read] = ()) -> Contents:
    """The available crates for the lock in a folder; `bases` read the files of the commits that it is compared with."""
    vendored = vendored_folder(tree, folder)
    if vendored is None:
        return Contents(home)
    return Contents(home, *(Vendored(vendored, read) for read in (Tree().content, *bases)))


class Vendored:
    """A folder to which `cargo vendor` copied crates."""

    def __init__(self, folder: str, read: Read) -> None:
        self._folder = folder
        self._read = read
        # A lock may have any number of packages with one checksum.
        self._crate = cache(partial(read_crate, read))
        self._code = cache(self._read_code)
        self._file = cache(self._read_file)

    def code(self, package: LockedPackage) -> CompileTimeCode | None:
        """The code of a vendored package that runs during compilation; None if it is not vendored as recorded.

        Raises ArchiveError if its manifest cannot be read.
        """
        for folder, _ in self._crates(package):
            found = self._code(folder)
            if isinstance(found, ArchiveError):
                raise found.with_traceback(None)
            return found
        return None

    def file(self, package: LockedPackage, path: str) -> bytes | None:
        """The content of a file of a vendored package; None if it is not vendored as recorded."""
        found = (self._file(folder, path) for folder, _ in self._crates(package))
        return next((data for data in found if data is not None), None)

    def _read_code(self, folder: str) -> CompileTimeCode | ArchiveError | None:
        crate = self._crate(folder)
        try:
            return _code(crate.manifest, crate.files) if crate else None
        except ArchiveError as error:
            return error

    def _read_file(self, folder: str, path: str) -> bytes | None:
        crate = self._crate(folder)
        data = self._read(os.path.join(folder, path)) if crate and path in crate.files else None
        is_recorded = crate and data is not None and hashlib.sha256(data).hexdigest() == crate.files[path]
        return data if is_recorded else None

    def _crates(self, package: LockedPackage) -> Iterator[tuple[str, VendoredCrate]]:
        """The folders in which a package is, by its checksum: those of other versions may have the same name."""
        for name in (package.name, f"{package.name}-{package.version}"):
            folder = os.path.join(self._folder, name)
            crate = self._crate(folder)
            if crate is not None and crate.checksum == package.checksum:
                yield folder, crate


def _code(manifest: bytes, files: Container[str]) -> CompileTimeCode:
    """Read a manifest. Raises ArchiveError if Cargo could not read it."""
    try:
        data = toml.parse(File(MANIFEST, manifest))
    except SourceError as error:
        raise ArchiveError(f"contains a Cargo.toml that {error.message}") from None
    package = toml.table_at(data, ("package",)) or toml.table_at(data, ("project",))
    if not isinstance(package.get("name"), str):
        raise ArchiveError("contains no Cargo.toml of a package")
    build = package.get("build")
    script = build if isinstance(build, str) else ""
    if build is True or (build is None and _SCRIPT in files):
        script = _SCRIPT
    expression = package.get("license")
    return CompileTimeCode(
        script, _is_macro(toml.table_at(data, ("lib",))), expression if isinstance(expression, str) else ""
    )


def _is_macro(library: dict[str, Any]) -> bool:
    kinds = library.get("crate-type", library.get("crate_type"))
    return (
        library.get("proc-macro") is True
        or library.get("proc_macro") is True
        or (isinstance(kinds, list) and "proc-macro" in kinds)
    )
