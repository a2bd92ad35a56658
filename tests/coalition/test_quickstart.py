"""A run from nothing: it says what it does and how to get in, and leaves nothing behind however it ends."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from coalition import local
from tests.coalition.machine import PROJECT, end, folder_of_our_own, free_port, is_quiet, processes_of

#: One process of the test run has them all, because the first of them makes everything from nothing.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("quickstart")]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A copy of this project, whose first run makes everything; the runs after it find it there."""
    with folder_of_our_own() as folder:
        for name in ("coalition", "letters", "signatories", "templates"):
            shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "manage.py", folder)
        yield folder


class Run:
    """One `manage.py quickstart`, and what it has said until it was ready or had ended."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process = process
        self.page = f"http://127.0.0.1:{port}/"
        self.said = ""
        for line in process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                break

    @property
    def password(self) -> str:
        return re.search(r"with the password (\S+)", self.said)[1]

    def end(self, how: signal.Signals) -> int:
        code = end(self.process, how)
        self.said += self.process.stdout.read()
        return code


@contextmanager
def quickstart(project: Path, **variables: str) -> Iterator[Run]:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "PORT": str(port), **variables}
    with subprocess.Popen(
        [sys.executable, project / "manage.py", "quickstart"],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Run(process, port)
        finally:
            process.terminate()


def get(page: str, path: str = "") -> int:
    connection = http.client.HTTPConnection(page.removeprefix("http://").rstrip("/"))
    connection.request("GET", f"/{path}")
    with closing(connection):
        return connection.getresponse().status


def test_from_nothing_to_a_page_and_again(project):
    with quickstart(project) as first:
        assert f"Ready: {first.page}" in first.said
        assert get(first.page, "en/") == get(first.page, "admin/login/") == get(first.page, "outbox/") == 200
        assert first.end(signal.SIGTERM) == 0
    assert not processes_of(project)
    for name in ("keys", "sign-in"):
        assert (project / ".local" / name).stat().st_mode & 0o777 == 0o600, "closed to others"
    with quickstart(project) as second:
        assert "Making" not in second.said
        assert "Loading" not in second.said
        assert second.password == first.password
        assert second.end(signal.SIGINT) == 0
    assert not processes_of(project)


@linux_only
def test_kill_9_leaves_no_process_and_the_next_run_is_ready(project):
    with quickstart(project) as run:
        assert len(processes_of(project)) > 3
        run.end(signal.SIGKILL)
        assert is_quiet(project)
    with quickstart(project) as run:
        assert "Ready:" in run.said


@pytest.mark.parametrize(
    ("part", "name"), [("gunicorn", "web server"), ("procrastinate", "worker"), ("/postgres", "database")]
)
def test_part_that_dies_takes_the_rest_along_and_is_named(project, part, name):
    with quickstart(project) as run:
        children = psutil.Process(run.process.pid).children()
        next(child for child in children if any(word.endswith(part) for word in child.cmdline())).kill()
        assert run.process.wait(30) == 1
        assert f"The {name} has ended by itself" in run.process.stdout.read()
    assert is_quiet(project)


def test_taken_port_is_one_sentence_before_anything_starts(project):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with quickstart(project, PORT=str(port)) as run:
            assert run.process.wait(10) == 1
    assert run.said.startswith(f"Port {port} can't be had: ")
    assert run.said.count("\n") == 1
    assert " make run\n" in run.said


@pytest.mark.parametrize("port", ["eighty", "0", "70000"])
def test_port_that_is_none_is_one_sentence(project, port):
    with quickstart(project, PORT=port) as run:
        assert run.process.wait(10) == 1
    assert run.said == f"PORT is {port}, but should be a number below 65535, for example: PORT=8001 make run\n"


def test_database_that_does_not_answer_is_one_sentence(project):
    with quickstart(project, DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/x") as run:
        assert run.process.wait(20) == 1
    assert "The database does not work:" in run.said
    assert "Traceback" not in run.said


def test_keys_are_made_once_and_what_is_missing_is_added(tmp_path):
    file = tmp_path / ".local" / "keys"
    first = local.kept(file, local.fresh_keys())
    assert local.kept(file, local.fresh_keys()) == first
    file.write_text(f"SECRET_KEY={first['SECRET_KEY']}\n")
    file.chmod(0o644)
    assert local.kept(file, local.fresh_keys())["SECRET_KEY"] == first["SECRET_KEY"]
    assert set(local.kept(file, {})) == {"SECRET_KEY", "FIELD_KEYS", "DIGEST_KEY"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_keys_of_the_tests_are_never_those_of_a_run():
    assert not set(local.fresh_keys().values()) & set(local.fresh_keys().values())
