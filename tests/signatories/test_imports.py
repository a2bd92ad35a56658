"""A list on its way onto the register: handed in, compared, decided, imported, undone."""

from __future__ import annotations

import io
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coalition.workflow import NotAllowed
from signatories import imports, vetting
from signatories.importing import paste
from signatories.models import Import, ImportLine, Organisation
from signatories.tasks import carry_out_import, forget_imports, preview_import
from tests.factories import UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db

DOOR = "/admin/signatories/organisation/imports/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(title="Another letter"), name="Chiara"))
    return client


def hand_in(client, text="", file=None, where=DOOR, **more):
    return client.post(where, {"source": "Form of 2025", "text": text, **({"file": file} if file else {}), **more})


def a_preview(text, run_jobs, **said) -> Import:
    batch = imports.take_in(paste(text), source="Form of 2025", by=None, at=timezone.now(), **said)
    run_jobs()
    return Import.objects.get(pk=batch.pk)


def press(client, batch, do, **fields):
    return client.post(f"{DOOR}{batch.public_id}/", {"do": do, **fields})


def line_of(batch, number) -> ImportLine:
    return batch.lines.get(number=number)


def test_a_pasted_list_is_compared_decided_and_imported(desk, run_jobs):
    known = an_organisation("Amnesty International", country="GB")
    answer = hand_in(desk, "1. Amnesty International, UK\n2. Forum Mawingu (FM), Kenya\n3. Signatories:")
    batch = Import.objects.get()
    assert answer["Location"] == f"{DOOR}{batch.public_id}/"
    busy = desk.get(answer["Location"])
    assert "0 of 3 lines are compared" in text_of(busy)
    assert busy["Refresh"] == "3"
    run_jobs()
    page = desk.get(answer["Location"])
    assert "Refresh" not in page
    assert "May be a heading, not a name" in text_of(page)
    assert "in the list: 2. Forum Mawingu (FM), Kenya" in text_of(page)
    assert [(line.choice, line.organisation) for line in batch.lines.all()] == [
        ("known", known), ("new", None), ("", None),
    ]  # fmt: skip
    press(desk, batch, "confirm", **{f"line-{line_of(batch, 3).pk}": "skip"})
    run_jobs()
    assert "imported" in text_of(desk.get(answer["Location"]))
    mawingu = Organisation.objects.get(names__text="Forum Mawingu (FM)")
    assert (mawingu.country, mawingu.standing) == ("KE", "provisional")
    assert set(mawingu.names.values_list("text", flat=True)) == {"Forum Mawingu (FM)", "FM"}
    assert [event.verb for event in mawingu.events.all()] == ["register"]
    assert mawingu.events.get().by.name == "Chiara"
    assert Organisation.objects.count() == 2
    assert all(line.raw == line.aside == "" for line in batch.lines.all())


def test_undo_suspends_what_nothing_else_uses_and_lists_the_rest(desk, run_jobs):
    batch = a_preview("Forum Mawingu\nAmani Trust\nLake Watch\nRiver Keepers", run_jobs)
    imports.confirm(batch, by=None)
    run_jobs()
    named = {organisation.name: organisation for organisation in Organisation.objects.all()}
    vetting.verify(named["Amani Trust"], by=None)
    an_endorsement(a_letter(), named["Lake Watch"], state="submitted")
    press(desk, batch, "undo")
    run_jobs()
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "Changed since, so left as they are: Amani Trust Lake Watch" in page
    standings = {organisation.name: organisation.standing for organisation in Organisation.objects.all()}
    assert standings == {
        "Forum Mawingu": "suspended",
        "River Keepers": "suspended",
        "Amani Trust": "verified",
        "Lake Watch": "provisional",
    }
    note = named["Forum Mawingu"].events.last().note.text
    assert note == "Import undone: Form of 2025"


