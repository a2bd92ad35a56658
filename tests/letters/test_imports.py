"""Lists of endorsements that were collected elsewhere: recorded for one letter by its moderators, and undone."""

from __future__ import annotations

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import counting, endorsing
from letters import imports as lists
from letters.models import Endorsement, Representative
from signatories import imports
from signatories.importing import paste, read
from signatories.models import Import, Organisation
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

CSV = (
    "Organisation,Country,Your name,Role,Email,Visibility\n"
    "Forum Mawingu,Kenya,Bruno Otieno,Director,bruno@mawingu.example.org,yes\n"
    "Amani Trust,Uganda,,,,no\n"
    "Lake Watch,Kenya,Asha,,,country\n"
)


@pytest.fixture
def letter():
    return a_letter()


@pytest.fixture
def desk(client, letter) -> Client:
    client.force_login(a_moderator(letter, name="Chiara"))
    return client


def door(letter) -> str:
    return f"/admin/letters/letter/{letter.pk}/import/"


def hand_in(client, letter, **more):
    said = {"source": "Form of 2025", "kind": "form", "evidence": "mailbox", **more}
    return client.post(door(letter), said)


def a_batch(letter, text, run_jobs, **how) -> Import:
    said = {"kind": "paper", "evidence": "checked", "by": None, "at": timezone.now(), "source": "Paper of May"}
    batch = lists.take_in(letter, paste(text), **said | how)
    run_jobs()
    return Import.objects.get(pk=batch.pk)


def done(batch, run_jobs) -> Import:
    imports.confirm(batch, by=None)
    run_jobs()
    batch.refresh_from_db()
    return batch


def test_a_form_collected_before_is_recorded_with_its_people_and_wishes(desk, letter, run_jobs, outbox):
    assert door(letter) in links_of(desk.get(f"/admin/letters/letter/{letter.pk}/change/"))
    file = SimpleUploadedFile("form.csv", CSV.encode())
    answer = hand_in(desk, letter, file=file, tells_people="on")
    run_jobs()
    page = text_of(desk.get(answer["Location"]))
    assert "A name, a role and an email address are needed for a contact" in page
    assert "In the total only" in page
    desk.post(answer["Location"], {"do": "confirm"})
    run_jobs()
    mawingu, amani, lake = Endorsement.objects.order_by("pk")
    assert [e.status for e in (mawingu, amani, lake)] == ["confirmed"] * 3
    assert [e.visibility for e in (mawingu, amani, lake)] == ["named", "counted", "country"]
    assert [e.evidence for e in (mawingu, amani, lake)] == ["mailbox"] * 3
    assert str(mawingu.events.get().note) == "collected by form before: Form of 2025"
    assert mawingu.events.get().by.name == "Chiara"
    assert (mawingu.printed_name, mawingu.printed_country) == ("Forum Mawingu", "KE")
    assert Representative.objects.get().email == "bruno@mawingu.example.org"
    assert [message["To"] for message in outbox()] == ["bruno@mawingu.example.org"]
    assert counting.count(letter, timezone.now()).organisations == 0
    assert all(line.raw == line.aside == "" for line in Import.objects.get().lines.all())


def test_the_preview_shows_how_each_will_appear_and_who_is_written_to(desk, letter, run_jobs):
    answer = hand_in(desk, letter, file=SimpleUploadedFile("form.csv", CSV.encode()), tells_people="on")
    run_jobs()
    page = text_of(desk.get(answer["Location"]))
    for words in ("In the total only", "As “an organisation in …”, without its name", "Bruno Otieno, Director, bruno@"):
        assert words in page
    assert "so all appear with their names" not in page
    silent = hand_in(desk, letter, file=SimpleUploadedFile("form.csv", b"Organisation,Country\nLake Watch,Kenya\n"))
    run_jobs()
    page = text_of(desk.get(silent["Location"]))
    assert "No column says how an organisation wants to appear, so all appear with their names." in page


def test_who_asks_for_anonymity_in_words_of_their_own_is_not_named(desk, letter, run_jobs):
    text = "Organisation,Country,How should we list you?\nForum Mawingu,Kenya,Anonymous\nAmani Trust,Uganda,Publicly\n"
    answer = hand_in(desk, letter, file=SimpleUploadedFile("form.csv", text.encode()))
    run_jobs()
    desk.post(answer["Location"], {"do": "confirm"})
    run_jobs()
    assert [e.visibility for e in Endorsement.objects.order_by("pk")] == ["counted", "named"]


