"""Verbs on endorsements: what each changes, what it writes down, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import counting, endorsing, lifecycle
from letters.models import Endorsement, EndorsementEvent, Letter, Representative
from tests.factories import (
    NOON,
    a_letter,
    a_moderator,
    a_sign_on,
    an_endorsement,
    an_organisation,
)
from tests.reading import words_of

pytestmark = pytest.mark.django_db


def test_a_sign_on_is_neither_listed_nor_counted_before_it_is_approved():
    letter = a_letter()
    for state in ("submitted", "confirmed", "asked", "held", "rejected", "withdrawn", "expired"):
        an_endorsement(letter, state=state)
    assert counting.count(letter, timezone.now()).organisations == 0
    assert not letter.endorsements.listed().exists()


def test_approve_checks_the_organisation_too():
    organisation = an_organisation(verified=False)
    moderator_of = a_letter()
    chiara = a_moderator(moderator_of)
    endorsement = an_endorsement(moderator_of, organisation, state="confirmed")
    endorsing.approve(endorsement, by=chiara)
    organisation.refresh_from_db()
    assert organisation.standing == "verified"
    assert organisation.events.last().by == chiara
    assert endorsement.events.last().by == chiara


def test_approve_refuses_a_suspended_organisation():
    from signatories import vetting

    endorsement = an_endorsement(state="confirmed")
    vetting.suspend(endorsement.organisation, by=None, note="Under review.")
    with pytest.raises(NotAllowed, match="suspended"):
        endorsing.approve(endorsement, by=None)


def test_a_second_endorsement_of_one_organisation_cannot_be_approved():
    first = an_endorsement()
    second = an_endorsement(first.letter, first.organisation, state="confirmed")
    with pytest.raises(NotAllowed, match="already approved"):
        endorsing.approve(second, by=None)
    second.refresh_from_db()
    assert second.status == "confirmed"
    assert counting.count(first.letter, timezone.now()).organisations == 1


def test_after_an_end_the_organisation_may_sign_anew():
    first = an_endorsement(state="withdrawn")
    again = an_endorsement(first.letter, first.organisation)
    assert again.pk != first.pk
    assert again.status == "approved"


def test_only_a_moderator_of_this_letter_decides():
    endorsement = an_endorsement(state="confirmed")
    for person in (
        a_moderator(a_letter()),
        a_moderator(endorsement.letter, role="observer"),
        a_moderator(endorsement.letter, role="convener"),
        a_moderator(endorsement.letter, is_active=False),
    ):
        with pytest.raises(NotAllowed, match="role"):
            endorsing.approve(endorsement, by=person)
    assert endorsing.approve(endorsement, by=a_moderator(endorsement.letter)).status == "approved"


def test_signing_twice_with_the_address_in_another_case_is_one_sign_on(run_jobs, outbox):
    letter, organisation = a_letter(), an_organisation()
    now = timezone.now()
    for address in ("bruno@mawingu.example.org", "Bruno@MAWINGU.example.org", "bruno+letters@mawingu.example.org"):
        endorsing.sign(letter, a_sign_on(organisation, representative_email=address), at=now)
    assert Endorsement.objects.count() == 1
    run_jobs()
    assert [message["To"] for message in outbox()] == ["bruno@mawingu.example.org"] * 3


def test_signing_again_after_approval_mails_the_link_to_its_owner_and_changes_nothing(run_jobs, outbox):
    endorsement = an_endorsement(representative_email="bruno@mawingu.example.org")
    run_jobs()
    sign_on = a_sign_on(endorsement.organisation, representative_email="bruno@mawingu.example.org")
    again = endorsing.sign(endorsement.letter, sign_on, at=timezone.now())
    assert (again.pk, again.status) == (endorsement.pk, "approved")
    run_jobs()
    assert "has already signed" in words_of(outbox()[-1])
    assert outbox()[-1]["To"] == "bruno@mawingu.example.org"


def test_a_colleague_may_sign_on_too_and_waits_in_the_queue():
    first = an_endorsement()
    sign_on = a_sign_on(first.organisation)
    second = endorsing.sign(first.letter, sign_on, at=timezone.now())
    assert second.pk != first.pk
    assert endorsing.confirm(second).status == "confirmed"


def test_a_new_organisation_of_a_known_name_is_the_known_one():
    known = an_organisation("Amani Water Trust", country="KE")
    sign_on = a_sign_on(name="AMANI water – trust", country="KE")
    assert endorsing.sign(a_letter(), sign_on, at=timezone.now()).organisation == known
    elsewhere = a_sign_on(name="Amani Water Trust", country="TZ")
    assert endorsing.sign(a_letter(), elsewhere, at=timezone.now()).organisation != known


def test_confirming_is_possible_in_the_grace_and_not_after():
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=2))
    in_time = an_endorsement(letter, state="submitted", at=NOON - timedelta(minutes=1))
    late = an_endorsement(letter, state="submitted", at=NOON - timedelta(minutes=1))
    assert endorsing.confirm(in_time, at=NOON + timedelta(minutes=59)).status == "confirmed"
    with pytest.raises(NotAllowed, match="time to confirm has passed"):
        endorsing.confirm(late, at=NOON + timedelta(minutes=60))


def test_nobody_signs_after_the_deadline_though_no_job_has_closed_the_letter():
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=2))
    assert letter.status == "open"
    with pytest.raises(NotAllowed, match="no more signatures"):
        endorsing.sign(letter, a_sign_on(), at=NOON)


def test_held_looks_to_the_submitter_like_anything_else(run_jobs, outbox):
    letter = a_letter()
    held = endorsing.sign(letter, a_sign_on(), is_flood=True, at=timezone.now())
    assert held.status == "held"
    assert held.told_status(timezone.now()) == "submitted"
    run_jobs()
    assert len(outbox()) == 1
    endorsing.confirm_held(held)
    assert held.told_status(timezone.now()) == "confirmed"
    run_jobs()
    assert outbox()[-1]["Subject"].startswith("Received")
    assert endorsing.release(held, by=None).status == "confirmed"


def test_lowering_goes_down_only():
    endorsement = an_endorsement(visibility="country")
    with pytest.raises(NotAllowed):
        endorsing.lower(endorsement, visibility="named")
    with pytest.raises(NotAllowed):
        endorsing.lower(endorsement, visibility="country")
    assert endorsing.lower(endorsement, visibility="confidential").visibility == "confidential"


def test_where_every_name_is_published_nothing_can_be_withheld():
    letter = a_letter(withheld_names="not_allowed")
    endorsement = an_endorsement(letter, visibility="counted")
    assert endorsement.visibility == "named"
    with pytest.raises(NotAllowed, match="You can withdraw it"):
        endorsing.lower(endorsement, visibility="counted")


def test_staff_undo_within_ten_minutes_sends_no_mail_at_all(run_jobs, outbox):
    letter = a_letter()
    chiara = a_moderator(letter)
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    endorsing.approve(endorsement, by=chiara)
    assert endorsing.undo(endorsement, by=chiara).status == "confirmed"
    run_jobs()
    assert len(outbox()) == before
    endorsing.approve(endorsement, by=chiara)
    with pytest.raises(NotAllowed, match="too late"):
        endorsing.undo(endorsement, by=chiara, at=timezone.now() + timedelta(minutes=11))


@pytest.mark.parametrize("verb", ["reject", "hold", "ask"])
def test_each_decision_can_be_taken_back(verb):
    letter = a_letter()
    chiara = a_moderator(letter)
    endorsement = an_endorsement(letter, state="confirmed")
    wording = {"reject": {"code": "no_authority"}, "ask": {"note": "Who are you?"}}.get(verb, {})
    getattr(endorsing, verb)(endorsement, by=chiara, **wording)
    assert endorsing.undo(endorsement, by=chiara).status == "confirmed"
    with pytest.raises(NotAllowed):
        endorsing.undo(endorsement, by=chiara)


def test_the_signer_takes_a_withdrawal_back_within_a_day():
    endorsement = an_endorsement()
    endorsing.withdraw(endorsement, at=NOON)
    with pytest.raises(NotAllowed):
        endorsing.undo(endorsement, at=NOON + timedelta(hours=25))
    assert endorsing.undo(endorsement, at=NOON + timedelta(hours=23)).status == "approved"
    assert endorsement.ended_at is None


def test_who_takes_a_withdrawal_back_gets_a_mail_that_says_so(run_jobs, outbox):
    endorsement = an_endorsement(state="approved")
    run_jobs()
    endorsing.withdraw(endorsement)
    run_jobs()
    assert outbox()[-1]["Subject"].startswith("Withdrawn: ")
    endorsing.undo(endorsement)
    run_jobs()
    assert outbox()[-1]["Subject"].startswith("Your signature stands again: ")
    assert f"the signature of {endorsement.printed_name} under" in words_of(outbox()[-1])


def test_a_withdrawal_is_not_taken_back_over_a_newer_endorsement():
    first = an_endorsement()
    endorsing.withdraw(first)
    an_endorsement(first.letter, first.organisation)
    with pytest.raises(NotAllowed, match="already approved"):
        endorsing.undo(first)


def test_remove_for_safety_leaves_nothing_that_says_who_signed():
    organisation = an_organisation("Secret Wells Committee")
    endorsement = an_endorsement(organisation=organisation, representative_name="Planted Person")
    endorsing.remove_for_safety(endorsement, by=None)
    row = Endorsement.objects.filter(pk=endorsement.pk).values().get()
    assert row["organisation_id"] is None
    assert "Secret" not in str(row)
    assert "secret" not in str(row)
    assert not Representative.objects.filter(endorsement=endorsement).exists()


@pytest.mark.parametrize("code", ["impostor", "advertising"])
def test_nobody_is_told_of_some_rejections(code, run_jobs, outbox):
    endorsement = an_endorsement(state="confirmed")
    run_jobs()
    before = len(outbox())
    endorsing.reject(endorsement, by=None, code=code)
    run_jobs()
    assert len(outbox()) == before


def test_the_mail_about_a_double_does_not_say_that_the_organisation_has_signed(run_jobs, outbox):
    endorsement = an_endorsement(state="confirmed")
    endorsing.reject(endorsement, by=None, code="duplicate")
    run_jobs()
    assert outbox()[-1]["Subject"].startswith("Not published")
    assert "already signed" not in words_of(outbox()[-1])


def test_a_reason_that_is_told_stands_in_the_mail_and_the_note_does_not(run_jobs, outbox):
    endorsement = an_endorsement(state="confirmed")
    endorsing.reject(endorsement, by=None, code="no_authority", note="She left in May.")
    run_jobs()
    assert "may sign for the organisation" in words_of(outbox()[-1])
    assert "May" not in words_of(outbox()[-1])


def test_evidence_is_what_the_mailbox_proves():
    organisation = an_organisation(website="https://mawingu.example.org")
    letter = a_letter()
    by_mailbox = an_endorsement(letter, organisation, state="confirmed", representative_email="a@mawingu.example.org")
    assert by_mailbox.evidence == "mailbox"
    organisation.domains.update(verified_at=timezone.now(), how="checked")
    by_domain = an_endorsement(letter, organisation, state="confirmed", representative_email="b@mawingu.example.org")
    assert by_domain.evidence == "domain"
    endorsing.approve(by_domain, by=None)
    known = an_endorsement(a_letter(), organisation, state="confirmed", representative_email="b@mawingu.example.org")
    assert known.evidence == "known"


def test_what_staff_record_is_told_to_the_representative(run_jobs, outbox):
    letter = a_letter()
    chiara = a_moderator(letter)
    endorsement = endorsing.record(
        letter, an_organisation(), a_sign_on(an_organisation()), by=chiara, evidence="checked", note="Letter of 3 May."
    )
    assert endorsement.status == "confirmed"
    assert endorsement.events.get().note.text == "Letter of 3 May."
    run_jobs()
    assert outbox()[-1]["Subject"].startswith("Your signature is recorded")


def test_a_job_run_twice_sends_once(outbox):
    from letters.tasks import send_mail

    endorsement = an_endorsement(state="submitted")
    event = endorsement.events.get().pk
    send_mail(event)
    send_mail(event)
    assert len(outbox()) == 1


def test_a_mailbox_that_never_confirmed_gets_three_mails_a_day(run_jobs, outbox):
    for _ in range(5):
        sign_on = a_sign_on(representative_email="victim@elsewhere.example.org")
        endorsing.sign(a_letter(), sign_on, at=timezone.now())
    run_jobs()
    assert len(outbox()) == 3
    assert Endorsement.objects.count() == 5


def test_a_link_typed_as_a_name_is_not_mailed(run_jobs, outbox):
    sign_on = a_sign_on(name="Win at www.casino.example now", country="KE")
    endorsing.sign(a_letter(), sign_on, at=timezone.now())
    run_jobs()
    assert "casino" not in outbox()[-1].as_string()


def test_the_revision_rises_exactly_when_the_public_sees_something_else():
    letter = a_letter()

    def revision() -> tuple[int, int]:
        return Letter.objects.values_list("revision", "hidden_revision").get(pk=letter.pk)

    start = revision()
    waiting = an_endorsement(letter, state="confirmed")
    hidden = an_endorsement(letter, visibility="confidential")
    endorsing.withdraw(hidden)
    assert revision() == start
    endorsing.approve(waiting, by=None)
    assert revision() == (start[0] + 1, start[1])
    endorsing.lower(waiting, visibility="country")
    assert revision() == (start[0] + 2, start[0] + 2)
    endorsing.withdraw(waiting)
    assert revision() == (start[0] + 3, start[0] + 3)


def test_an_undone_body_leaves_no_event():
    endorsement = an_endorsement(state="confirmed")
    events = EndorsementEvent.objects.count()
    with pytest.raises(NotAllowed):
        endorsing.reject(endorsement, by=None, code="because")
    assert EndorsementEvent.objects.count() == events


def test_closing_a_letter_ends_confirming_and_changes_no_endorsement():
    letter = a_letter()
    endorsement = an_endorsement(letter, state="submitted")
    lifecycle.close(letter, by=None)
    endorsement.refresh_from_db()
    assert endorsement.status == "submitted"
    with pytest.raises(NotAllowed):
        endorsing.confirm(endorsement)


# What nobody may notice


def test_an_answer_to_a_question_is_taken_from_somebody_who_does_not_know_of_the_hold():
    endorsement = an_endorsement(state="asked")
    endorsing.hold(endorsement, by=None)
    assert endorsement.told_status(timezone.now()) == "asked"
    endorsing.answer_held(endorsement, note="The board.")
    assert endorsement.told_status(timezone.now()) == "confirmed"
    assert endorsing.release(endorsement, by=None).status == "confirmed"


def test_undoing_a_hold_keeps_what_was_confirmed_meanwhile():
    letter = a_letter()
    chiara = a_moderator(letter)
    endorsement = an_endorsement(letter, state="submitted")
    endorsing.hold(endorsement, by=chiara)
    endorsing.confirm_held(endorsement)
    assert endorsing.undo(endorsement, by=chiara).status == "confirmed"


def test_a_hold_and_its_end_stop_no_mail(run_jobs, outbox):
    letter = a_letter()
    chiara = a_moderator(letter)
    endorsement = an_endorsement(letter, state="submitted")
    endorsing.hold(endorsement, by=chiara)
    endorsing.undo(endorsement, by=chiara)
    run_jobs()
    assert len(outbox()) == 1


def test_a_held_sign_on_that_has_ended_does_not_keep_its_signer_from_signing_anew():
    letter, organisation = a_letter(closes_at=NOON + timedelta(days=90), at=NOON), an_organisation()
    sign_on = a_sign_on(organisation)
    first = endorsing.sign(letter, sign_on, is_flood=True, at=NOON)
    assert first.told_status(NOON + timedelta(days=22)) == "expired"
    again = endorsing.sign(letter, sign_on, at=NOON + timedelta(days=22))
    assert again.pk != first.pk


# Doubles


def test_two_entries_of_one_name_on_the_register_do_not_make_two_endorsements():
    an_organisation("Twin Wells", country="KE")
    an_organisation("Twin Wells", country="KE")
    letter = a_letter()
    sign_on = a_sign_on(name="Twin Wells", country="KE")
    one, two = (endorsing.sign(letter, sign_on, at=timezone.now()) for _ in range(2))
    assert one.pk == two.pk


def test_a_suspended_organisation_does_not_come_back_under_its_own_name():
    from signatories import vetting

    organisation = an_organisation("Fraud Wells", country="KE")
    vetting.suspend(organisation, by=None, note="Fraud.")
    endorsement = endorsing.sign(a_letter(), a_sign_on(name="Fraud Wells", country="KE"), at=timezone.now())
    endorsing.confirm(endorsement)
    with pytest.raises(NotAllowed, match="suspended"):
        endorsing.approve(endorsement, by=None)


def test_a_withdrawal_is_not_taken_back_for_a_suspended_organisation():
    from signatories import vetting

    endorsement = an_endorsement()
    endorsing.withdraw(endorsement)
    vetting.suspend(endorsement.organisation, by=None, note="Fraud.")
    with pytest.raises(NotAllowed, match="suspended"):
        endorsing.undo(endorsement)


def test_the_verb_itself_refuses_a_confirmation_after_21_days():
    letter = a_letter(closes_at=NOON + timedelta(days=90), at=NOON)
    endorsement = an_endorsement(letter, state="submitted", at=NOON)
    with pytest.raises(NotAllowed, match="time to confirm"):
        endorsing.confirm(endorsement, at=NOON + timedelta(days=21))


# Letters that are not public


def test_no_mail_says_published_of_a_letter_that_is_not(run_jobs, outbox):
    letter = a_letter(public_from=timezone.now() + timedelta(days=1))
    an_endorsement(letter)
    run_jobs()
    assert letter.get_absolute_url() not in words_of(outbox()[-1])
    taken_down = a_letter()
    an_endorsement(taken_down)
    lifecycle.take_down(taken_down, by=None, note="For their safety.")
    before = len(outbox())
    run_jobs()
    assert not [message for message in outbox()[before:] if message["Subject"].startswith("Published")]


# Logos


def test_the_logo_of_an_endorsement_that_did_not_stand_leaves_the_organisations_page(settings):
    from django.core.files.base import ContentFile

    for verb, wording in (("reject", {"code": "impostor"}), ("remove_for_safety", {})):
        organisation = an_organisation()
        endorsement = an_endorsement(organisation=organisation, logo=ContentFile(b"png", "logo.png"))
        organisation.refresh_from_db()
        assert organisation.logo
        getattr(endorsing, verb)(endorsement, by=None, **wording)
        organisation.refresh_from_db()
        assert not organisation.logo
