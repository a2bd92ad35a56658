"""The surveyor: a database that would lose things, or find nothing, is named before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.checks import registry
from django.db import connection, connections

from coalition import checks


def test_they_run_where_databases_are_checked() -> None:
    registered = registry.registry.get_checks()
    assert checks.check_durability in registered
    assert checks.check_trigrams in registered
    ordinary = registry.registry.run_checks(databases=None)
    assert not [message for message in ordinary if message.id and message.id.startswith("coalition.")]


@pytest.mark.django_db
def test_what_is_switched_off_is_named_and_nothing_else() -> None:
    """On a throw-away server of the launcher that is fsync and full_page_writes, on any other nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'", [list(checks.DURABLE)])
        off = {name for (name,) in cursor.fetchall()}
    assert named() == off


def named() -> set[str]:
    """The settings that the check finds fault with."""
    errors = checks.check_durability(databases=["default"])
    assert {error.id for error in errors} <= {"coalition.E001"}
    return {error.msg.split()[3] for error in errors}


@pytest.mark.django_db
def test_a_database_that_knows_letters_passes() -> None:
    assert checks.check_trigrams(databases=["default"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize("setting", ["off", "local", "remote_write"])
def test_a_commit_that_does_not_wait_is_named(setting: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('synchronous_commit', %s, true)", [setting])
    assert "synchronous_commit" in named()


def test_what_only_the_server_can_switch_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def unsafe(alias: str, query: str, names: list[str]) -> list[tuple[str, str]]:
        asked.extend(names)
        return [(name, "off") for name in names]

    monkeypatch.setattr(checks, "_rows", unsafe)
    assert len(checks.check_durability(databases=["default"])) == 3
    assert set(asked) == {"fsync", "full_page_writes", "synchronous_commit"}


@pytest.fixture
def letterless(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The alias of a database whose LC_CTYPE knows ASCII only."""
    name = "test_coalition_letterless"
    with django_db_blocker.unblock(), psycopg.connect(autocommit=True, **parameters()) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        connections.databases["letterless"] = connection.settings_dict | {"NAME": name}
        yield "letterless"
        connections["letterless"].close()
        del connections["letterless"], connections.databases["letterless"]
        server.execute(f"DROP DATABASE {name}")


def parameters() -> dict[str, Any]:
    wanted = ("host", "port", "user", "password", "dbname")
    return {name: value for name, value in connection.get_connection_params().items() if name in wanted}


@pytest.mark.slow
def test_a_database_without_letters_is_named(letterless: str) -> None:
    assert checks.check_trigrams(databases=[letterless]) == [], "without pg_trgm there is nothing to say yet"
    with connections[letterless].cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_trgm")
    [error] = checks.check_trigrams(databases=[letterless])
    assert error.id == "coalition.E002"
    assert "LC_CTYPE" in str(error.hint)