def test_the_list_can_be_imported_again_after_an_undo(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    run_jobs()
    imports.undo(Import.objects.get(), by=None)
    run_jobs()
    again = a_preview("Forum Mawingu", run_jobs)
    assert line_of(again, 1).choice == "new"
    imports.confirm(again, by=None)
    run_jobs()
    assert Organisation.objects.filter(standing="provisional").count() == 1


def test_what_is_not_settled_blocks_the_import_with_a_sentence(run_jobs):
    batch = a_preview("Forum Mawingu\nForum Mawingu\n!!!", run_jobs)
    assert [line.choice for line in batch.lines.all()] == ["new", "skip", ""]
    with pytest.raises(NotAllowed, match="1 line is not decided yet"):
        imports.confirm(batch, by=None)
    imports.choose(batch, {line_of(batch, 3).pk: "new"})
    with pytest.raises(NotAllowed, match="Line 3 can’t be imported as it is"):
        imports.confirm(batch, by=None)
    imports.choose(batch, {line_of(batch, 3).pk: "skip", line_of(batch, 2).pk: "new"})
    with pytest.raises(NotAllowed, match="Lines 1 and 2 are the same organisation"):
        imports.confirm(batch, by=None)
    imports.choose(batch, {line_of(batch, 1).pk: "skip", line_of(batch, 2).pk: "skip"})
    with pytest.raises(NotAllowed, match="nothing to import"):
        imports.confirm(batch, by=None)
    assert Organisation.objects.count() == 0


def test_a_suspended_organisation_blocks_it(run_jobs):
    known = an_organisation("Forum Mawingu", country="")
    batch = a_preview("Forum Mawingu", run_jobs)
    assert line_of(batch, 1).choice == "known"
    vetting.suspend(known, by=None, note="Fake.")
    with pytest.raises(NotAllowed, match="Line 1: the organisation is suspended or merged"):
        imports.confirm(batch, by=None)


def test_what_came_onto_the_register_meanwhile_is_not_doubled(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    an_organisation("FORUM MAWINGU", country="")
    run_jobs()
    batch.refresh_from_db()
    assert batch.status == "previewed"
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "Line 1: “Forum Mawingu” came onto the register meanwhile. Compare the list again." in page
    press(desk, batch, "compare")
    run_jobs()
    assert line_of(batch, 1).choice == "known"
    assert Organisation.objects.count() == 1


def test_what_is_possible_is_for_a_person_to_decide(desk, run_jobs):
    known = an_organisation("Forum Mawingu for Rivers and Lakes", country="KE")
    batch = a_preview("Forum Mawingu Rivers\nSomething else", run_jobs)
    line = line_of(batch, 1)
    assert (line.match, line.level, line.choice) == (known, "possible", "")
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/?show=undecided"))
    assert "Forum Mawingu for Rivers and Lakes (Kenya) – possibly the same" in page
    assert "possibly the same: Forum Mawingu for Rivers and Lakes , Kenya (name 0." in page
    assert "Something else" not in page
    press(desk, batch, "keep", **{f"line-{line.pk}": str(known.pk)})
    line.refresh_from_db()
    assert (line.choice, line.organisation) == ("known", known)
    other = an_organisation()
    press(desk, batch, "keep", **{f"line-{line.pk}": str(other.pk)})
    line.refresh_from_db()
    assert line.organisation == known
    press(desk, batch, "rest-new", **{f"line-{line.pk}": ""})
    line.refresh_from_db()
    assert (line.choice, line.organisation) == ("new", None)


def test_a_file_without_named_columns_asks_what_they_hold(desk, run_jobs):
    file = SimpleUploadedFile("list.csv", "12;Forum Mawingu;Kenya\n13;Amani Trust;Uganda\n".encode("cp1252"))
    answer = hand_in(desk, file=file)
    batch = Import.objects.get()
    assert batch.status == "read"
    page = text_of(desk.get(answer["Location"]))
    assert "Column 2" in page
    assert "Forum Mawingu · Amani Trust" in page
    wrong = press(desk, batch, "columns", **{"column-1": "name", "column-2": "name"})
    assert wrong.status_code == 422
    assert "Two columns are said to hold the same" in text_of(wrong)
    none = press(desk, batch, "columns", **{"column-2": "country"})
    assert "Say which column holds the names" in text_of(none)
    press(desk, batch, "columns", **{"column-1": "name", "column-2": "country"})
    run_jobs()
    assert list(batch.lines.values_list("name", "country")) == [("Forum Mawingu", "KE"), ("Amani Trust", "UG")]


def test_bad_input_is_told_and_what_was_typed_is_kept(desk):
    picture = SimpleUploadedFile("list.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 600)
    page = hand_in(desk, file=picture)
    assert page.status_code == 422
    assert "This is a picture, not a list" in text_of(page)
    assert 'value="Form of 2025"' in page.content.decode()
    page = desk.post(DOOR, {"source": "", "text": "Forum Mawingu\nAmani Trust"})
    assert "Write where the list came from" in text_of(page)
    assert "Forum Mawingu\nAmani Trust" in page.content.decode()
    assert "Choose a file, or paste a list below" in text_of(hand_in(desk))
    both = hand_in(desk, "Forum", SimpleUploadedFile("a.csv", b"Name\nAmani\n"))
    assert "not both" in text_of(both)
    assert "nothing in this file" in text_of(hand_in(desk, file=SimpleUploadedFile("a.csv", b"")))
    assert not Import.objects.exists()


@pytest.mark.slow
def test_a_file_of_200_mb_is_refused_before_it_is_read(desk):
    class Huge(io.BytesIO):
        name = "list.csv"

    page = hand_in(desk, file=Huge(b"Name,Country\n" + b"x" * 200_000_000))
    assert "The file is larger than 10 MB" in text_of(page)
    assert not Import.objects.exists()


def test_a_dropped_list_is_forgotten(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    press(desk, batch, "drop")
    batch.refresh_from_db()
    assert batch.status == "dropped"
    assert not batch.lines.exists()


def test_a_list_that_nobody_decides_is_forgotten_after_30_days(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    for days, kept in ((29, True), (31, False)):
        with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
            forget_imports.func(0)
        assert batch.lines.exists() == kept


def test_decisions_are_kept_only_while_they_are_waited_for(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    press(desk, batch, "keep", **{f"line-{line_of(batch, 1).pk}": "skip"})
    assert line_of(batch, 1).choice == "new"


def test_who_keeps_no_register_may_not_import(client, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    client.force_login(a_moderator(a_letter(), role="observer"))
    assert client.get(DOOR).status_code == 403
    assert hand_in(client, "Forum").status_code == 403
    assert client.get(f"{DOOR}{batch.public_id}/").status_code == 404
    assert press(client, batch, "confirm").status_code == 404
    with pytest.raises(NotAllowed):
        imports.confirm(batch, by=a_moderator(a_letter(), role="observer"))
    client.force_login(UserFactory())
    assert "/admin/login/" in client.get(DOOR)["Location"]


def test_the_preview_asks_the_database_no_more_for_more_lines(desk, run_jobs):
    def queries(lines: int) -> int:
        for number in range(lines):
            an_organisation(f"Forum {number} of Lake {number}", country="KE")
        batch = a_preview("\n".join(f"Forum {number} of Lake {number}, Kenya" for number in range(lines)), run_jobs)
        with CaptureQueriesContext(connection) as counted:
            desk.get(f"{DOOR}{batch.public_id}/")
        return len(counted)

    assert queries(3) == queries(9)


def test_a_long_list_is_shown_in_pages(desk, run_jobs):
    batch = a_preview("\n".join(f"Quartz {number} zebra" for number in range(230)), run_jobs)
    first = desk.get(f"{DOOR}{batch.public_id}/")
    assert "Page 1 of 2" in text_of(first)
    assert first.content.decode().count("<select") == 200
    answer = press(desk, batch, "next", next="2")
    assert desk.get(answer["Location"]).content.decode().count("<select") == 30


def test_a_job_that_runs_twice_does_it_once(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    preview_import.func(batch.pk)
    imports.confirm(batch, by=None)
    carry_out_import.func(batch.pk)
    carry_out_import.func(batch.pk)
    assert Organisation.objects.count() == 1


def test_comparing_asks_the_database_a_few_times_a_line(run_jobs):
    """What 5,000 lines in 30 seconds need; the rest is the matching's."""
    batch = imports.take_in(
        paste("\n".join(f"Quartz {number} zebra" for number in range(100))),
        source="Form of 2025",
        by=None,
        at=timezone.now(),
    )
    with CaptureQueriesContext(connection) as counted:
        run_jobs()
    written = [query for query in counted.captured_queries if not query["sql"].lstrip().startswith(("SELECT", "WITH"))]
    assert len(written) < 25
    assert batch.lines.filter(choice="new").count() == 100


def test_a_list_that_comes_again_is_known_without_a_search(run_jobs):
    text = "\n".join(f"Forum {number} of Lakes, Kenya" for number in range(40))
    batch = a_preview(text, run_jobs)
    batch.lines.update(choice="new", organisation=None)
    imports.confirm(batch, by=None)
    run_jobs()
    imports.take_in(paste(text), source="Again", by=None, at=timezone.now())
    with CaptureQueriesContext(connection) as counted:
        run_jobs()
    again = Import.objects.latest("pk")
    assert len(counted) < 40
    assert set(again.lines.values_list("choice", "level")) == {("known", "probable")}
    assert all(line.organisation.name == line.name for line in again.lines.all())


@pytest.mark.slow
def test_a_thousand_lines_are_imported_in_3_seconds(run_jobs):
    rows = "\n".join(f"{number}. Forum {number} of Lake {number}, Kenya" for number in range(1, 1001))
    batch = imports.take_in(paste(rows), source="Form of 2025", by=None, at=timezone.now())
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
    assert time.process_time() - began < 3
    assert Organisation.objects.filter(events__verb="register").count() == 1000
    batch.refresh_from_db()
    assert batch.status == "confirmed"


def test_a_line_that_may_pose_as_another_is_for_a_person_to_decide(desk, run_jobs):
    data = "name,website\n\u0410mnesty International,https://amnesty.example\nLake Watch,https://l\u0430ke.example\n"
    hand_in(desk, file=SimpleUploadedFile("list.csv", data.encode()))
    run_jobs()
    batch = Import.objects.get()
    assert (line_of(batch, 2).choice, line_of(batch, 3).choice) == ("", "new")
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "The name mixes scripts in one word: \u0410mnesty (\u0410 = CYRILLIC CAPITAL LETTER A)" in page
    assert "The website mixes scripts in one word: l\u0430ke (\u0430 = CYRILLIC SMALL LETTER A)" in page
