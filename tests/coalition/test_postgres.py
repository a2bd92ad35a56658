"""Our own Postgres: it starts, it stops, and nothing that is killed stays behind or in the way."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from coalition import postgres
from coalition.postgres import orphans, places, programs
from coalition.processes import Account, CannotStart
from tests.coalition.machine import PROJECT, comes_true, end, folder_of_our_own, is_quiet, processes_of

pytestmark = pytest.mark.slow
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
IS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with folder_of_our_own() as folder:
        yield folder


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
        return row and row[0]


def order(url: str, words: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(words)


@contextmanager
def another_run(root: Path) -> Iterator[subprocess.Popen]:
    """A run in a process of its own, which can be killed."""
    program = (
        "import pathlib, signal, sys; from coalition import postgres, processes; processes.leave_on_signals()\n"
        "with postgres.running(pathlib.Path(sys.argv[1]), 'run') as url: print(url, flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", program, root]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout.readline().startswith("postgres://")
            yield run
        finally:
            run.terminate()


def test_starts_and_stops(root):
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT current_database()") == "coalition"
        assert ask(url, "SHOW listen_addresses") == ""
        assert processes_of(root)
    assert not processes_of(root)


def test_keeps_its_data(root):
    with postgres.running(root, "run") as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('here')")
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT word FROM kept") == "here"


def test_tests_can_run_beside_a_run(root):
    with postgres.running(root, "run") as run, postgres.running(root, "test") as test:
        assert run != test
        assert ask(run, "SELECT 1") == ask(test, "SELECT 1") == 1


def test_makes_the_database_again_when_it_is_missing(root):
    with postgres.running(root, "run") as url:
        order(url.replace("/coalition?", "/postgres?"), "DROP DATABASE coalition")
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["藏人行政中央", "བོད་", "Žižek", "Amnesty"])
def test_finds_trigrams_in_every_script(root, name):
    with postgres.running(root, "run") as url, psycopg.connect(url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        (trigrams,) = connection.execute("SELECT show_trgm(%s)", [name]).fetchone()
        assert trigrams


def test_log_holds_no_name_of_a_signer(root):
    with postgres.running(root, "run") as url:
        order(url, "CREATE TABLE IF NOT EXISTS signer (email text UNIQUE)")
        for _ in range(2):
            try:
                with psycopg.connect(url) as connection:
                    connection.execute("INSERT INTO signer VALUES (%s)", ["amina@example.org"])
            except psycopg.errors.UniqueViolation:
                break
    log = (places.place_of(root, "run").log).read_text()
    assert "unique constraint" in log
    assert "amina" not in log


def test_second_run_on_the_same_data_is_refused(root):
    with another_run(root), pytest.raises(CannotStart, match=r"Another run .* DATABASE_URL"):
        postgres.running(root, "run").__enter__()
    assert is_quiet(root)


def test_sigterm_stops_it(root):
    with another_run(root) as run:
        assert end(run, signal.SIGTERM) == 0
        assert not processes_of(root)


@linux_only
def test_kill_9_of_the_run_leaves_no_process_and_the_next_one_starts(root):
    with another_run(root) as run:
        end(run, signal.SIGKILL)
        assert is_quiet(root)
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT 1") == 1


@linux_only
def test_next_run_need_not_wait_for_the_killed_one(root):
    with another_run(root) as run:
        end(run, signal.SIGKILL)
        with postgres.running(root, "run") as url:
            assert ask(url, "SELECT 1") == 1


def test_kill_9_of_postgres_itself_is_recovered_from(root):
    place = places.place_of(root, "run")
    with postgres.running(root, "run") as url:
        order(url, "CREATE TABLE IF NOT EXISTS survivor ()")
        os.kill(orphans.postmaster(place.data / "postmaster.pid"), signal.SIGKILL)
    assert (place.data / "postmaster.pid").exists()
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT count(*) FROM survivor") == 0


def test_stale_number_of_another_program_is_no_obstacle(root):
    with postgres.running(root, "run"):
        pass
    stale = places.place_of(root, "run").data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n")
    with postgres.running(root, "run") as url:
        assert ask(url, "SELECT 1") == 1


def test_live_server_without_a_run_is_ended_first(root):
    with postgres.running(root, "run"):
        pass
    place = places.place_of(root, "run")
    server = programs.programs_for(root, place) / "postgres"
    account = place.account
    orphan = subprocess.Popen(
        [server, "-D", place.data, "-k", places.socket_folder(place), "--listen_addresses="],
        cwd=place.data,
        user=account and account.uid,
        group=account and account.gid,
        extra_groups=account and [],
        stderr=subprocess.DEVNULL,
    )
    with orphan:
        assert comes_true(lambda: postgres.is_ready(place, orphan.pid))
        with postgres.running(root, "run") as url:
            assert orphan.poll() == 0
            assert ask(url, "SELECT 1") == 1


def test_half_made_data_is_made_again(root):
    place = places.place_of(root, "half")
    (place.folder / "data.new").mkdir()
    (place.folder / "data.new" / "PG_VERSION").write_text("18\n")
    with postgres.running(root, "half") as url:
        assert ask(url, "SELECT 1") == 1


def test_data_of_a_version_that_is_not_here_is_named(root):
    place = places.place_of(root, "old")
    place.data.mkdir(parents=True, exist_ok=True)
    (place.data / "PG_VERSION").write_text("11\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL 11.*make clean-local"):
        postgres.running(root, "old").__enter__()


def test_deep_folder_has_its_socket_elsewhere(root):
    deep = root / ("deep" * 20)
    deep.mkdir()
    with postgres.running(deep, "run") as url:
        assert ask(url, "SELECT 1") == 1
    sockets = places.socket_folder(places.place_of(deep, "run"))
    assert deep not in sockets.parents
    assert sockets.stat().st_mode & 0o077 == 0
    shutil.rmtree(sockets)


def test_socket_folder_of_somebody_else_is_refused(root):
    place = places.Place(root / ("elsewhere" * 9), None)
    trap = places.distant_socket_folder(place)
    trap.symlink_to(root)
    try:
        with pytest.raises(CannotStart, match="closed to others"):
            places.socket_folder(place)
    finally:
        trap.unlink()


def test_closed_home_stays_closed():
    with folder_of_our_own() as home:
        home.chmod(0o700)
        with postgres.running(home, "run") as url:
            assert ask(url, "SELECT 1") == 1
        assert home.stat().st_mode & 0o777 == 0o700
        # The user that runs Postgres for root can't enter here, so the data lies elsewhere, and a note says where.
        note = home / ".local" / "pg.path"
        kept = Path(note.read_text().strip()) if IS_ROOT else home / ".local" / "pg"
        assert (kept / "run" / "data").exists()


def test_data_stays_with_the_user_who_made_it(root):
    theirs = Account(65534, 65534) if IS_ROOT else None
    place = places.place_of(root, "theirs")
    place.data.mkdir()
    places.hand_over(place.data, theirs)
    assert places.place_of(root, "theirs").account == theirs


# The command


@pytest.fixture
def command(root) -> Iterator[list[str]]:
    """`python -m coalition.postgres` of a project of its own: a copy of the few modules that it needs."""
    house = root / "coalition"
    if not house.exists():
        shutil.copytree(PROJECT / "coalition" / "postgres", house / "postgres")
        for name in ("__init__.py", "local.py", "processes.py"):
            shutil.copy(PROJECT / "coalition" / name, house / name)
    return [sys.executable, "-m", "coalition.postgres"]


def variables(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **more}


def test_command_gets_a_database_and_its_exit_code_is_ours(root, command):
    script = 'echo "$DATABASE_URL $COALITION_LOCAL $FIELD_KEYS"; exit 7'
    done = subprocess.run(
        [*command, "--", "sh", "-c", script], cwd=root, env=variables(), capture_output=True, text=True
    )
    url, local, keys = done.stdout.split()
    assert done.returncode == 7
    assert url.startswith("postgres://app@/coalition?host=")
    assert local == "1"
    assert len(keys) == 44
    assert not (root / ".local" / "keys").exists()
    assert not processes_of(root)


def test_command_keeps_the_database_it_is_given(root, command):
    done = subprocess.run(
        [*command, "--", "sh", "-c", "echo $DATABASE_URL"],
        cwd=root,
        env=variables(DATABASE_URL="postgres://elsewhere/x"),
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "postgres://elsewhere/x"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_command_gets_the_signals(root, command, sent):
    program = (
        f"import signal, sys, time; signal.signal({int(sent)}, lambda *_: sys.exit(40)); print('ready', flush=True)\n"
        "while True: time.sleep(0.05)"
    )
    with subprocess.Popen(
        [*command, "--", sys.executable, "-c", program], cwd=root, env=variables(), stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout.readline() == "ready\n"
        assert end(run, sent) == 40
    assert not processes_of(root)


@linux_only
def test_kill_9_of_the_command_leaves_no_process(root, command):
    with subprocess.Popen(
        [*command, "--", sys.executable, "-c", f"import time; print('ready', flush=True); time.sleep(60)  # {root}"],
        cwd=root,
        env=variables(),
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout.readline() == "ready\n"
        end(run, signal.SIGKILL)
        assert is_quiet(root)


def test_command_that_does_not_exist_is_named(root, command):
    done = subprocess.run([*command, "--", "no-such-thing"], cwd=root, env=variables(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "no-such-thing is not a command here.\n")


def test_clean_removes_everything_but_never_under_a_live_server(root, command):
    with another_run(root):
        refused = subprocess.run([*command, "clean"], cwd=root, env=variables(), capture_output=True, text=True)
        assert "Another run" in refused.stderr
        assert places.place_of(root, "run").data.exists()
    done = subprocess.run([*command, "clean"], cwd=root, env=variables(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (root / ".local").exists()
