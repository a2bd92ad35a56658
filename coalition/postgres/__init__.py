"""Our own PostgreSQL for `make run` and `make test`, before Django: made, started, stopped. Standard library only."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from coalition import processes
from coalition.postgres.orphans import end_orphan
from coalition.postgres.places import Place, hand_over, only_user_of, place_of, socket_folder
from coalition.postgres.programs import ENVIRONMENT, OLDEST, major_version, programs_for
from coalition.processes import CannotStart, Command, wait_until

DATABASE = "coalition"
ROLE = "app"
PATIENCE = 60.0
# The log holds no address and no name of a signer: Postgres would write both at every refused row.
DISCREET = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
SOCKET_ONLY = {"listen_addresses": "", "unix_socket_permissions": "0700"}
# What the tests leave behind may be lost with the power; nothing else may.
DISPOSABLE = {"fsync": "off", "full_page_writes": "off"}

#: Our server while it runs, for whoever watches over it.
started: dict[str, subprocess.Popen[bytes]] = {}


@contextmanager
def running(root: Path, name: str) -> Iterator[str]:
    """The DATABASE_URL of our own Postgres, which runs as long as this block does; `name` has its own data."""
    place = place_of(root, name)
    with only_user_of(place):
        end_orphan(place)
        programs = programs_for(root, place)
        if not place.data.exists():
            create_cluster(place, programs)
        sockets = socket_folder(place)
        server = start(place, programs, sockets, DISPOSABLE if name == "test" else {})
        started["database"] = server
        try:
            create_database(programs, sockets)
            # In this form libpq and Django both read it; a host with %2F in it, django-environ does not decode.
            yield f"postgres://{ROLE}@/{DATABASE}?host={quote(str(sockets), safe='')}"
        finally:
            started.clear()
            processes.stop(server, farewell=signal.SIGINT, patience=PATIENCE)


def create_cluster(place: Place, programs: Path) -> None:
    draft = place.data.with_name("data.new")  # a run that is killed meanwhile leaves no half-made data
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    hand_over(draft, place.account)
    flags = ["-U", ROLE, "-A", "trust", "-E", "UTF8", *locale_flags(major_version(programs) or OLDEST)]
    maker = launch(place, [programs / "initdb", "-D", draft, *flags], cwd=draft)
    if maker.wait() != 0:
        raise CannotStart(f"PostgreSQL could not make its data; {end_of(place.log)}")
    draft.rename(place.data)


def locale_flags(major: int) -> list[str]:
    """With ctype C, pg_trgm finds no trigram in Chinese or Tibetan, and no build here has ICU."""
    ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    if major >= 17:
        return ["--locale=C", f"--lc-ctype={ctype}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [f"--locale={ctype}"]


def start(place: Place, programs: Path, sockets: Path, more: dict[str, str]) -> subprocess.Popen[bytes]:
    settings = [f"--{name}={value}" for name, value in (SOCKET_ONLY | DISCREET | more).items()]
    command: Command = [programs / "postgres", "-D", place.data, "-k", sockets, "-p", "5432", *settings]
    for _ in range(20):
        server = launch(place, command, cwd=place.data)
        if becomes_ready(place, server):
            return server
        processes.stop(server, farewell=signal.SIGINT, patience=PATIENCE)
        if "is still in use" not in end_of(place.log):
            break
        time.sleep(0.5)  # after a kill -9 of Postgres itself, the last of its processes need a moment to notice
    raise CannotStart(f"PostgreSQL did not start; {end_of(place.log)}")


def launch(place: Place, command: Command, cwd: Path) -> subprocess.Popen[bytes]:
    with place.log.open("wb") as log:
        return processes.start(
            command, farewell=signal.SIGINT, account=place.account, env=ENVIRONMENT, cwd=cwd, output=log
        )


def end_of(log: Path) -> str:
    return f"the end of {log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def becomes_ready(place: Place, server: subprocess.Popen[bytes]) -> bool:
    wait_until(lambda: server.poll() is not None or is_ready(place, server.pid), seconds=PATIENCE)
    return server.poll() is None and is_ready(place, server.pid)


def is_ready(place: Place, pid: int) -> bool:
    """Postgres writes its state into the eighth line of this file, which is also how pg_ctl knows."""
    with suppress(FileNotFoundError):
        lines = (place.data / "postmaster.pid").read_text().splitlines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"
    return False


def create_database(programs: Path, sockets: Path) -> None:
    missing = f"SELECT 'CREATE DATABASE {DATABASE}' WHERE NOT EXISTS"
    question = f"{missing} (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec"
    command: Command = [programs / "psql", "-h", sockets, "-U", ROLE, "-d", "postgres", "-qX", "-v", "ON_ERROR_STOP=1"]
    made = processes.ask(command, env=ENVIRONMENT, said=question)
    if made.returncode != 0:
        raise CannotStart(f"PostgreSQL did not make the database {DATABASE}:\n{made.stderr.strip()}")
