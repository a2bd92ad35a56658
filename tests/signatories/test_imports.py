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
from letters import imports as lists
from signatories import imports, merging, vetting
from signatories.importing import paste
from signatories.models import Import, ImportLine, Organisation
from signatories.tasks import carry_out_import, forget_imports, preview_import
from tests.factories import UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import links_of, text_of

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
    made = Organisation.objects.get()
    assert (line_of(again, 1).choice, line_of(again, 1).organisation) == ("known", made)
    carried_out(again, run_jobs)
    made.refresh_from_db()
    assert (made.standing, made.events.last().verb) == ("provisional", "take_up")
    assert carried_out(again, run_jobs, imports.undo).trouble == ""
    made.refresh_from_db()
    assert made.standing == "suspended"
    carried_out(a_preview("Forum Mawingu", run_jobs), run_jobs)
    assert Organisation.objects.count() == 1


def test_one_that_a_person_has_suspended_is_not_taken_up_again(run_jobs):
    batch = carried_out(a_preview("Forum Mawingu", run_jobs), run_jobs)
    vetting.suspend(Organisation.objects.get(), by=None, note="Fake.")
    carried_out(batch, run_jobs, imports.undo)
    assert line_of(a_preview("Forum Mawingu", run_jobs), 1).match is None


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


