"""A letter, and its moderator at the desk."""

from __future__ import annotations

import pytest
from django.test import Client

from letters.models import Letter
from tests.factories import a_letter, a_moderator


@pytest.fixture
def letter() -> Letter:
    return a_letter(title="Keep river data public")


@pytest.fixture
def chiara(letter):
    return a_moderator(letter, name="Chiara")


@pytest.fixture
def desk(client, chiara) -> Client:
    """Chiara at the desk."""
    client.force_login(chiara)
    return client
