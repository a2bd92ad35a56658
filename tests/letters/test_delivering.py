"""Delivering: what is frozen, that its files never change, who gets them, and what the public learns."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pypdf import PdfReader

from coalition.workflow import NotAllowed
from letters import amending, delivering, endorsing, lifecycle
from letters.documents import Sheet, make
from letters.models import Addressee, DeliveryFile, Letter
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import text_of, words_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter() -> Letter:
    """Signed by two by name, one of Kenya without its name, one in the total only, and one in no figure."""
    letter = a_letter(title="Keep river data public", late_until=timezone.now() + timedelta(days=60))
    an_endorsement(letter, an_organisation("Wells Union", country="FR"))
    an_endorsement(letter, an_organisation("Amani Water Trust", country="TZ"))
    an_endorsement(letter, an_organisation("Hidden in Kenya"), visibility="country")
    an_endorsement(letter, an_organisation("Hidden in the total"), visibility="counted")
    an_endorsement(letter, an_organisation("Hidden wholly"), visibility="confidential")
    return letter


def test_a_delivery_freezes_the_list_and_the_count(letter):
    now = timezone.now()
    delivering.deliver(letter, by=None, channel="post", reference="RR 123", at=now)
    delivery = letter.deliveries.get()
    assert (delivery.number, delivery.count, delivery.named, delivery.withheld) == (1, 4, 2, {"KE": 1, "": 1})
    assert (delivery.version, delivery.at, delivery.reference) == (letter.version, now, "RR 123")
    lines = [line.printed and line.printed["name"] for line in delivery.lines.all()]
    assert lines == ["Amani Water Trust", "Wells Union", None, None]
    assert letter.status == "delivered"
    assert letter.closed_at == now
    assert letter.events.last().verb == "deliver"


def test_of_a_delivery_that_fails_no_file_is_left(letter):
    proof = ContentFile(b"%PDF-1.4\n", name="proof.pdf")
    with pytest.raises(DatabaseError):
        delivering.deliver(letter, by=None, channel="post", reference="x" * 121, proof=proof)
    assert not letter.deliveries.exists()
    assert default_storage.listdir("proofs") == ([], [])


def test_nothing_is_delivered_that_nobody_signed():
    with pytest.raises(NotAllowed, match="No organisation has signed yet"):
        delivering.deliver(a_letter(), by=None, channel="post")


def test_email_needs_an_address(letter):
    with pytest.raises(NotAllowed, match="None of the main addressees has an email address"):
        delivering.deliver(letter, by=None, channel="email")


def test_late_signers_make_the_next_delivery(letter):
    delivering.deliver(letter, by=None, channel="post")
    with pytest.raises(NotAllowed, match="Nobody has signed since"):
        delivering.deliver(letter, by=None, channel="post", is_addendum=True)
    an_endorsement(letter, an_organisation("Late Forum"))
    delivering.deliver(letter, by=None, channel="post", is_addendum=True)
    delivering.deliver(letter, by=None, channel="by_hand")
    first, addendum, third = letter.deliveries.all()
    assert (first.count, addendum.count, third.count) == (4, 5, 5)
    assert [line.printed["name"] for line in addendum.lines.all()] == ["Late Forum"]
    assert third.lines.count() == 5


def test_an_addendum_says_that_it_is_one_and_speaks_only_of_those_who_signed_since(letter, run_jobs):
    delivering.deliver(letter, by=None, channel="post")
    an_endorsement(letter, an_organisation("Late Forum"))
    an_endorsement(letter, an_organisation("Hidden in Uganda", country="UG"), visibility="country")
    delivering.deliver(letter, by=None, channel="post", is_addendum=True)
    run_jobs()
    addendum = letter.deliveries.get(number=2)
    assert (addendum.count, addendum.named, addendum.withheld, addendum.listed) == (6, 1, {"UG": 1}, 2)
    printed = {file.format: Path(file.file.path).read_bytes() for file in addendum.files.all()}
    words = words_in(printed)
    for form, text in words.items():
        assert "Addendum to delivery 1: those who signed since. With them 6 organisations in all." in text, form
        assert "Signatories: 2 organisations" in text, form
        assert "Delivery 2, an addendum" in text, form
        assert "and an organisation in Uganda, without its name" in text, form
        assert "Kenya, without" not in text, form
        assert "country not given" not in text, form
        assert "had to be withheld" not in text, form
    endorsing.remove_for_safety(letter.endorsements.get(printed_name="Late Forum"), by=None)
    assert "had to be withheld since" in " ".join(
        make(Sheet.of_delivery(addendum, letter.texts["en"]), "txt").decode().split()
    )
    page = text_of(Client().get(letter.get_absolute_url()))
    assert "Addendum delivered to the addressees: delivery 2" in page
    assert page.count("It lists those who signed since the delivery before; with them 6 organisations in all.") == 2
    assert "Delivery 2, an addendum" in page


def words_in(printed: dict[str, bytes]) -> dict[str, str]:
    """What a reader finds in each kind of file, its lines run together."""
    document = Document(BytesIO(printed["docx"]))
    paragraphs = [*document.paragraphs, *document.sections[0].footer.paragraphs]
    found = {
        "txt": printed["txt"].decode(),
        "docx": "\n".join(paragraph.text for paragraph in paragraphs),
        "pdf": "\n".join(page.extract_text() for page in PdfReader(BytesIO(printed["pdf"])).pages),
    }
    return {form: " ".join(text.split()) for form, text in found.items()}


def test_only_addressees_that_were_mailed_are_named_as_those_to_whom_it_went(letter, run_jobs, outbox):
    mailed = letter.addressees.get()
    mailed.email = "chair@rivers.example.org"
    mailed.save()
    Addressee.objects.create(letter=letter, office="Ministry without an address", order=1)
    run_jobs()
    before = len(outbox())
    desk = _desk(letter)
    form = text_of(desk.get(reverse("admin:letters_letter_step", args=[letter.pk, "deliver"])))
    assert "whose email address is not known: Ministry without an address." in form
    delivering.deliver(letter, by=None, channel="email")
    run_jobs()
    to_signers = [words_of(mail) for mail in outbox()[before:] if mail["To"] != mailed.email]
    assert len(to_signers) == 4
    assert all("Commission on Shared Rivers" in words for words in to_signers)
    assert not any("Ministry without an address" in words for words in to_signers)
    page = text_of(Client().get(letter.get_absolute_url()))
    assert "It went to: Commission on Shared Rivers" in page
    assert "Ministry without an address" not in page[page.index("What the addressees answered") :]
    assert "Commission on Shared Rivers : no reply yet" in page
    kept = text_of(desk.get(reverse("admin:letters_letter_delivery", args=[letter.pk, 1])))
    assert "Mailed to Commission on Shared Rivers" in kept
    assert "Not mailed to, as no address was known Ministry without an address" in kept


def test_by_email_it_must_reach_somebody_it_is_addressed_to(letter):
    Addressee.objects.create(letter=letter, office="A copy", order=1, is_copied=True, email="copy@rivers.example.org")
    with pytest.raises(NotAllowed, match="None of the main addressees has an email address"):
        delivering.deliver(letter, by=None, channel="email")


def test_the_files_are_made_once_and_never_change(letter, run_jobs):
    delivering.deliver(letter, by=None, channel="post")
    run_jobs()
    delivery = letter.deliveries.get()
    files = list(delivery.files.all())
    assert [(file.language, file.format) for file in files] == [("en", "docx"), ("en", "pdf"), ("en", "txt")]
    made = {file.pk: (file.sha256, Path(file.file.path).read_bytes()) for file in files}
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in made.values())
    assert b"Amani Water Trust" in made[files[2].pk][1]
    assert b"Hidden" not in b"".join(data for _, data in made.values())

    for _ in range(20):
        an_endorsement(letter, an_organisation())
    amending.prepare(letter, by=None)
    draft = letter.versions.get(sealed_at=None)
    draft.texts.update(body="We live by the rivers.")
    amending.amend(letter, by=None, change="typo", note="A slip.")
    run_jobs(documents=True)
    delivering.hand_over(delivery)
    again = {file.pk: (file.sha256, Path(file.file.path).read_bytes()) for file in delivery.files.all()}
    assert again == made


@pytest.mark.parametrize("table", ["letters_delivery", "letters_deliveryfile", "letters_deliveryline"])
def test_postgres_refuses_to_change_a_delivery(letter, run_jobs, table):
    delivering.deliver(letter, by=None, channel="post")
    run_jobs()
    column = {"letters_delivery": "count", "letters_deliveryfile": "size", "letters_deliveryline": "position"}[table]
    for statement in (f"UPDATE {table} SET {column} = {column} + 1", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_printed_name_can_be_emptied_and_nothing_else(letter):
    delivering.deliver(letter, by=None, channel="post")
    endorsement = letter.endorsements.get(printed_name="Wells Union")
    line = endorsement.delivery_lines.get()
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE letters_deliveryline SET printed = '{}' WHERE id = %s", [line.pk])
    endorsing.remove_for_safety(endorsement, by=None)
    line.refresh_from_db()
    assert line.printed is None
    assert line.visibility == "named"


def test_the_addressees_get_the_files_and_the_signers_are_told(letter, run_jobs, outbox):
    letter.addressees.update(email="")
    addressee = letter.addressees.get()
    addressee.email = "chair@rivers.example.org"
    addressee.save()
    run_jobs()
    before = len(outbox())
    delivering.deliver(letter, by=None, channel="email")
    run_jobs()
    [to_office, *to_signers] = sorted(outbox()[before:], key=lambda mail: mail["To"] != "chair@rivers.example.org")
    assert to_office["To"] == "chair@rivers.example.org"
    delivery = letter.deliveries.get()
    [attached] = [part for part in to_office.iter_attachments() if part.get_content_type() == "application/pdf"]
    assert hashlib.sha256(attached.get_content()).hexdigest() == delivery.files.get(format="pdf").sha256
    assert "Hidden" not in words_of(to_office)
    assert len(to_signers) == 4
    assert all("delivered" in words_of(mail) for mail in to_signers)

    delivering.hand_over(delivery)
    run_jobs()
    assert len(outbox()) == before + 5, "A repeat sends nothing twice."


def test_the_public_sees_date_count_digests_and_what_has_been_withheld_since(letter, run_jobs):
    delivering.deliver(letter, by=None, channel="post")
    run_jobs()
    an_endorsement(letter, an_organisation("Late Forum"))
    page = Client().get(letter.get_absolute_url())
    assert "Delivery 1 With 4 organisations." in text_of(page)
    digest = DeliveryFile.objects.filter(format="pdf").get().sha256
    assert digest in text_of(page)
    assert "Late Forum Kenya · signed after delivery 1" in text_of(page)
    assert text_of(page).count("signed after delivery") == 1
    endorsing.lower(letter.endorsements.get(printed_name="Wells Union"), visibility="counted")
    page = Client().get(letter.get_absolute_url())
    assert "1 name withheld since delivery." in text_of(page)
    assert "Wells Union" not in text_of(page)


# At the desk


def _desk(letter: Letter, role: str = "convener") -> Client:
    desk = Client()
    desk.force_login(a_moderator(letter, role=role))
    return desk


def test_a_convener_delivers_with_a_proof(letter, run_jobs):
    desk = _desk(letter)
    step = reverse("admin:letters_letter_step", args=[letter.pk, "deliver"])
    proof = SimpleUploadedFile("Stamp.PDF", b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n")
    refused = desk.post(step, {"was": "open", "reference": "A 1", "proof": proof})
    assert refused.status_code == 422
    assert "Choose how it is handed over" in text_of(refused)
    assert 'value="A 1"' in refused.content.decode()
    proof.seek(0)
    desk.post(step, {"was": "open", "channel": "by_hand", "reference": "A 1", "proof": proof})
    run_jobs()
    page = desk.get(reverse("admin:letters_letter_delivery", args=[letter.pk, 1]))
    assert "handed over in person" in text_of(page)
    assert "Amani Water Trust" in text_of(page)
    file = DeliveryFile.objects.get(format="txt")
    got = desk.get(reverse("admin:letters_letter_delivery_file", args=[letter.pk, 1, file.pk]))
    assert hashlib.sha256(got.content).hexdigest() == file.sha256
    assert "no-store" in got["Cache-Control"]
    proof_url = reverse("admin:letters_letter_delivery_proof", args=[letter.pk, 1])
    assert desk.get(proof_url).content.startswith(b"%PDF")


def test_a_form_that_was_open_before_the_last_step_delivers_nothing(letter, run_jobs):
    delivering.deliver(letter, by=None, channel="post")
    desk = _desk(letter)
    step = reverse("admin:letters_letter_step", args=[letter.pk, "deliver"])
    asked = hidden_in(desk.get(step))
    said = {"channel": "by_hand"}
    again = desk.post(step, asked)
    assert again.status_code == 422
    assert hidden_in(again) == asked
    assert desk.post(step, asked | said).status_code == 302
    stale = desk.post(step, asked | said, follow=True)
    assert "This happened after the page was opened: Delivered. Look at it again before you go on." in text_of(stale)
    assert letter.deliveries.count() == 2
    assert desk.post(step, hidden_in(desk.get(step)) | said).status_code == 302
    assert letter.deliveries.count() == 3


def hidden_in(page) -> dict[str, str]:
    """What the form of a step carries unseen, but for the CSRF token."""
    found = re.findall(r'<input type="hidden" name="(was|seen)" value="([^"]*)">', page.content.decode())
    return dict(found)


def test_a_file_that_was_changed_on_the_disk_is_not_given_out(letter, run_jobs):
    desk = _desk(letter)
    delivering.deliver(letter, by=None, channel="post")
    run_jobs()
    file = DeliveryFile.objects.get(format="txt")
    Path(file.file.path).write_bytes(b"Something else")
    got = desk.get(reverse("admin:letters_letter_delivery_file", args=[letter.pk, 1, file.pk]))
    assert got.status_code == 410
    assert "not the one that was delivered" in text_of(got)


def test_only_conveners_see_what_was_delivered(letter, run_jobs):
    delivering.deliver(letter, by=None, channel="post")
    run_jobs()
    urls = [
        reverse("admin:letters_letter_delivery", args=[letter.pk, 1]),
        reverse("admin:letters_letter_delivery_file", args=[letter.pk, 1, DeliveryFile.objects.first().pk]),
    ]
    observer, stranger = _desk(letter, "observer"), _desk(a_letter())
    for url in urls:
        assert observer.get(url).status_code == 403
        assert stranger.get(url).status_code == 404
        assert Client().get(url).status_code == 302


def test_a_concluded_letter_takes_no_more(letter):
    delivering.deliver(letter, by=None, channel="post")
    lifecycle.conclude(letter, by=None, note="Done.")
    assert letter.status == "concluded"
    assert not letter.accepts(timezone.now())
