"""The smallest true things to test with: people, organisations, letters and endorsements, in each of their states.

States are reached by the verbs, as in life; what a factory returns has its events.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import factory
from django.utils import timezone

from coalition.models import User
from letters import endorsing, lifecycle
from letters.endorsing import SignOn
from letters.models import Addressee, Endorsement, Letter, LetterRole, Text, Version
from signatories import vetting
from signatories.models import Organisation

_numbers = count(1)
#: Passwords of test accounts are this one.
PASSWORD = "seventeen rivers flow"


class UserFactory(factory.django.DjangoModelFactory):
    """An account without any role; `staff=True` may enter the desk."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True)
        administrator = factory.Trait(is_staff=True, is_superuser=True)

    email = factory.Sequence(lambda n: f"person{n}@coalition.example")
    name = factory.Sequence(lambda n: f"Person {n}")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(kwargs.pop("email"), PASSWORD, **kwargs)


def an_organisation(name: str = "", *, verified: bool = True, country: str = "KE", **fields: Any) -> Organisation:
    """An organisation on the register. It is public only once it is named on a public letter, or `is_listed`."""
    is_listed = fields.pop("is_listed", None)
    at_risk = fields.pop("at_risk", None)
    organisation = vetting.register(name=name or f"Water Forum {next(_numbers)}", country=country, **fields)
    if verified:
        vetting.verify(organisation, by=None)
    if is_listed is not None or at_risk is not None:
        organisation.is_listed, organisation.at_risk = bool(is_listed), bool(at_risk)
        organisation.save()
    return organisation


def a_letter(
    *,
    state: str = "open",
    title: str = "Keep river data public",
    texts: dict[str, str] | None = None,
    at: datetime | None = None,
    **fields: Any,
) -> Letter:
    """A public letter, open for two weeks; `state`: draft, open, closed, recorded, taken_down, discarded.

    `texts`: further titles by language.
    """
    number = next(_numbers)
    now = at or timezone.now()
    values: dict[str, Any] = {
        "reference": f"T-{number}",
        "slug": f"letter-{number}",
        "audience": Letter.Audience.PUBLIC,
        "closes_at": now + timedelta(days=14),
    }
    if state == "recorded":
        values |= {"closes_at": None, "source_name": "A host", "source_url": "https://host.example/letter"}
        values |= {"list_order": "signed", "withheld_names": "not_allowed"}
    letter = Letter.objects.create(**values | fields)
    Addressee.objects.create(letter=letter, office="Commission on Shared Rivers")
    version = Version.objects.create(letter=letter)
    for language, heading in {letter.authoritative_language: title, **(texts or {})}.items():
        Text.objects.create(
            version=version,
            language=language,
            title=heading,
            summary="Rivers are shared.",
            salutation="Dear Chair,",
            body="We live with the rivers.\n\nWe ask to be told.",
            demands=["**Publish** by default."],
            closing="Respectfully,",
        )
    _bring_to(letter, state, now)
    return letter


def an_old_letter(**fields: Any) -> Letter:
    """A letter that has been open since New Year's Day and still is: what came of it can bear any date since."""
    since = {"at": datetime(2026, 1, 1, tzinfo=UTC), "closes_at": timezone.now() + timedelta(days=14)}
    return a_letter(**since | fields)


def _bring_to(letter: Letter, state: str, now: datetime) -> None:
    match state:
        case "draft":
            return
        case "discarded":
            lifecycle.discard(letter, by=None, at=now)
        case "recorded":
            lifecycle.record(letter, by=None, at=now)
        case _:
            lifecycle.open(letter, by=None, at=now)
    if state == "closed":
        lifecycle.close(letter, by=None, at=now)
    elif state == "taken_down":
        lifecycle.take_down(letter, by=None, note="For their safety.", at=now)


def a_sign_on(organisation: Organisation | None = None, **fields: Any) -> SignOn:
    """What somebody put into the form."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "organisation": organisation,
        "name": "" if organisation else f"New Water Forum {number}",
        "country": "" if organisation else "KE",
        "website": "",
        "representative_name": "Bruno Otieno",
        "representative_role": "Director",
        "representative_email": f"bruno{number}@mawingu.example.org",
        "visibility": "named",
        "language": "en",
        "interface_language": "en",
        "wants_updates": False,
    }
    return SignOn(**values | fields)


def an_endorsement(
    letter: Letter | None = None,
    organisation: Organisation | None = None,
    *,
    state: str = "approved",
    at: datetime | None = None,
    **fields: Any,
) -> Endorsement:
    """An endorsement in `state`, brought there by its verbs; `fields` are those of the sign-on."""
    letter = letter or a_letter()
    now = at or timezone.now()
    organisation = organisation or an_organisation()
    endorsement = endorsing.submit(letter, organisation, a_sign_on(organisation, **fields), at=now)
    steps: dict[str, list[Any]] = {
        "submitted": [],
        "expired": [lambda e: endorsing.expire(e, at=now)],
        "confirmed": [_confirm],
        "asked": [_confirm, lambda e: endorsing.ask(e, by=None, note="Who decided this?", at=now)],
        "held": [_confirm, lambda e: endorsing.hold(e, by=None, at=now)],
        "approved": [_confirm, lambda e: endorsing.approve(e, by=None, at=now)],
        "rejected": [_confirm, lambda e: endorsing.reject(e, by=None, code="cannot_verify", at=now)],
        "withdrawn": [_confirm, lambda e: endorsing.withdraw(e, at=now)],
        "removed": [_confirm, lambda e: endorsing.remove_for_safety(e, by=None, at=now)],
        "folded": [
            _confirm,
            lambda e: endorsing.approve(e, by=None, at=now),
            lambda e: endorsing.fold(e, by=None, at=now),
        ],
    }
    for step in steps[state]:
        step(endorsement)
    return endorsement


def _confirm(endorsement: Endorsement) -> None:
    assert endorsement.submitted_at is not None
    endorsing.confirm(endorsement, at=endorsement.submitted_at)


def a_moderator(letter: Letter, role: str = LetterRole.Role.MODERATOR, **fields: Any) -> User:
    """An account with a role on one letter."""
    user: User = UserFactory(staff=True, **fields)
    LetterRole.objects.create(user=user, letter=letter, role=role)
    return user


#: An instant to reckon from where a test fixes the clock.
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
