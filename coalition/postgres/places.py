"""Where a cluster of our own lies on this machine, who runs it, and that only one run uses it at a time."""

import fcntl
import hashlib
import os
import pwd
import signal
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from coalition import processes
from coalition.processes import Account, CannotStart

#: Where root keeps the data when the user that runs Postgres can't reach the project.
FAR = Path("/var/lib/coalition-local")


@dataclass(frozen=True)
class Place:
    """One cluster on this machine: its folder, and who runs it when we are root."""

    folder: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "log"


def place_of(root: Path, name: str) -> Place:
    near = root / ".local" / "pg" / name
    try:
        near.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return Place(near, None)
        account = owner(near / "data") or unprivileged()
        if can_reach(near, account):
            return Place(near, account)
        far = far_folder(root)
        (root / ".local" / "pg.path").write_text(f"{far}\n")
        (far / name).mkdir(parents=True, exist_ok=True)
        return Place(far / name, owner(far / name / "data") or account)
    except PermissionError as refusal:
        raise not_ours(Path(refusal.filename)) from refusal


def owner(data: Path) -> Account | None:
    """Whoever made the data keeps it: a run as root must not take it away from them."""
    if not data.exists():
        return None
    status = data.stat()
    return Account(status.st_uid, status.st_gid) if status.st_uid else None


def unprivileged() -> Account:
    """Postgres refuses to run as root."""
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL can't run as root, and there is no user postgres or nobody. Run as another user.")


def can_reach(path: Path, account: Account) -> bool:
    return processes.start(["test", "-x", path], farewell=signal.SIGTERM, account=account, cwd="/").wait() == 0


def far_folder(root: Path) -> Path:
    return FAR / short_hash(root)


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


@contextmanager
def only_user_of(place: Place) -> Iterator[None]:
    """Two runs on one folder would stop each other's server. The lock is gone when its holder is, even killed."""
    try:
        lock = (place.folder / "lock").open("w")
    except PermissionError as refusal:
        raise not_ours(place.folder) from refusal
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CannotStart(
                f"Another run is using the database in {place.folder}. "
                "Stop that one first, or give this one a database of its own with DATABASE_URL."
            ) from taken
        yield


def not_ours(path: Path) -> CannotStart:
    return CannotStart(f"{path} belongs to another user. Run as that user, or remove it: sudo make clean-local")


def socket_folder(place: Place) -> Path:
    """A folder of our own for the socket, near the data unless that path is too long for the system's limit."""
    folder = place.folder / "socket"
    if len(os.fsencode(folder)) > 80 or set(str(folder)) & set(',"'):
        folder = distant_socket_folder(place)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        hand_over(folder, place.account)
    status = folder.lstat()
    ours = place.account.uid if place.account else os.geteuid()
    # In a shared temporary folder somebody else may have been there first.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != ours or status.st_mode & 0o077:
        raise CannotStart(f"{folder} should be a folder of ours, closed to others, and is not. Remove it.")
    return folder


def distant_socket_folder(place: Place) -> Path:
    return Path(tempfile.gettempdir()) / f"coalition-{short_hash(place.folder)}"


def hand_over(folder: Path, account: Account | None) -> None:
    if account:
        os.chown(folder, account.uid, account.gid)
