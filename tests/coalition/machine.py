"""What runs on this machine, for the tests of what we start and stop on it."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from coalition.postgres.places import far_folder

PROJECT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def folder_of_our_own() -> Iterator[Path]:
    """Not pytest's tmp_path: as root, the user that runs Postgres could not enter that one."""
    folder = Path(tempfile.mkdtemp(prefix="coalition-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(far_folder(folder), ignore_errors=True)


def processes_of(folder: Path) -> list[psutil.Process]:
    """Those that name this folder on their command line; the dead that nobody has buried do not count."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if str(folder) in " ".join(process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def comes_true(question: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_quiet(folder: Path) -> bool:
    return comes_true(lambda: not processes_of(folder))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def end(process: subprocess.Popen, how: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(how)
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()  # or leaving its `with` would wait for ever
        raise
