"""`manage.py quickstart`: one local run, from nothing to a page that answers, and to its end."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from coalition import local, postgres, processes
from coalition.processes import CannotStart

PATIENCE = 60.0
FOLLOW_PARENT = "--follow-parent"
Children = dict[str, subprocess.Popen[bytes]]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine's own page, so no proxy


@contextmanager
def prepared(root: Path) -> Iterator[None]:
    """What must be there before Django reads its settings: a free port, a database, keys. manage.py calls this."""
    processes.leave_on_signals()
    if FOLLOW_PARENT in sys.argv:
        processes.follow_parent(signal.SIGTERM)
    try:
        port = free_port()
        with database(root) as url:
            given = dict(os.environ)
            os.environ.update(local.for_run(root, port) | given | {"DATABASE_URL": url, "PORT": str(port)})
            yield
    except CannotStart as reason:
        sys.exit(str(reason))
    except PermissionError as refusal:
        sys.exit(f"{refusal.filename} belongs to another user. Run as that user, or remove it: sudo make clean-local")


def free_port() -> int:
    """The port to serve at, if nobody else does."""
    wish = os.environ.get("PORT") or "8000"
    if not wish.isdecimal() or not 0 < int(wish) < 65535:
        raise CannotStart(f"PORT is {wish}, but should be a number below 65535, for example: PORT=8001 make run")
    port = int(wish)
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError as refusal:
            reason = (refusal.strerror or str(refusal)).lower()
            way_out = f"PORT={max(port + 1, 8001)} make run"
            raise CannotStart(f"Port {port} can't be had: {reason}. Choose another one: {way_out}") from refusal
    return port


@contextmanager
def database(root: Path) -> Iterator[str]:
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    report("Starting PostgreSQL")
    with postgres.running(root, "run") as url:
        yield url


def report(progress: str) -> None:
    with suppress(OSError):  # a terminal that was closed must not keep us from stopping in order
        sys.stdout.write(f"{progress} …\n")
        sys.stdout.flush()


class Command(BaseCommand):
    help = "Runs Coalition on this machine, from nothing: database, sample letters, web server and worker."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(FOLLOW_PARENT, action="store_true", help="end when the process that started this one ends")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fill_database()
        except OperationalError as refusal:
            raise CommandError(f"The database does not work: {refusal}") from refusal
        page = f"http://127.0.0.1:{os.environ['PORT']}/"
        report("Starting the web server and the worker")
        children = {
            "web server": processes.start(web_server(), farewell=signal.SIGTERM),
            # When we are killed Postgres goes too, and without it a worker that is asked politely takes half a minute.
            "worker": processes.start(worker(), farewell=signal.SIGKILL),
        }
        try:
            wait_for(page, children)
            self.stdout.write(greeting(page))
            self.stdout.flush()
            connection.close()
            watch(children | postgres.started)
        finally:
            report("Stopping")
            for child in children.values():
                child.terminate()
            for child in children.values():
                processes.stop(child, farewell=signal.SIGTERM, patience=10)


def fill_database() -> None:
    if is_migration_pending():
        report("Making the tables")
        call_command("migrate", interactive=False, verbosity=0)
    users = get_user_model().objects
    if not users.exists():
        report("Making the sample administrator")
        account = local.sign_in(settings.BASE_DIR)
        users.create_superuser(email=account["EMAIL"], password=account["PASSWORD"])
    if not apps.get_model("letters", "Letter")._default_manager.exists():
        report("Loading the sample letters")
        call_command("load_samples")


def is_migration_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def web_server() -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "coalition.wsgi"),
        *("--chdir", str(settings.BASE_DIR)),
        *("--bind", f"127.0.0.1:{os.environ['PORT']}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"),
        *("--graceful-timeout", "3"),
        *("--log-level", "warning"),
        "--no-control-socket",  # it would lie in the user's home
    ]


def worker() -> list[str]:
    manage = str(settings.BASE_DIR / "manage.py")
    return [sys.executable, manage, "procrastinate", "worker", "--shutdown-graceful-timeout", "1"]


def wait_for(page: str, children: Children) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(page):
        refuse_the_dead(children)
        if time.monotonic() > deadline:
            raise CommandError(f"{page} does not answer.")
        time.sleep(0.1)


def answers(page: str) -> bool:
    try:
        with OPENER.open(page, timeout=PATIENCE):
            return True
    except urllib.error.HTTPError as refusal:
        raise CommandError(f"{page} answers with an error {refusal.code}.") from refusal
    except OSError:
        return False


def refuse_the_dead(children: Children) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise CommandError(f"The {name} has ended by itself (exit code {child.returncode}), so all of it ends.")


def greeting(page: str) -> str:
    account = local.sign_in(settings.BASE_DIR)
    administrator = get_user_model().objects.filter(email=account["EMAIL"]).first()
    # A database of their own may have people of its own.
    if administrator and administrator.check_password(account["PASSWORD"]):
        sign_in = f"as {account['EMAIL']} with the password {account['PASSWORD']}"
    else:
        sign_in = "with an account of this database"
    return f"""
Ready: {page}
  Sign in at {page}admin/ {sign_in}
  Mail does not leave this machine; read it at {page}outbox/
  Ctrl-C ends it
"""


def watch(children: Children) -> None:
    while True:
        refuse_the_dead(children)
        time.sleep(0.3)
