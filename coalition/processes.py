"""Child processes that never outlive us: the room where they are started and stopped. Standard library only."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import IO

Command = Sequence[str | os.PathLike[str]]
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1
# Loaded before any fork: a forked child should do as little as possible before it becomes another program.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class CannotStart(Exception):
    """Something stands in the way of starting; the message is a sentence with the way out."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that a child runs as when we are root."""

    uid: int
    gid: int


def start(
    command: Command,
    *,
    farewell: signal.Signals,
    account: Account | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike[str] | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """A child in a session of its own, to whom Linux says `farewell` when we die, however we die."""
    us = os.getpid()

    def follow_us() -> None:
        # Runs after the change of user, which would clear it, and before the new program.
        follow_parent(farewell)
        if os.getppid() != us:
            os.kill(os.getpid(), farewell)

    return subprocess.Popen(  # noqa: S603  (our own commands, and no shell)
        command,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        env=env,
        cwd=cwd,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        # Its own session: Ctrl-C in the terminal reaches us alone, and we stop our children in order.
        start_new_session=True,
        preexec_fn=follow_us,
    )


def follow_parent(farewell: signal.Signals) -> None:
    """Asks Linux to send us `farewell` when our parent dies; other systems have no such thing."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, int(farewell))


def stop(child: subprocess.Popen[bytes], *, farewell: signal.Signals, patience: float) -> None:
    """Asks, waits, and only then insists; what the child left behind in its session goes too."""
    if child.poll() is None:
        child.send_signal(farewell)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def ask(command: Command, *, env: Mapping[str, str] | None = None, said: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a short command to its end; its answer is in `stdout`, its complaint in `stderr`."""
    return subprocess.run(command, env=env, input=said, capture_output=True, text=True)  # noqa: S603  (as above)


def wait_until(happened: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def leave_on_signals() -> None:
    """From now on Ctrl-C, SIGTERM and a closed terminal end this process in order, through every `finally`."""
    _on_signals(_leave)


def run_in_front(command: Command, *, env: Mapping[str, str]) -> int:
    """Runs a command in our place: what would stop us is passed on to it, and its exit code is returned."""
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, _: FrameType | None) -> None:
        if child is None:
            early.append(number)
        else:
            child.send_signal(number)

    _on_signals(forward)
    child = start(command, farewell=signal.SIGTERM, env=env)
    for number in early:
        child.send_signal(number)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _leave(number: int, _: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)  # once is enough: a second Ctrl-C must not interrupt the tidying up
    raise SystemExit(0)


def _on_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in STOPPING:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # started with nohup
        signal.signal(number, handler)
