"""Sign-ons that came by mail or on paper are recorded at the desk."""

from __future__ import annotations

import pytest
from django.utils import timezone

from letters import counting
from letters.models import Endorsement, LetterRole
from signatories.models import Organisation
from tests.factories import a_letter, an_organisation
from tests.letters.admin.steps import QUEUE, page_of, step
from tests.reading import text_of

pytestmark = pytest.mark.django_db


RECORD = {
    "organisation_name": "New Wells Committee",
    "organisation": "new",
    "country": "KE",
    "website": "wells.example.org",
    "representative_name": "Bruno Otieno",
    "representative_role": "Director",
    "representative_email": "bruno@wells.org",
    "visibility": "country",
    "evidence": "checked",
    "note": "Letter of 3 May to the secretariat.",
}


def test_record_a_new_organisation_and_mail_its_representative(desk, letter, chiara, run_jobs, outbox):
    assert desk.get(f"{QUEUE}record/")["Location"] == f"{QUEUE}record/{letter.pk}/"
    response = desk.post(f"{QUEUE}record/{letter.pk}/", RECORD)
    endorsement = letter.endorsements.get()
    assert response["Location"] == page_of(endorsement)
    assert (endorsement.status, endorsement.visibility, endorsement.evidence) == ("confirmed", "country", "checked")
    assert endorsement.organisation.name == endorsement.printed_name == "New Wells Committee"
    assert endorsement.organisation.standing == "provisional"
    event = endorsement.events.get()
    assert (event.verb, event.by, event.note.text) == ("record", chiara, RECORD["note"])
    assert endorsement.organisation.events.get().by == chiara
    assert run_jobs() == 1
    (message,) = outbox()
    assert message["To"] == "bruno@wells.org"
    assert message["Subject"].startswith("Your signature is recorded")


@pytest.mark.parametrize("verified", [True, False])
def test_record_finds_organisations_that_no_page_shows(desk, letter, verified):
    hidden = an_organisation("Amani Water Trust", verified=verified, at_risk=True, country="UG")
    page = desk.post(f"{QUEUE}record/{letter.pk}/", {"organisation_name": "amani water", "find": "1"})
    assert page.status_code == 200
    assert "Amani Water Trust" in text_of(page)
    assert "Uganda" in text_of(page)
    assert "Write where" not in text_of(page), "Find finds no fault"
    known = {"organisation_name": "amani water", "organisation": hidden.public_id, "country": "", "website": ""}
    desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | known)
    endorsement = letter.endorsements.get()
    assert endorsement.organisation == hidden
    assert endorsement.printed_name == "Amani Water Trust"
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize("visibility", Endorsement.Visibility.values)
def test_record_without_a_representative_keeps_the_visibility(desk, letter, run_jobs, outbox, visibility):
    nobody = dict.fromkeys(("representative_name", "representative_role", "representative_email"), "")
    assert desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | nobody | {"visibility": visibility}).status_code == 302
    endorsement = letter.endorsements.get()
    assert endorsement.visibility == visibility
    assert not hasattr(endorsement, "representative")
    run_jobs()
    assert outbox() == []
    step(desk, endorsement, "approve")
    named = counting.count(letter, timezone.now()).named
    assert named == (visibility == "named")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"note": " "}, "Write where the sign-on came from"),
        ({"evidence": ""}, "Select how it was verified"),
        ({"evidence": "published"}, "Select how it was verified"),
        ({"country": ""}, "Select a country"),
        ({"organisation_name": ""}, "Enter the name of your organisation"),
        ({"representative_name": ""}, "Enter all three, or none where nobody is known"),
        ({"representative_email": "bruno@wells"}, "Enter an email address with a domain"),
        ({"visibility": "loud"}, "Select how"),
    ],
)
def test_record_says_what_is_missing_and_records_nothing(desk, letter, change, sentence):
    answer = desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | change)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "There is a problem" in text_of(answer)
    assert not letter.endorsements.exists()


def test_record_is_for_letters_that_one_moderates_and_that_are_public(desk, letter, chiara):
    draft, other = a_letter(state="draft"), a_letter(title="Second letter")
    for of in (draft, other):
        LetterRole.objects.create(user=chiara, letter=of, role="moderator")
    page = text_of(desk.get(f"{QUEUE}record/"))
    assert "Keep river data public" in page
    assert "Second letter" in page
    assert desk.get(f"{QUEUE}record/{draft.pk}/").status_code == 404
    assert desk.post(f"{QUEUE}record/{a_letter().pk}/", RECORD).status_code == 404


def test_where_names_are_not_withheld_a_recorded_one_is_named(desk, chiara):
    letter = a_letter(withheld_names="not_allowed")
    LetterRole.objects.create(user=chiara, letter=letter, role="moderator")
    assert "How the organisation appears" not in text_of(desk.get(f"{QUEUE}record/{letter.pk}/"))
    desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | {"representative_email": ""} | dict.fromkeys(
        ("representative_name", "representative_role"), ""))  # fmt: skip
    assert letter.endorsements.get().visibility == "named"
