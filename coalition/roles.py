"""Actors that need no letter: the house itself and people who keep the register."""

from coalition.models import User
from coalition.workflow import Actor


def is_the_house(by: User | None, subject: object) -> bool:
    """No account acted: the clock, a command at the server's console, or a person with no account but a link."""
    return by is None


def keeps_the_register(by: User | None, subject: object) -> bool:
    return by is None or (by.is_active and by.is_staff)


CLOCK = Actor("clock", is_the_house)
REGISTRAR = Actor("moderator", keeps_the_register)