def test_what_was_seen_and_is_said_to_be_another_comes_onto_the_register(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    an_organisation("Forum Mawingu", country="")
    imports.compare_again(batch, by=None)
    run_jobs()
    imports.choose(batch, {line_of(batch, 1).pk: "new"})
    imports.confirm(Import.objects.get(), by=None)
    run_jobs()
    assert (Import.objects.get().status, Organisation.objects.count()) == ("confirmed", 2)


def test_what_was_being_written_while_a_list_was_compared_is_not_doubled(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    known = an_organisation("Forum Mawingu", country="")
    began = batch.created_at - timedelta(seconds=5)  # its transaction: it ended after the comparison
    Organisation.objects.filter(pk=known.pk).update(created_at=began)
    imports.confirm(batch, by=None)
    run_jobs()
    assert "came onto the register meanwhile" in Import.objects.get().trouble
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
    press(desk, batch, "keep", **{f"line-{line.pk}": ""})
    assert "Take 1 line without doubts as new" in text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    press(desk, batch, "rest-new")
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


@pytest.mark.parametrize(("has_titles", "names"), [(False, ["Forum Mawingu", "Amani Trust"]), (True, ["Amani Trust"])])
def test_a_first_row_that_may_be_titles_is_not_lost_before_somebody_says_so(desk, run_jobs, has_titles, names):
    rows = b"Forum Mawingu;Kenya;Bruno Otieno\nAmani Trust;Uganda;Asha Were\n"
    answer = hand_in(desk, file=SimpleUploadedFile("list.csv", rows))
    batch = Import.objects.get()
    assert batch.header == []
    page = text_of(desk.get(answer["Location"]))
    assert "The first row holds titles, not an organisation" in page
    assert "Forum Mawingu · Amani Trust" in page
    said = {"has_titles": "on"} if has_titles else {}
    press(desk, batch, "columns", **{"column-0": "name", "column-1": "country"}, **said)
    run_jobs()
    assert list(batch.lines.values_list("name", flat=True)) == names
    batch.refresh_from_db()
    assert (batch.done, batch.total) == (len(names), len(names))


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


def test_an_old_page_does_not_take_back_what_somebody_else_decided(desk, run_jobs):
    batch = a_preview("Forum Mawingu\nAmani Trust\nLake Watch", run_jobs)
    one, two, three = (line_of(batch, number) for number in (1, 2, 3))
    page = desk.get(f"{DOOR}{batch.public_id}/").content.decode()
    assert f'name="was-{one.pk}" value="new"' in page
    old = {f"was-{line.pk}": "new" for line in (one, two, three)}
    imports.choose(batch, {one.pk: "skip", two.pk: "skip"})
    posted = {f"line-{one.pk}": "new", f"line-{two.pk}": "", f"line-{three.pk}": "skip"}
    answer = press(desk, batch, "confirm", **old, **posted)
    assert "Somebody else has decided otherwise meanwhile: line 2." in text_of(desk.get(answer["Location"]))
    assert [line.choice for line in batch.lines.all()] == ["skip", "skip", "skip"]
    batch.refresh_from_db()
    assert batch.status == "previewed"


def test_the_list_of_lists_asks_the_database_no_more_for_more_of_them(desk, client):
    def queries(number: int) -> int:
        for _ in range(number):
            imports.take_in(paste("Forum"), source="Form", by=None, at=timezone.now())
            lists.take_in(
                letter, paste("Forum"), kind="form", evidence="mailbox", by=None, at=timezone.now(), source="Form"
            )
        with CaptureQueriesContext(connection) as counted:
            page = desk.get(DOOR)
        assert all(batch.public_id in page.content.decode() for batch in Import.objects.all())
        return len(counted)

    client.force_login(a_moderator(letter := a_letter()))
    assert queries(1) == queries(5)


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


@pytest.mark.parametrize(
    "line",
    [
        "—" * 400,
        "Forum Mawingu https://mawingu.example.org/" + "x" * 400,
        "Forum Mawingu www.mawingu",
        "\ufdfa" * 300,
        "ΐ" * 300,
        "Forum Mawingu, " + "K" * 4_900,
    ],
)
def test_no_line_is_too_odd_to_be_compared(line, run_jobs):
    batch = a_preview(f"{line}\nAmani Trust", run_jobs)
    assert batch.status == "previewed"
    assert len(line_of(batch, 1).website) <= 300
    assert line_of(batch, 2).choice == "new"


def test_what_is_to_look_at_is_told_once_however_often_a_list_is_compared(desk, run_jobs):
    batch = a_preview("Forum Mawingu\nForum Mawingu\nThe undersigned:\nAmani Trust / Lake Watch", run_jobs)
    before = [line.problems for line in batch.lines.all()]
    assert any(before)
    for _ in range(2):
        press(desk, batch, "compare")
        run_jobs()
    assert [line.problems for line in batch.lines.all()] == before


def test_an_undo_that_may_not_be_taken_leaves_the_list_as_it_was(client, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    run_jobs()
    person = a_moderator(letter := a_letter())
    client.force_login(person)
    press(client, batch, "undo")
    letter.roles.all().delete()
    run_jobs()
    batch.refresh_from_db()
    assert (batch.status, batch.trouble) == ("confirmed", "You don’t have the role that this needs.")
    imports.undo(batch, by=None)
    run_jobs()
    batch.refresh_from_db()
    assert (batch.status, batch.trouble) == ("undone", "")


def test_a_network_that_a_list_brought_stays_while_it_has_members(run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    imports.confirm(batch, by=None)
    run_jobs()
    vetting.join(an_organisation(), network=Organisation.objects.get(names__text="Forum Mawingu"), by=None)
    imports.undo(Import.objects.get(), by=None)
    run_jobs()
    assert Organisation.objects.get(names__text="Forum Mawingu").standing == "provisional"


def test_two_people_who_decide_at_once_undo_nothing_of_each_other(desk, run_jobs):
    batch = a_preview("Forum Mawingu, Kenya\nAmani Trust, Uganda\nLake Watch, Kenya", run_jobs)
    one, two, three = batch.lines.all()
    shown = {f"was-{line.pk}": "new" for line in (one, two, three)}
    press(desk, batch, "keep", **shown, **{f"line-{one.pk}": "skip", f"line-{two.pk}": "new", f"line-{three.pk}": ""})
    hers = {f"line-{one.pk}": "new", f"line-{two.pk}": "skip", f"line-{three.pk}": "skip"}
    there = desk.get(press(desk, batch, "confirm", **shown, **hers)["Location"])
    assert "Somebody else has decided otherwise meanwhile: line 3." in text_of(there)
    assert [line.choice for line in batch.lines.all()] == ["skip", "skip", ""]
    batch.refresh_from_db()
    assert batch.status == "previewed"


def test_the_page_sends_back_what_it_showed(desk, run_jobs):
    known = an_organisation("Amnesty International", country="GB")
    batch = a_preview("Amnesty International, UK\nForum Mawingu, Kenya", run_jobs)
    page = desk.get(f"{DOOR}{batch.public_id}/").content.decode()
    for line, seen in zip(batch.lines.all(), (str(known.pk), "new"), strict=True):
        assert f'<input type="hidden" name="was-{line.pk}" value="{seen}">' in page


def test_the_first_row_can_be_an_organisation_too(desk, run_jobs):
    hand_in(desk, file=SimpleUploadedFile("list.csv", b"Forum Mawingu,a network\nAmani Trust,a trust\n"))
    batch = Import.objects.get()
    assert "The first row holds titles, not an organisation" in text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    press(desk, batch, "columns", **{"column-0": "name"})
    run_jobs()
    assert list(batch.lines.values_list("number", "name")) == [(1, "Forum Mawingu"), (2, "Amani Trust")]
    batch.refresh_from_db()
    assert (batch.total, batch.header) == (2, [])
    page = desk.get(f"{DOOR}{batch.public_id}/")
    assert "Column 1 : name of the organisation" in text_of(page)
    assert "?columns=1" in links_of(page)


def test_columns_can_be_named_again(desk, run_jobs):
    text = b"Organisation,Seat,Remarks\nForum Mawingu,Kenya,nice\n"
    hand_in(desk, file=SimpleUploadedFile("list.csv", text))
    run_jobs()
    batch = Import.objects.get()
    page = desk.get(f"{DOOR}{batch.public_id}/")
    assert "Organisation : name of the organisation" in text_of(page)
    assert "Seat : not read" in text_of(page)
    form = desk.get(f"{DOOR}{batch.public_id}/?columns=1")
    assert '<option value="name" selected>' in form.content.decode()
    assert press(desk, batch, "columns", **{"column-1": "country"}).status_code == 422
    press(desk, batch, "columns", **{"column-0": "name", "column-1": "country", "has_titles": "on"})
    run_jobs()
    assert [line.country for line in batch.lines.all()] == ["KE"]


def test_what_only_a_sign_on_needs_is_no_problem_for_the_register(desk, run_jobs):
    text = b"Organisation,Your name,Email,Visibility\nForum Mawingu,Asha,asha@forum.example.org,maybe\n"
    hand_in(desk, file=SimpleUploadedFile("form.csv", text))
    run_jobs()
    line = ImportLine.objects.get()
    assert (line.problems, line.choice) == ([], "new")


def test_what_became_of_a_line_is_a_link_and_says_where_it_came_from(desk, run_jobs):
    batch = a_preview("Forum Mawingu, Kenya\nAmani Trust, Uganda", run_jobs)
    press(desk, batch, "confirm", **{f"line-{line_of(batch, 2).pk}": "skip"})
    run_jobs()
    created = Organisation.objects.get()
    address = f"/admin/signatories/organisation/{created.pk}/change/"
    assert address in links_of(desk.get(f"{DOOR}{batch.public_id}/"))
    page = desk.get(address)
    assert "Came with the list: Form of 2025" in text_of(page)
    assert f"{DOOR}{batch.public_id}/" in links_of(page)


def test_a_new_organisation_that_a_list_prints_twice_is_pointed_out(desk, run_jobs):
    batch = a_preview(
        "Forum Mawingu – FMW\nFMW - Forum Mawingu\nThe Forum Mawingu Ltd\nRed de Mujeres Zarpa\n"
        "RED DE MUJERES ZARPA (RMZ)\nForum Mawingu, Uganda\nForum Mawingu, Kenya\nAmani Trust",
        run_jobs,
    )
    near = [[detail for code, detail in line.problems if code == "like_line"] for line in batch.lines.all()]
    assert near == [[], ["1"], ["1"], [], ["4"], ["1"], ["1"], []]
    assert [line.choice for line in batch.lines.all()] == ["new", "", "", "new", "", "", "", "new"]
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "Is probably the same as line 4, written otherwise" in page


def test_the_same_name_in_two_countries_is_two_lines(run_jobs):
    batch = a_preview("Digitale Gesellschaft, Germany\nDigitale Gesellschaft, Switzerland", run_jobs)
    assert [(line.choice, line.problems) for line in batch.lines.all()] == [("new", []), ("new", [])]


# Names that are learnt


def a_known_variant(run_jobs, at_risk=False, text="Forum Mawingo, Kenya"):
    known = an_organisation("Forum Mawingu", at_risk=at_risk)
    batch = a_preview(text, run_jobs)
    line = batch.lines.get()
    line.candidates = line.candidates or [{"organisation": known.pk, "level": "possible", "score": 0.5, "reasons": []}]
    line.save()
    imports.choose(batch, {line.pk: str(known.pk)})
    return known, batch


def carried_out(batch, run_jobs, do=imports.confirm) -> Import:
    batch.refresh_from_db()
    do(batch, by=None)
    run_jobs()
    batch.refresh_from_db()
    return batch


def test_the_name_under_which_a_person_recognised_it_is_learnt_and_found_at_once(desk, run_jobs):
    known, batch = a_known_variant(run_jobs)
    carried_out(batch, run_jobs)
    assert known.names.get(learnt="list").text == "Forum Mawingo"
    event = known.events.last()
    assert (event.verb, event.code, str(event.note)) == ("learn_name", "list", "From a list: Form of 2025")
    page = text_of(desk.get(f"/admin/signatories/organisation/{known.pk}/change/"))
    assert "Forum Mawingo also written as" in page
    assert "Name learnt" in page
    again = a_preview("Forum Mawingo, Kenya", run_jobs)
    assert again.lines.get().score == 1.0
    carried_out(again, run_jobs)
    assert known.events.filter(verb="learn_name").count() == 1, "what is known is not learnt again"


def test_an_undone_import_takes_the_name_off_again(run_jobs):
    known, batch = a_known_variant(run_jobs)
    carried_out(batch, run_jobs)
    carried_out(batch, run_jobs, imports.undo)
    assert batch.status == "undone"
    assert list(known.names.values_list("text", flat=True)) == ["Forum Mawingu"]
    assert known.events.last().verb == "unlearn_name"


@pytest.mark.parametrize("touch", ["correct_name", "retire_name", "second list", "merge"])
def test_it_stays_where_somebody_has_touched_it_or_another_list_says_it(run_jobs, touch):
    known, batch = a_known_variant(run_jobs)
    carried_out(batch, run_jobs)
    learnt = known.names.get(learnt="list")
    match touch:
        case "correct_name":
            vetting.correct_name(known, name=learnt.pk, text="Forum Mawingo", kind="alias", language="sw", by=None)
        case "retire_name":
            vetting.retire_name(known, name=learnt.pk, by=None)
        case "second list":
            carried_out(a_preview("Forum Mawingo, Kenya", run_jobs), run_jobs)
        case "merge":
            merging.merge(an_organisation("Mawingu Forum"), known, by=None, at=timezone.now())
    carried_out(batch, run_jobs, imports.undo)
    assert batch.status == "undone"
    assert known.names.filter(text="Forum Mawingo").exists()


def test_nothing_is_learnt_of_who_is_at_risk_nor_a_name_that_another_has(run_jobs):
    known, batch = a_known_variant(run_jobs, at_risk=True)
    carried_out(batch, run_jobs)
    assert known.names.count() == 1
    known, batch = a_known_variant(run_jobs, text="Cloud Union, Kenya")
    an_organisation("Cloud Union", country="UG")
    carried_out(batch, run_jobs)
    assert known.names.count() == 1


def test_an_organisation_that_only_learnt_a_name_can_still_be_taken_back(run_jobs):
    first = carried_out(a_preview("Forum Mawingu, Kenya", run_jobs), run_jobs)
    made = Organisation.objects.get()
    second = a_preview("Forum Mawingo, Kenya", run_jobs)
    imports.choose(second, {second.lines.get().pk: str(made.pk)})
    carried_out(carried_out(second, run_jobs), run_jobs, imports.undo)
    carried_out(first, run_jobs, imports.undo)
    made.refresh_from_db()
    assert (first.trouble, made.standing) == ("", "suspended")


LATIN = "Organisation;Name in English;Country\nمنتدى المياه;Water Forum;Egypt\n藏人行政中央;藏;India\nLake;Lake;Kenya\n"


def test_the_name_in_latin_letters_has_a_column(desk, run_jobs):
    answer = hand_in(desk, file=SimpleUploadedFile("list.csv", LATIN.encode()))
    run_jobs()
    page = text_of(desk.get(answer["Location"]))
    assert "منتدى المياه Water Forum" in page
    assert "“藏” is not in Latin letters, so it is left out" in page
    batch = Import.objects.get()
    imports.choose(batch, {line.pk: "new" for line in batch.lines.all()})
    carried_out(batch, run_jobs)
    forum = Organisation.objects.get(names__text="منتدى المياه")
    assert set(forum.names.values_list("text", "kind", "language")) == {
        ("منتدى المياه", "official", ""), ("Water Forum", "translation", "en"),
    }  # fmt: skip
    assert [one.names.count() for one in Organisation.objects.order_by("pk")] == [2, 1, 1]
    again = a_preview("Water Forum, Egypt", run_jobs)
    assert again.lines.get().match == forum


def test_a_line_is_recognised_by_its_latin_name(desk, run_jobs):
    forum = an_organisation("Water Forum", country="EG")
    hand_in(desk, file=SimpleUploadedFile("list.csv", LATIN.encode()))
    run_jobs()
    batch = Import.objects.get()
    assert batch.lines.get(number=2).match == forum
    imports.choose(batch, {batch.lines.get(number=2).pk: str(forum.pk)})
    imports.choose(batch, {line.pk: "new" for line in batch.lines.exclude(number=2)})
    carried_out(batch, run_jobs)
    assert forum.names.get(learnt="list").text == "منتدى المياه"


def test_a_line_that_may_pose_as_another_is_for_a_person_to_decide(desk, run_jobs):
    data = "name,website\n\u0410mnesty International,https://amnesty.example\nLake Watch,https://l\u0430ke.example\n"
    hand_in(desk, file=SimpleUploadedFile("list.csv", data.encode()))
    run_jobs()
    batch = Import.objects.get()
    assert (line_of(batch, 2).choice, line_of(batch, 3).choice) == ("", "new")
    page = text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "The name mixes scripts in one word: \u0410mnesty (\u0410 = CYRILLIC CAPITAL LETTER A)" in page
    assert "The website mixes scripts in one word: l\u0430ke (\u0430 = CYRILLIC SMALL LETTER A)" in page
