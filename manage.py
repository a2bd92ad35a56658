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
    else:
        execute_from_command_line(sys.argv)
