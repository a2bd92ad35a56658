"""`python -m coalition.postgres`: a command with a database under it, and the removal of what local runs keep."""

import os
import shutil
import sys
from pathlib import Path

from coalition import local, processes
from coalition.postgres import running
from coalition.postgres.orphans import end_orphan
from coalition.postgres.places import Place, distant_socket_folder, far_folder, not_ours, only_user_of
from coalition.processes import CannotStart

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["--", program, *rest]:
                return run([program, *rest])
            case ["clean"]:
                return clean(ROOT)
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    sys.stderr.write(
        "Usage: python -m coalition.postgres -- COMMAND ARGUMENTS…\n       python -m coalition.postgres clean\n"
    )
    return 2


def run(command: list[str]) -> int:
    """Runs a command with the variables of the tests, and with our own Postgres unless DATABASE_URL names one."""
    environment = local.for_tests() | dict(os.environ)
    if not shutil.which(command[0]):
        raise CannotStart(f"{command[0]} is not a command here.")
    if environment.get("DATABASE_URL"):
        os.execvpe(command[0], command, environment)  # noqa: S606  (running what we are given is its purpose)
    processes.leave_on_signals()
    with running(ROOT, "test") as url:
        return processes.run_in_front(command, env=environment | {"DATABASE_URL": url})


def clean(root: Path) -> int:
    """Removes all that local runs have kept, wherever it is; never under a live server."""
    kept = [root / ".local", far_folder(root)]
    for folder in [kept[0] / "pg", kept[1]]:
        for data in folder.glob("*/data"):
            place = Place(data.parent, None)
            with only_user_of(place):
                end_orphan(place)
                shutil.rmtree(distant_socket_folder(place), ignore_errors=True)
    for folder in kept:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            continue
        except PermissionError as refusal:
            raise not_ours(Path(refusal.filename)) from refusal
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
