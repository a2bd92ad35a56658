"""The worker itself, in a process of its own, on jobs that a transaction left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from letters.models import Endorsement
from tests.factories import a_letter, an_endorsement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def run_worker(outbox: Path) -> None:
    of = connection.get_connection_params()
    password = f":{quote(of['password'], safe='')}" if of.get("password") else ""
    where = f"host={quote(of['host'], safe='')}&port={of.get('port', 5432)}"
    address = f"postgres://{of['user']}{password}@/{of['dbname']}?{where}"
    ended = subprocess.run(
        [sys.executable, "manage.py", "procrastinate", "worker", "--one-shot"],
        cwd=django_settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": address,
            "OUTBOX": str(outbox),
            "FIELD_KEYS": ",".join(django_settings.FIELD_KEYS),
            "SECRET_KEY": django_settings.SECRET_KEY,
            "DIGEST_KEY": django_settings.DIGEST_KEY,
        },
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_the_worker_mails_what_was_committed_and_nothing_else(tmp_path):
    letter = a_letter()
    kept = an_endorsement(letter, state="submitted", representative_email="kept@wells.example.org")
    with transaction.atomic():
        an_endorsement(letter, state="submitted", representative_email="lost@wells.example.org")
        transaction.set_rollback(True)
    run_worker(tmp_path)
    [message] = [file.read_text() for file in tmp_path.glob("*.eml")]
    assert "kept@wells.example.org" in message
    assert Endorsement.objects.get() == kept
    run_worker(tmp_path)
    assert len(list(tmp_path.glob("*.eml"))) == 1
