"""One line of a list: corrected, split, matched by search; and what is offered for all of them."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from signatories import imports
from signatories.importing import Refused, read
from signatories.models import Import, Organisation
from tests.factories import an_organisation
from tests.reading import links_of, text_of
from tests.signatories.test_imports import DOOR, a_preview, carried_out, desk, hand_in, line_of, press

pytestmark = pytest.mark.django_db
__all__ = ["desk"]


def door(batch, line):
    return f"{DOOR}{batch.public_id}/lines/{line.pk}/"


def write(client, batch, line, do, **fields):
    line.refresh_from_db()
    return client.post(door(batch, line), {"do": do, "was": imports.state(line), **fields})


def test_a_line_is_corrected_and_compared_again_alone(desk, run_jobs):
    known = an_organisation("Amani Trust", country="UG")
    batch = a_preview("Amany Trst of nowhere\nForum Mawingu, Kenya", run_jobs)
    line = line_of(batch, 1)
    imports.choose(batch, {line_of(batch, 2).pk: "skip"})
    assert door(batch, line) in links_of(desk.get(f"{DOOR}{batch.public_id}/"))
    assert "in the list: Amany Trst of nowhere" in text_of(desk.get(door(batch, line)))
    answer = write(desk, batch, line, "correct", name="Amani Trust", country="UG", website="", acronym="AT")
    assert answer["Location"].endswith("#line-1")
    line.refresh_from_db()
    assert (line.name, line.country, line.acronym, line.organisation) == ("Amani Trust", "UG", "AT", known)
    assert line_of(batch, 2).choice == "skip"
    event = batch.events.last()
    assert (event.verb, event.code, event.by.name) == ("correct_line", "1", "Chiara")
    assert "in the list: Amany Trst of nowhere" in text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    press(desk, batch, "compare")
    run_jobs()
    assert line_of(batch, 1).organisation == known, "what was corrected stays when the list is compared again"
    carried_out(batch, run_jobs)
    assert line_of(batch, 1).corrected == {}


def test_what_cannot_be_read_is_said_and_kept(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    wrong = {"name": "", "latin_name": "藏", "country": "XX", "website": "no address", "acronym": "A" * 41}
    answer = write(desk, batch, line_of(batch, 1), "correct", **wrong)
    assert answer.status_code == 422
    page = text_of(answer)
    for sentence in ("Write the name of the organisation", "Write it in Latin letters", "Select a country",
                     "Enter a website like", "40 characters or fewer"):  # fmt: skip
        assert sentence in page
    assert "no address" in answer.content.decode()
    assert line_of(batch, 1).name == "Forum Mawingu"


def test_who_comes_too_late_is_told_and_loses_nothing(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    line = line_of(batch, 1)
    answer = desk.post(door(batch, line), {"do": "correct", "was": "old", "name": "Forum of Clouds"})
    assert answer.status_code == 422
    assert "Somebody else changed this a moment ago" in text_of(answer)
    assert "Forum of Clouds" in answer.content.decode()
    imports.drop(batch, by=None)
    assert desk.get(door(batch, line))["Location"] == f"{DOOR}{batch.public_id}/"


def test_two_names_become_two_lines_and_the_rest_moves_on(desk, run_jobs):
    batch = a_preview("Lake Watch\nAmani Trust / Forum Mawingu, Kenya\nRiver Keepers\nRiver Keepers", run_jobs)
    line = line_of(batch, 2)
    assert line.choice == ""
    write(desk, batch, line, "split", names="Amani Trust\r\n\r\nForum Mawingu\r\n")
    assert [(one.number, one.name, one.country, one.choice) for one in batch.lines.all()] == [
        (1, "Lake Watch", "", "new"),
        (2, "Amani Trust", "KE", "new"),
        (3, "Forum Mawingu", "KE", "new"),
        (4, "River Keepers", "", "new"),
        (5, "River Keepers", "", "skip"),
    ]
    assert line_of(batch, 5).problems == [["double", "4"]]
    assert imports.cells(line_of(batch, 3)) == ["Amani Trust / Forum Mawingu, Kenya"]
    batch.refresh_from_db()
    assert (batch.total, batch.done, batch.events.last().code) == (5, 5, "2")
    carried_out(batch, run_jobs)
    assert Organisation.objects.count() == 4


def test_a_split_needs_two_names(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    answer = write(desk, batch, line_of(batch, 1), "split", names="Forum Mawingu")
    assert answer.status_code == 422
    assert "Write at least two names" in text_of(answer)


def test_a_double_of_a_corrected_line_is_to_be_decided(desk, run_jobs):
    batch = a_preview("Forum Mawingu\nForum Mawingu", run_jobs)
    write(desk, batch, line_of(batch, 1), "correct", name="Lake Watch")
    assert (line_of(batch, 2).problems, line_of(batch, 2).choice) == ([], "")


def test_an_organisation_that_was_not_suggested_is_found_and_chosen(desk, run_jobs):
    known = an_organisation("Amani Trust", country="UG")
    batch = a_preview("Something else entirely", run_jobs)
    line = line_of(batch, 1)
    assert "Amani Trust" in text_of(desk.get(f"{door(batch, line)}?q=amani"))
    none = write(desk, batch, line, "match", organisation="", q="amani")
    assert none.status_code == 422
    assert "Choose one of the organisations that were found" in text_of(none)
    write(desk, batch, line, "match", organisation=str(known.pk), q="amani")
    line.refresh_from_db()
    assert (line.choice, line.organisation) == ("known", known)
    page = desk.get(f"{DOOR}{batch.public_id}/")
    assert "Amani Trust (Uganda) – found by a person" in text_of(page)
    assert f'<option value="{known.pk}" selected>' in page.content.decode()
    carried_out(batch, run_jobs)
    assert Organisation.objects.count() == 1


def test_only_plain_lines_are_taken_as_new_together(desk, run_jobs):
    an_organisation("Lake Watch", country="KE")
    batch = a_preview("Lake Watch, Kenya\nAmani Trust / Forum Mawingu\n!!!\nRiver Keepers", run_jobs)
    imports.choose(batch, {line.pk: "" for line in batch.lines.all()})
    page = desk.get(f"{DOOR}{batch.public_id}/")
    assert "Take 1 line without doubts as new" in text_of(page)
    assert "4 lines are to be decided" in text_of(page)
    assert "?show=undecided#line-1" in links_of(page)
    assert 'value="confirm"' not in page.content.decode()
    press(desk, batch, "rest-new")
    assert [line.choice for line in batch.lines.all()] == ["", "", "", "new"]


def test_nothing_to_import_is_not_offered(desk, run_jobs):
    batch = a_preview("Forum Mawingu", run_jobs)
    assert "Import 1 line" in text_of(desk.get(f"{DOOR}{batch.public_id}/"))
    imports.choose(batch, {line_of(batch, 1).pk: "skip"})
    assert 'value="confirm"' not in desk.get(f"{DOOR}{batch.public_id}/").content.decode()


def test_how_a_file_was_read_is_said_in_words_people_know(desk, run_jobs):
    data = "Organisation;Country\nUnión Clara;Spain\n".encode("cp1252")
    hand_in(desk, file=SimpleUploadedFile("list.csv", data))
    run_jobs()
    page = text_of(desk.get(f"{DOOR}{Import.objects.get().public_id}/"))
    assert "read as Windows (Western Europe), parted by semicolons" in page


def test_one_null_byte_does_not_make_utf_16():
    with pytest.raises(Refused, match="The file could not be read"):
        read("Organisation,Country\nForum Mawingu,Kenya\nUni\0ón Clara,Spain\n".encode(), "list.csv")
