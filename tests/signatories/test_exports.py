"""The register as a file: complete, streamed, and nothing in it that a spreadsheet would work out."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from letters.models import Endorsement
from signatories import exports, merging, vetting
from signatories.importing import entries, read
from signatories.models import Organisation
from tests.factories import a_letter, a_moderator, an_organisation
from tests.reading import links_of

pytestmark = pytest.mark.django_db

REGISTER = "/admin/signatories/organisation/"
DANGEROUS = [
    *("=1+1", "+254 Forum", "-Agapan", "@segudigital", "'=quoted", "''@twice"),
    *('Forum;=HYPERLINK("http://x.example")', "A; +1;'=2", ";'';-3"),
]


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(), name="Chiara"))
    return client


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_the_list_offers_what_it_shows(desk):
    links = links_of(desk.get(REGISTER, {"q": "mawingu"}))
    assert f"{REGISTER}export/csv/?q=mawingu" in links
    assert f"{REGISTER}imports/" in links


def test_csv_is_complete_and_comes_back_as_it_was(desk):
    names = [*DANGEROUS, "Forum «Mawingu», “rivers”; lakes", "مركز القاهرة", "中国人权捍卫者"]
    for name in names:
        an_organisation(name, country="KE", website="https://forum.example.org", acronym="FM")
    response = desk.get(f"{REGISTER}export/csv/")
    data = body(response)
    assert response.streaming
    assert response["Content-Disposition"].startswith('attachment; filename="organisations-')
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["id", "name", "acronym"]
    assert not any(cell.startswith(tuple("=+-@\t\r")) for row in rows for cell in row)
    parted = [cell for line in data.decode().splitlines() for cell in line.split(";")]
    assert not any(cell.lstrip().startswith(tuple("=+-@\t\r")) for cell in parted)
    assert {exports.plain(row[1]) for row in rows[1:]} == set(names)
    again = entries(read(data, "organisations.csv"))
    assert {entry.name for entry in again} == set(names)
    assert {(entry.country, entry.acronym) for entry in again} == {("KE", "FM")}
    assert {row[7] for row in rows[1:]} == {"example.org"}


@pytest.mark.parametrize("value", [*DANGEROUS, "\tx", "\rx", "Forum", "", "'plain", "a=b"])
def test_what_is_made_safe_can_be_made_plain_again(value):
    assert exports.plain(exports.safe(value)) == value
    assert exports.safe(value)[:1] not in tuple("=+-@\t\r")


def test_xlsx_holds_strings_only(desk):
    for name in DANGEROUS:
        an_organisation(name)
    book = load_workbook(io.BytesIO(body(desk.get(f"{REGISTER}export/xlsx/"))))
    rows = list(book.active.iter_rows())
    assert {row[1].value for row in rows[1:]} == set(DANGEROUS)
    assert {cell.data_type for row in rows for cell in row if cell.value is not None} <= {"s", "inlineStr"}


def test_json_has_every_name(desk):
    organisation = an_organisation("Forum Mawingu", acronym="FM", website="https://forum.example.org")
    [found] = json.loads(body(desk.get(f"{REGISTER}export/json/")))["organisations"]
    assert found["id"] == organisation.public_id
    assert [name["text"] for name in found["names"]] == ["Forum Mawingu", "FM"]
    assert found["domains"] == [{"name": "example.org", "how": "website"}]
    Organisation.objects.filter(pk=organisation.pk).update(standing="suspended")
    found = json.loads(body(desk.get(f"{REGISTER}export/json/", {"standing__exact": "verified"})))
    assert found == {"organisations": []}


def test_networks_and_merges_are_exported(desk):
    network, member = an_organisation("Listening Rivers"), an_organisation("Forum Mawingu")
    vetting.join(member, network=network, role="section", by=None)
    double = an_organisation("Forum Mawingo")
    merging.merge(member, double, by=None, at=timezone.now())
    exported = json.loads(body(desk.get(f"{REGISTER}export/json/", {"q": "mawingu"})))["organisations"]
    found = next(one for one in exported if one["id"] == member.public_id)
    assert found["networks"] == [{"id": network.public_id, "name": "Listening Rivers", "role": "section"}]
    rows = list(csv.DictReader(io.StringIO(body(desk.get(f"{REGISTER}export/csv/")).decode("utf-8-sig"))))
    by_id = {row["id"]: row for row in rows}
    assert by_id[member.public_id]["networks"] == "Listening Rivers (section)"
    assert by_id[double.public_id]["merged into"] == member.public_id


def test_only_what_the_search_has_found_is_exported(desk):
    an_organisation("Forum Mawingu")
    an_organisation("Amani Trust")
    rows = body(desk.get(f"{REGISTER}export/csv/", {"q": "mawingu"})).decode().splitlines()
    assert len(rows) == 2
    assert "Forum Mawingu" in rows[1]


def test_the_number_of_queries_does_not_grow(desk):
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            body(desk.get(f"{REGISTER}export/csv/"))
        return len(counted)

    an_organisation()
    few = queries()
    for _ in range(10):
        an_organisation()
    assert queries() == few


def test_who_keeps_no_register_may_not_export(client, desk):
    assert desk.get(f"{REGISTER}export/ods/").status_code == 404
    client.force_login(a_moderator(a_letter(), role="observer"))
    assert client.get(f"{REGISTER}export/csv/").status_code == 403
    assert f"{REGISTER}export/csv/" not in links_of(client.get(REGISTER))
    client.logout()
    assert "/admin/login/" in client.get(f"{REGISTER}export/csv/")["Location"]
    assert not Endorsement.objects.exists()