def test_nobody_is_recorded_or_told_unless_it_is_wanted(desk, letter, run_jobs, outbox):
    answer = hand_in(desk, letter, file=SimpleUploadedFile("form.csv", CSV.encode()))
    run_jobs()
    desk.post(answer["Location"], {"do": "confirm"})
    run_jobs()
    assert Endorsement.objects.count() == 3
    assert not Representative.objects.exists()
    assert outbox() == []


def test_a_wish_that_the_letter_can_not_keep_is_not_overlooked(run_jobs):
    letter = a_letter(withheld_names="not_allowed")
    batch = lists.take_in(
        letter, read(CSV.encode(), "form.csv"), kind="form", evidence="mailbox", by=None, at=timezone.now(),
        source="Form", filename="form.csv",
    )  # fmt: skip
    run_jobs()
    assert list(batch.lines.values_list("choice", flat=True)) == ["new", "", ""]
    batch.refresh_from_db()
    imports.choose(batch, {line.pk: "new" for line in batch.lines.all()})
    with pytest.raises(NotAllowed, match="Line 3 can’t be imported as it is"):
        imports.confirm(batch, by=None)


def test_rules_that_change_meanwhile_make_no_name_public(letter, run_jobs):
    said = {"kind": "form", "evidence": "mailbox", "by": None, "at": timezone.now(), "source": "Form"}
    batch = lists.take_in(letter, read(CSV.encode(), "form.csv"), **said, filename="form.csv")
    run_jobs()
    batch.refresh_from_db()
    imports.confirm(batch, by=None)
    type(letter).objects.filter(pk=letter.pk).update(withheld_names="not_allowed")
    run_jobs()
    batch.refresh_from_db()
    assert batch.status == "previewed"
    assert "On this letter every organisation is published by name." in batch.trouble
    assert not Endorsement.objects.exists()


def test_who_has_signed_already_is_left_out(letter, run_jobs):
    signed = an_organisation("Forum Mawingu", country="KE")
    an_endorsement(letter, signed)
    batch = a_batch(letter, "Forum Mawingu, Kenya\nAmani Trust", run_jobs)
    assert list(batch.lines.values_list("choice", flat=True)) == ["skip", "new"]
    line = batch.lines.first()
    assert ["taken", ""] in line.problems
    imports.choose(batch, {line.pk: str(signed.pk)})
    with pytest.raises(NotAllowed, match="Line 1: the organisation has signed already"):
        imports.confirm(batch, by=None)
    imports.choose(batch, {line.pk: "skip"})
    done(batch, run_jobs)
    assert letter.endorsements.count() == 2


def test_undo_rejects_without_a_mail_and_leaves_what_was_decided_since(desk, letter, run_jobs, outbox):
    batch = done(a_batch(letter, "Forum Mawingu\nAmani Trust\nLake Watch", run_jobs), run_jobs)
    forum, amani, lake = Endorsement.objects.order_by("pk")
    endorsing.approve(amani, by=None)
    endorsing.hold(lake, by=None)
    desk.post(f"/admin/signatories/organisation/imports/{batch.public_id}/", {"do": "undo"})
    run_jobs()
    statuses = list(Endorsement.objects.order_by("pk").values_list("status", flat=True))
    assert statuses == ["rejected", "approved", "held"]
    assert forum.events.last().code == "wrong_list"
    batch.refresh_from_db()
    assert batch.status == "undone"
    assert batch.trouble.splitlines() == ["2", "3"]
    standings = dict(Organisation.objects.values_list("names__text", "standing"))
    assert standings == {"Forum Mawingu": "suspended", "Amani Trust": "verified", "Lake Watch": "provisional"}
    assert outbox() == []


def test_a_published_list_keeps_its_order(run_jobs):
    letter = a_letter(state="recorded")
    batch = a_batch(letter, "Zebra Forum\nAmani Trust", run_jobs, kind="published", evidence="published")
    done(batch, run_jobs)
    assert list(letter.endorsements.order_by("order").values_list("printed_name", "order")) == [
        ("Zebra Forum", 1), ("Amani Trust", 2),
    ]  # fmt: skip


def test_of_a_published_list_the_evidence_is_that_list(desk, letter):
    page = hand_in(desk, letter, text="Forum", kind="published", evidence="mailbox")
    assert page.status_code == 422
    assert "Of a published list the evidence is that list" in text_of(page)
    assert "Select how they signed" in text_of(hand_in(desk, letter, text="Forum", kind=""))


