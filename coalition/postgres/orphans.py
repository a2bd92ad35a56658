"""What a killed run left behind: a server without a master, a number that is not its own any more."""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from coalition import processes
from coalition.postgres.places import Place
from coalition.processes import CannotStart, wait_until

PATIENCE = 30.0


def end_orphan(place: Place) -> None:
    """A server whose run was killed is on its way out (Linux) or never noticed (macOS): end it cleanly."""
    pid_file = place.data / "postmaster.pid"
    pid = postmaster(pid_file)
    if pid is None:
        return
    for farewell in (signal.SIGINT, signal.SIGQUIT):
        if is_our_server(pid, place):
            with suppress(ProcessLookupError):
                os.kill(pid, farewell)
            wait_until(lambda: not is_our_server(pid, place), seconds=PATIENCE)
    if is_our_server(pid, place):
        raise CannotStart(f"An old PostgreSQL (process {pid}) does not stop. End it with: kill -9 {pid}")
    if is_alive(pid):
        # Another program has that number now (or a dead one that nobody buried); Postgres would take it for a server.
        pid_file.unlink(missing_ok=True)


def postmaster(pid_file: Path) -> int | None:
    with suppress(FileNotFoundError, ValueError, IndexError):
        return int(pid_file.read_text().splitlines()[0])
    return None


def is_our_server(pid: int, place: Place) -> bool:
    return str(place.data) in command_line(pid)


def command_line(pid: int) -> str:
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    return processes.ask(["ps", "-ww", "-o", "args=", "-p", str(pid)]).stdout


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
