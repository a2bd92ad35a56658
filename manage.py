#!/usr/bin/env python
"""Runs Django's commands and ours."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coalition.settings")
    if sys.argv[1:2] == ["quickstart"]:
        # Settings need a database and keys, so a run from nothing makes those first.
        from coalition.management.commands.quickstart import prepared

        with prepared(Path(__file__).resolve().parent):
            execute_from_command_line(sys.argv)
    elif sys.argv[1:2] == ["verify_record"]:
        # Whoever checks a record has a clone and a file: no settings, and none are needed.
        from letters.management.commands.verify_record import Command

        Command().run_from_argv(sys.argv)
    elif sys.argv[1:2] == ["judge_matching"] and not os.environ.get("DATABASE_URL"):
        # Whoever judges the matching has a clone and a file: the database of the tests will do, with its tables made.
        from coalition import local, processes
        from coalition.postgres import running

        processes.leave_on_signals()
        with running(Path(__file__).resolve().parent, "test") as url:
            os.environ.update(local.for_tests() | dict(os.environ) | {"DATABASE_URL": url})
            execute_from_command_line(["manage.py", "migrate", "--skip-checks", "--verbosity", "0"])
            execute_from_command_line(sys.argv)
    else:
        execute_from_command_line(sys.argv)