def test_only_the_letters_moderators_may(client, letter, run_jobs):
    batch = a_batch(letter, "Forum Mawingu", run_jobs)
    page = f"/admin/signatories/organisation/imports/{batch.public_id}/"
    other = a_moderator(a_letter())
    client.force_login(other)
    assert client.get(door(letter)).status_code == 404
    assert client.get(page).status_code == 404
    assert "Paper of May" not in text_of(client.get("/admin/signatories/organisation/imports/"))
    with pytest.raises(NotAllowed):
        imports.confirm(batch, by=other)
    with pytest.raises(NotAllowed):
        lists.take_in(letter, paste("X"), kind="form", evidence="mailbox", by=other, at=timezone.now(), source="X")
    client.force_login(a_moderator(letter, role="convener"))
    assert client.get(door(letter)).status_code == 403
    assert hand_in(client, letter, text="Forum").status_code == 403
    assert door(letter) not in links_of(client.get(f"/admin/letters/letter/{letter.pk}/change/"))
    assert Endorsement.objects.count() == 0


def test_a_letter_taken_down_meanwhile_takes_none(letter, run_jobs):
    from letters import lifecycle

    batch = a_batch(letter, "Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    lifecycle.take_down(letter, by=None, note="For their safety.")
    run_jobs()
    batch.refresh_from_db()
    assert (batch.status, batch.trouble) == ("previewed", "Sign-ons are recorded once the letter is open.")
    assert not Organisation.objects.exists()


@pytest.mark.slow
def test_a_thousand_endorsements_are_recorded_in_3_seconds(letter, run_jobs):
    rows = "\n".join(f"Forum {number} of Lake {number}, Kenya" for number in range(1, 1001))
    batch = lists.take_in(
        letter, paste(rows), kind="form", evidence="mailbox", by=None, at=timezone.now(), source="Form"
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    for line in (lines := list(batch.lines.all())):
        line.name, line.country, line.choice = f"Forum {line.number} of Lake {line.number}", "KE", "new"
        line.normalised = line.name.lower()
    imports._write(lines, ["name", "country", "choice", "normalised"])
    imports.show(batch)
    imports.confirm(batch, by=None)
    began = time.process_time()  # of this process: other work on the machine is not measured
    run_jobs()
    took = time.process_time() - began
    assert letter.endorsements.filter(status="confirmed").count() == 1000
    assert took < 3


def test_what_is_removed_for_safety_leaves_the_list_that_brought_it_too(letter, run_jobs):
    batch = done(
        a_batch(letter, "1. Forum Mawingu, Kenya\n2. Amani Trust\n3. Forum Mawingu, Kenya", run_jobs), run_jobs
    )
    waiting = a_batch(letter, "Forum Mawingu, Kenya", run_jobs)
    endorsing.remove_for_safety(Endorsement.objects.get(printed_name="Forum Mawingu"), by=None)
    for line in [*batch.lines.exclude(number=2), *waiting.lines.all()]:
        assert (line.name, line.normalised, line.acronym, line.country, line.website) == ("", "", "", "", "")
        assert (line.match, line.organisation, line.created, line.candidates) == (None, None, None, [])
        assert (line.raw, line.aside, line.choice) == ("", "", "skip")
        assert not hasattr(line, "imported")
    assert batch.lines.get(number=2).created.name == "Amani Trust"
    imports.compare_again(waiting, by=None)
    run_jobs()
    assert waiting.lines.get().problems == [["no_name", ""]]
    imports.undo(batch, by=None)
    run_jobs()
    batch.refresh_from_db()
    assert batch.trouble == ""
    assert Organisation.objects.get(names__text="Forum Mawingu").standing == "provisional"


def test_what_an_undo_leaves_is_told_by_its_line_as_names_may_have_to_go(desk, letter, run_jobs):
    batch = done(a_batch(letter, "Forum Mawingu\nAmani Trust", run_jobs), run_jobs)
    endorsing.approve(endorsement := Endorsement.objects.get(printed_name="Amani Trust"), by=None)
    imports.undo(batch, by=None)
    run_jobs()
    endorsing.remove_for_safety(endorsement, by=None)
    page = text_of(desk.get(f"/admin/signatories/organisation/imports/{batch.public_id}/"))
    assert "Changed since, so left as they are: Line 2" in page
    assert "Amani" not in page


def test_who_was_told_of_a_signature_is_told_of_the_undo_too(desk, letter, run_jobs, outbox):
    file = SimpleUploadedFile("form.csv", CSV.encode())
    hand_in(desk, letter, file=file, tells_people="on")
    run_jobs()
    batch = done(Import.objects.get(), run_jobs)
    imports.undo(batch, by=None)
    run_jobs()
    assert Endorsement.objects.filter(status="rejected").count() == 3
    told = [(message["To"], message["Subject"].partition(":")[0]) for message in outbox()]
    assert told == [("bruno@mawingu.example.org", words) for words in ("Your signature is recorded", "Not published")]
