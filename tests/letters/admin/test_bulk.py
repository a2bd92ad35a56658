"""Several decided at once: what the page in between lists, and what is refused."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import BadRequest

from letters import endorsing
from letters.admin import bulk
from letters.admin.endorsements import EndorsementAdmin
from letters.models import Endorsement, LetterRole
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation
from tests.letters.admin.steps import QUEUE, as_, confirm, said, tick
from tests.letters.test_races import at_once
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def test_the_page_in_between_lists_exactly_who_and_changes_nothing(desk, letter):
    two = [an_endorsement(letter, an_organisation(name), state="confirmed") for name in ("Amani", "Mawingu")]
    unreachable = endorsing.record(letter, an_organisation("On Paper"), by=None, evidence="checked")
    done = an_endorsement(letter, an_organisation("Done Before"), state="approved")
    an_endorsement(letter, an_organisation("Not Ticked"), state="confirmed")
    page = text_of(tick(desk, "approve", *two, unreachable, done, query="?queue=all"))
    for words in ("Approve: 3 endorsements", "2 mails leave", "Amani", "Mawingu", "On Paper", "nobody to write to"):
        assert words in page
    assert "Done Before , Kenya" in page
    assert "Can’t be done, it is “approved”." in page
    assert "Not Ticked" not in page
    assert "No mail leaves." in text_of(tick(desk, "hold", *two))
    assert letter.endorsements.approved().count() == 1


def test_bulk_takes_each_and_refuses_what_changed_meanwhile(desk, letter, chiara, run_jobs, outbox):
    organisation = an_organisation("Twin")
    an_endorsement(letter, organisation, state="approved")
    rows = [an_endorsement(letter, an_organisation(f"Union {n}"), state="confirmed") for n in range(4)]
    rows.append(an_endorsement(letter, organisation, state="confirmed"))
    run_jobs()
    before = len(outbox())
    page = tick(desk, "approve", *rows)
    endorsing.withdraw(rows[1])
    response = confirm(desk, "approve", page)
    assert response.status_code == 302
    assert said(response) == (
        "3 approved, 2 refused: Union 1: Somebody changed this meanwhile: now it is “withdrawn”.; "
        "Twin: This organisation’s endorsement is already approved."
    )
    statuses = dict(letter.endorsements.values_list("printed_name", "status"))
    assert [statuses[f"Union {n}"] for n in range(4)] == ["approved", "withdrawn", "approved", "approved"]
    for endorsement in (rows[0], rows[2], rows[3]):
        assert [(e.verb, e.by) for e in endorsement.events.all()][-1] == ("approve", chiara)
    run_jobs()
    subjects = [message["Subject"] for message in outbox()[before:]]
    assert subjects.count("Published: Keep river data public") == 3


def test_bulk_asks_holds_and_rejects_with_its_words(desk, letter):
    for verb, words, status in (
        ("ask", {"note": "Who decided?"}, "asked"),
        ("hold", {"note": "Wait."}, "held"),
        ("reject", {"code": "advertising", "note": ""}, "rejected"),
    ):
        rows = [an_endorsement(letter, state="confirmed") for _ in range(2)]
        page = tick(desk, verb, *rows)
        if verb != "hold":
            assert confirm(desk, verb, page).status_code == 422
        response = confirm(desk, verb, page, **words)
        assert said(response).endswith(f"2 {EndorsementAdmin.verbs[verb].done}")
        for endorsement in rows:
            endorsement.refresh_from_db()
            assert endorsement.status == status
            event = endorsement.events.last()
            assert (getattr(getattr(event, "note", None), "text", ""), event.code) == (
                words["note"],
                words.get("code", ""),
            )


def test_bulk_keeps_the_list_as_it_was(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = tick(desk, "approve", endorsement, query=f"?queue=waiting&letter={letter.pk}")
    action = re.search(r'<form class="bulk" method="post" action="([^"]+)"', page.content.decode())
    assert action
    answer = desk.post(action[1].replace("&amp;", "&"), {"row": f"{endorsement.pk}:confirmed"})
    assert answer["Location"] == f"{QUEUE}?queue=waiting&letter={letter.pk}"


def test_a_failed_question_lists_the_rows_as_they_were_shown(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = tick(desk, "reject", endorsement)
    endorsing.hold(endorsement, by=None)
    again = confirm(desk, "reject", page)
    assert again.status_code == 422
    assert "Somebody changed this meanwhile" in said(confirm(desk, "reject", again, code="duplicate"))


def test_bulk_leaves_out_letters_that_one_only_observes(desk, letter, chiara):
    other = a_letter()
    LetterRole.objects.create(user=chiara, letter=other, role="observer")
    mine, foreign = (
        an_endorsement(letter, state="confirmed"),
        an_endorsement(other, an_organisation("Foreign"), state="confirmed"),
    )
    page = tick(desk, "approve", mine, foreign)
    assert "Foreign" not in text_of(page)
    desk.post(f"{QUEUE}bulk/approve/", {"row": [f"{e.pk}:confirmed" for e in (mine, foreign)]})
    assert set(Endorsement.objects.filter(status="approved")) == {mine}


def test_nothing_ticked_says_so(desk, letter):
    an_endorsement(letter, state="confirmed")
    answer = desk.post(f"{QUEUE}?queue=all", {"action": "approve"}, follow=True)
    assert answer.redirect_chain == [(f"{QUEUE}?queue=all", 302)]
    assert "Nothing was done. Tick those that you mean first." in text_of(answer)


@pytest.mark.parametrize("row", ["x:confirmed", ":", "1²:confirmed", "9" * 40 + ":confirmed"])
def test_rows_that_no_page_listed_are_a_bad_request(desk, letter, row):
    assert desk.post(f"{QUEUE}bulk/approve/", {"row": row}).status_code == 400
    with pytest.raises(BadRequest):
        bulk._listed([row])
    assert desk.post(f"{QUEUE}bulk/withdraw/", {"row": "1:confirmed"}).status_code == 404


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_decide_each_once():
    letter = a_letter()
    desks = [as_(a_moderator(letter)) for _ in range(2)]
    rows = [an_endorsement(letter, state="confirmed") for _ in range(5)]
    pages = [tick(desk, verb, *rows) for desk, verb in zip(desks, ("approve", "reject"), strict=True)]
    at_once(
        lambda: confirm(desks[0], "approve", pages[0]),
        lambda: confirm(desks[1], "reject", pages[1], code="cannot_verify"),
    )
    for endorsement in rows:
        endorsement.refresh_from_db()
        decisions = endorsement.events.filter(verb__in=["approve", "reject"])
        assert [event.to_status for event in decisions] == [endorsement.status]
