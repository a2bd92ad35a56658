"""One decision at the desk: what the page shows, what the database keeps, and who is told."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from letters import counting, endorsing
from letters.admin.endorsements import EndorsementAdmin
from letters.admin.letters import LetterAdmin
from letters.models import Endorsement, LetterRole
from signatories import logos, vetting
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation
from tests.letters.admin.steps import QUEUE, as_, page_of, said, step
from tests.reading import text_of, words_of

pytestmark = pytest.mark.django_db


def test_approve_is_one_press_and_goes_on_to_the_next(desk, letter, chiara, run_jobs, outbox):
    now = timezone.now()
    first, second, third = (an_endorsement(letter, state="confirmed", at=now + timedelta(seconds=n)) for n in range(3))
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        response = step(desk, second, "approve")
        assert response["Location"] == page_of(third)
        assert step(desk, third, "approve")["Location"] == page_of(first), "round to what was left behind"
        assert step(desk, first, "approve")["Location"] == QUEUE
    second.refresh_from_db()
    event = second.events.last()
    assert (second.status, event.verb, event.by) == ("approved", "approve", chiara)
    assert counting.count(letter, timezone.now()).organisations == 3
    assert run_jobs()
    assert [message["Subject"] for message in outbox()].count("Published: Keep river data public") == 3


def test_ask_mails_the_question_in_its_words(desk, letter, chiara, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed", representative_email="bruno@wells.org")
    run_jobs()
    before = len(outbox())
    assert "Write the question" in text_of(step(desk, endorsement, "ask", note="  "))
    assert step(desk, endorsement, "ask", note="Who decided this?").status_code == 302
    endorsement.refresh_from_db()
    assert endorsement.status == "asked"
    assert endorsement.events.last().note.text == "Who decided this?"
    run_jobs()
    message = outbox()[before]
    assert message["To"] == "bruno@wells.org"
    assert "Who decided this?" in words_of(message)
    assert "Chiara" not in str(message)
    endorsing.answer(endorsement, note="The board.")
    page = text_of(desk.get(page_of(endorsement)))
    assert "Question asked by Chiara" in page
    assert "The board." in page


def test_hold_and_release_tell_nobody(desk, letter, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    step(desk, endorsement, "hold", note="Looks odd.")
    endorsement.refresh_from_db()
    assert endorsement.status == "held"
    assert "Looks odd." in text_of(desk.get(page_of(endorsement)))
    assert step(desk, endorsement, "release")["Location"] == page_of(endorsement)
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"
    run_jobs()
    assert len(outbox()) == before


@pytest.mark.parametrize(
    ("code", "mailed"),
    [
        ("cannot_verify", "We could not verify the organisation"),
        ("duplicate", ""),
        ("impostor", None),
        ("advertising", None),
    ],
)
def test_reject_with_a_reason_that_is_told_unsaid_or_not_mailed(desk, letter, run_jobs, outbox, code, mailed):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    assert step(desk, endorsement, "reject", code=code, note="They wrote twice.").status_code == 302
    endorsement.refresh_from_db()
    event = endorsement.events.last()
    assert (endorsement.status, event.verb, event.code, event.note.text) == (
        *("rejected", "reject", code, "They wrote twice."),
    )
    run_jobs()
    messages = outbox()[before:]
    assert len(messages) == (0 if mailed is None else 1)
    for message in messages:
        assert mailed in words_of(message)
        assert "already signed" not in words_of(message)
        assert "They wrote twice." not in str(message)


def test_the_page_of_reject_says_what_of_each_reason_is_told(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = text_of(desk.get(f"{QUEUE}{endorsement.pk}/step/reject/"))
    assert "We could not verify the organisation or the address. (mailed in these words)" in page
    assert "The organisation has already signed this letter. (mailed without this reason)" in page
    assert page.count("(no mail)") == len(Endorsement.UNTOLD)
    for code in ("", "because"):
        answer = step(desk, endorsement, "reject", code=code)
        assert answer.status_code == 422
    assert Endorsement.objects.get(pk=endorsement.pk).status == "confirmed"


def test_undo_within_ten_minutes_mails_nothing(desk, letter, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    step(desk, endorsement, "approve")
    undo = f"{QUEUE}{endorsement.pk}/step/undo/"
    assert undo in desk.get(page_of(endorsement)).content.decode()
    assert step(desk, endorsement, "undo")["Location"] == page_of(endorsement)
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"
    run_jobs()
    assert len(outbox()) == before
    step(desk, endorsement, "approve")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert undo not in desk.get(page_of(endorsement)).content.decode()
        refused = step(desk, endorsement, "undo")
        assert "too late" in said(refused)
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"


def test_staff_lower_and_never_raise(desk, letter):
    endorsement = an_endorsement(letter, visibility="country")
    page = text_of(desk.get(f"{QUEUE}{endorsement.pk}/step/lower/"))
    assert "With its name and country" not in page
    assert step(desk, endorsement, "lower", visibility="named").status_code == 422
    assert step(desk, endorsement, "lower", visibility="counted").status_code == 302
    endorsement.refresh_from_db()
    assert endorsement.visibility == "counted"


def test_remove_for_safety_leaves_no_name(desk, letter):
    endorsement = an_endorsement(letter, an_organisation("Mawingu"), representative_name="Wanjiru")
    page = desk.get(f"{QUEUE}{endorsement.pk}/step/remove_for_safety/")
    assert "deleted for good" in text_of(page)
    assert step(desk, endorsement, "remove_for_safety").status_code == 302
    shown = text_of(desk.get(page_of(endorsement)))
    assert "removed" in shown
    assert "Mawingu" not in shown
    assert "Wanjiru" not in shown
    assert "Mawingu" not in letter.title + text_of(desk.get(QUEUE, {"queue": "all"}))


def test_two_moderators_and_the_later_one_is_told(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    daria = as_(a_moderator(letter, name="Daria"))
    step(desk, endorsement, "approve", was="confirmed")
    late = step(daria, endorsement, "reject", was="confirmed", code="cannot_verify")
    assert late["Location"] == page_of(endorsement)
    assert "Somebody changed this meanwhile: now it is “approved”." in said(late)
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"
    assert [event.verb for event in endorsement.events.all()].count("approve") == 1


def test_what_a_verb_refuses_is_said_on_the_page(desk, letter):
    organisation = an_organisation()
    an_endorsement(letter, organisation, state="approved")
    twin = an_endorsement(letter, organisation, state="confirmed")
    answer = desk.post(f"{QUEUE}{twin.pk}/step/approve/", {"was": "confirmed"}, follow=True)
    assert answer.status_code == 200
    assert "already approved" in text_of(answer)
    suspended = an_organisation("Suspended")
    waiting = an_endorsement(letter, suspended, state="confirmed")
    vetting.suspend(suspended, by=None, note="Why")
    assert "suspended or merged" in said(step(desk, waiting, "approve"))
    assert not letter.endorsements.filter(pk__in=[twin.pk, waiting.pk]).exclude(status="confirmed").exists()


def test_the_buttons_are_the_steps_possible_now(desk, letter, chiara):
    def buttons(endorsement) -> list[str]:
        return [str(button["label"]) for button in desk.get(page_of(endorsement)).context["buttons"]]

    yesterday = timezone.now() - timedelta(days=1)
    letter = a_letter(at=yesterday)
    LetterRole.objects.create(user=chiara, letter=letter, role="moderator")
    always = ["Show less of it", "Remove for safety"]
    assert buttons(an_endorsement(letter, state="confirmed", at=yesterday)) == [
        "Approve",
        "Ask",
        "Hold",
        "Reject",
        *always,
    ]
    assert buttons(an_endorsement(letter, state="submitted", at=yesterday)) == ["Hold", *always]
    assert buttons(an_endorsement(letter, state="held", at=yesterday)) == ["Release", "Reject", *always]
    assert buttons(an_endorsement(letter, state="approved", at=yesterday)) == ["Reject", *always]
    assert buttons(an_endorsement(letter, state="rejected", at=yesterday)) == ["Remove for safety"]
    unreachable = endorsing.record(letter, an_organisation(), by=None, evidence="checked", at=yesterday)
    assert buttons(unreachable) == ["Approve", "Hold", "Reject", *always]
    confidential = an_endorsement(letter, state="approved", visibility="confidential", at=yesterday)
    assert buttons(confidential) == ["Reject", "Remove for safety"]


def test_the_page_shows_look_alikes_and_other_sign_ons(desk, letter):
    amani = an_organisation("Amani Water Trust")
    an_organisation("Amani Water Trusts", verified=False)
    an_organisation("Union of Typists")
    an_endorsement(letter, amani, state="rejected")
    endorsement = an_endorsement(letter, amani, state="confirmed")
    context = desk.get(page_of(endorsement)).context
    assert [candidate.organisation.name for candidate in context["alike"]] == ["Amani Water Trusts"]
    assert [twin.status for twin in context["twins"]] == ["rejected"]


def test_the_logo_can_be_looked_at_before_it_is_published(desk, letter):
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(picture, "PNG")
    drawn = logos.redraw(SimpleUploadedFile("logo.png", picture.getvalue(), content_type="image/png"))
    endorsement = an_endorsement(letter, state="confirmed", logo=drawn.file())
    address = f"{QUEUE}{endorsement.pk}/logo.png"
    assert address in desk.get(page_of(endorsement)).content.decode()
    shown = desk.get(address)
    assert shown["Content-Type"] == "image/png"
    assert "no-store" in shown["Cache-Control"]
    assert "public" not in shown["Cache-Control"]
    assert b"".join(shown.streaming_content) == drawn.data
    assert as_(a_moderator(a_letter())).get(address).status_code == 404
    assert desk.get(f"{QUEUE}{an_endorsement(letter, state='confirmed').pk}/logo.png").status_code == 404


def test_every_step_has_a_button_or_belongs_to_somebody_else():
    for desk_of, others in (
        (
            EndorsementAdmin,
            {
                "submit",
                "resend",
                "record",
                "confirm",
                "confirm_held",
                "expire",
                "answer",
                "answer_held",
                "withdraw",
                "reconsent",
                "lapse",
                "subscribe",
                "unsubscribe",
                "fold",
                "unfold",
                "move",
            },
        ),
        (
            LetterAdmin,
            {
                "record",
                "draft",
                "invite",
                "revoke",
                "respond",
                "correct_response",
                "post_update",
                "correct_update",
                "remove_response",
                "remove_update",
            },
        ),
    ):
        assert set(desk_of.verbs) | others == set(desk_of.flow.steps)
        assert set(desk_of.told) == set(desk_of.flow.steps)
