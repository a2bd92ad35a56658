"""Names that an organisation is known by since a sign-on was approved under them: learnt only from what is public."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from letters import endorsing
from signatories import matching, merging, vetting
from tests.factories import UserFactory, a_letter, an_endorsement, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def approved(organisation, printed_name, letter=None, *, visibility="named"):
    """A sign-on from a list, approved as of a known organisation under a name that the list prints."""
    recorded = endorsing.record(
        letter or a_letter(), organisation, by=None, evidence="published", printed_name=printed_name
    )
    if visibility != "named":
        endorsing.lower(recorded, visibility=visibility, by=None)
    return endorsing.approve(recorded, by=None)


def learnt(organisation) -> list[str]:
    return list(organisation.names.exclude(learnt="").values_list("text", flat=True))


@pytest.fixture
def forum():
    return an_organisation("Forum Mawingu", acronym="FM")


def test_the_name_is_learnt_when_it_is_published(forum):
    approved(forum, "Mawingu – Réseau de l’eau")
    assert learnt(forum) == ["Mawingu – Réseau de l’eau"]
    event = forum.events.last()
    assert (event.verb, event.code) == ("learn_name", "sign_on")
    assert matching.same("MAWINGU - Réseau de l'eau", "KE") == forum
    assert "Mawingu – Réseau de l’eau also written as" in text_of(Client().get(forum.get_absolute_url()))


@pytest.mark.parametrize("printed", ["Forum Mawingu", "FORUM MAWINGU e.V.", "FM"])
def test_what_it_is_called_already_is_not_learnt(forum, printed):
    approved(forum, printed)
    assert learnt(forum) == []


@pytest.mark.parametrize("visibility", ["country", "counted", "confidential"])
def test_nothing_is_learnt_of_a_name_that_is_withheld(forum, visibility):
    approved(forum, "Mawingu Water", visibility=visibility)
    assert learnt(forum) == []


def test_nothing_is_learnt_of_who_is_at_risk_nor_under_embargo(forum):
    approved(forum, "Mawingu Water", a_letter(public_from=timezone.now() + timedelta(hours=1)))
    vetting.describe(forum, by=None, at_risk=True)
    approved(forum, "Mawingu Water")
    assert learnt(forum) == []


@pytest.mark.parametrize("step", ["reject", "undo", "lower", "withdraw", "remove_for_safety"])
def test_it_goes_with_the_endorsement_that_taught_it(forum, step):
    endorsement = approved(forum, "Mawingu Water")
    said = {"reject": {"code": "impostor"}, "lower": {"visibility": "counted"}}.get(step, {})
    who = {} if step == "withdraw" else {"by": UserFactory(administrator=True)}
    getattr(endorsing, step)(endorsement, **said, **who)
    assert learnt(forum) == []
    assert forum.names.count() == 2


def test_it_stays_while_another_letter_prints_it_in_public(forum):
    first, second = approved(forum, "Mawingu Water"), approved(forum, "Mawingu water")
    endorsing.withdraw(first)
    assert learnt(forum) == ["Mawingu Water"]
    endorsing.withdraw(second)
    assert learnt(forum) == []


def test_what_a_moderator_has_made_a_name_of_its_own_stays(forum):
    endorsement = approved(forum, "Mawingu Water")
    name = forum.names.get(learnt="sign_on")
    vetting.correct_name(forum, name=name.pk, text="Mawingu Water", kind="short", by=None)
    endorsing.withdraw(endorsement)
    assert forum.names.filter(text="Mawingu Water", kind="short").exists()


def test_a_removal_takes_it_from_both_entries_of_a_merge(forum):
    endorsement = approved(forum, "Mawingu Water")
    survivor = an_organisation("Mawingu Forum of Kenya")
    merging.merge(survivor, forum, by=None, at=timezone.now())
    assert learnt(survivor) == ["Mawingu Water"]
    endorsement.refresh_from_db()
    endorsing.remove_for_safety(endorsement, by=None)
    assert learnt(survivor) == learnt(forum) == []


def test_of_a_sign_on_by_the_form_nothing_is_learnt(forum):
    an_endorsement(a_letter(), forum, name="Mawingo Forum")
    assert learnt(forum) == []
