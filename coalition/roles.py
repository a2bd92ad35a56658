"""Actors that need no letter: the house itself and people who keep the register."""

from collections.abc import Callable

from coalition.models import User
from coalition.workflow import Actor


def is_the_house(by: User | None, subject: object) -> bool:
    """No account acted: the clock, a command at the server's console, or a person with no account but a link."""
    return by is None


#: Who keeps the register of organisations besides administrators: questions about a person that other apps add when
#: they are ready, as the register knows no letters.
KEEPERS: list[Callable[[User], bool]] = []


def keeps_the_register(by: User | None, subject: object) -> bool:
    return by is None or (by.is_active and (by.is_superuser or any(keeps(by) for keeps in KEEPERS)))


CLOCK = Actor("clock", is_the_house)
REGISTRAR = Actor("moderator", keeps_the_register)
