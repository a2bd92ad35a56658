"""What every test stands on: cheap passwords, an outbox of its own, and the job queue run by hand."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.utils import translation
from procrastinate.contrib.django import app
from whitenoise.middleware import WhiteNoiseMiddleware

#: Playwright drives Chromium through an event loop of its own thread; the ORM is used beside it, not inside.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(autouse=True)
def _house(settings, tmp_path):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "coalition.outbox.EmailBackend"
    settings.OUTBOX = tmp_path / "outbox"
    settings.MEDIA_ROOT = tmp_path / "files"
    caches["default"].clear()
    with translation.override("en"):  # a page in another language leaves its language behind in this thread
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files_are_looked_for_once():
    """Each new client builds all middleware anew, and WhiteNoise then goes through every folder of static files."""
    look, kept = WhiteNoiseMiddleware.add_files_from_finders, {}

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not kept:
            look(middleware)
            kept.update(middleware.files)
        middleware.files.update(kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(autouse=True)
def _no_job_outlives_its_test(request):
    """The job table is not one of Django's, so what a test commits there is not flushed with the rest."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and marker.kwargs.get("transaction"):
        with request.getfixturevalue("django_db_blocker").unblock(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture(scope="module")
def stands_for_the_module(django_db_setup, django_db_blocker):
    """What a module's fixture makes inside `django_db_blocker.unblock()` stands for all its tests, and goes with them.

    The rows only: a test that changes one takes its change back, and should read the row anew instead of sharing it.
    """
    everything = transaction.atomic()
    with django_db_blocker.unblock():
        everything.__enter__()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        everything.__exit__(None, None, None)


@pytest.fixture
def run_jobs() -> Callable[..., int]:
    """Does what the worker would do with every job that waits, delays passed; returns how many there were.

    Documents take seconds to make, so that is left undone but for tests that ask: `run_jobs(documents=True)`.
    The jobs are the real rows, in the transaction of the test; the worker itself is tested in tests/test_worker.py.
    """

    def run(documents: bool = False) -> int:
        done = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id, task_name, args::text FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
                )
                waiting = cursor.fetchall()
            if not waiting:
                return done
            for job, task, arguments in waiting:
                is_left_out = task == "letters.tasks.render_documents" and not documents
                if not is_left_out:
                    app.tasks[task].func(**json.loads(arguments))
                    done += 1
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])

    return run


@pytest.fixture
def outbox(settings) -> Callable[[], list[EmailMessage]]:
    """The messages that have left, oldest first, read back from their files."""

    def read() -> list[EmailMessage]:
        files = sorted(Path(settings.OUTBOX).glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [BytesParser(policy=default).parsebytes(file.read_bytes()) for file in files]

    return read


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, so that no process is left with a long one at the end; else the order stays random."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """What is there by now stays until the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI runs, a skipped test is a failure: nothing may be left out there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
