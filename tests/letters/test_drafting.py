"""A convener writes a letter at the desk: what it starts from, its facts, its texts, its preview, and who may."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django import forms
from django.contrib.messages import get_messages
from django.test import Client

from coalition.workflow import NotAllowed
from letters import drafting, lifecycle
from letters.admin.clock import LetterClock
from letters.admin.drafting.addressee_forms import initial_rows
from letters.admin.drafting.fact_forms import DraftForm
from letters.admin.drafting.text_form import TextForm
from letters.models import Addressee, Letter, Text, Version
from tests.factories import NOON, UserFactory, a_letter, a_moderator
from tests.letters.test_races import at_once
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

LETTERS = "/admin/letters/letter/"


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def letter() -> Letter:
    return a_letter(state="draft", title="Keep river data public", closes_at=NOON + timedelta(days=3))


@pytest.fixture
def amina(letter):
    return a_moderator(letter, "convener", name="Amina")


@pytest.fixture
def desk(amina) -> Client:
    return as_(amina)


def page_of(letter: Letter) -> str:
    return f"{LETTERS}{letter.pk}/change/"


def texts_of(letter: Letter) -> str:
    return f"{LETTERS}{letter.pk}/texts/"


def typed(letter: Letter, user: Any, **changes: Any) -> dict[str, Any]:
    """What the page of a draft sends when a person changes only this; `rows` are addressees."""
    letter = Letter.objects.get(pk=letter.pk)
    form = DraftForm(letter, user)
    data = {name: form[name].value() for name in form.fields}
    rows = changes.pop("rows", None)
    if rows is None:
        rows = [{**row, "ORDER": place} for place, row in enumerate(initial_rows(letter), 1)]
    number = letter.addressees.count()
    data |= {"addressee-TOTAL_FORMS": len(rows), "addressee-INITIAL_FORMS": min(number, len(rows))}
    for place, row in enumerate(rows):
        data |= {f"addressee-{place}-{name}": value for name, value in row.items() if value is not False}
    return {name: "" if value is None else value for name, value in (data | changes).items()}


def words(letter: Letter, *columns: str, **changes: Any) -> dict[str, Any]:
    """What the page of the texts sends; changes are named `en_title`."""
    letter = Letter.objects.get(pk=letter.pk)
    version = drafting.unsealed(letter)
    written = {text.language: text for text in version.texts.all()} if version else {}
    data: dict[str, Any] = {"seen": drafting.texts_token(letter), "column": list(columns or written)}
    for tag in data["column"]:
        form = TextForm(tag, written.get(tag), leads=False)
        data |= {form.add_prefix(name): form[name].value() or "" for name in form.fields}
    for name, value in changes.items():
        tag, _, field = name.rpartition("_")
        data[f"text-{tag.replace('_', '-')}-{field}"] = value
    return data


def said(response: Any) -> str:
    return " ".join(map(str, get_messages(response.wsgi_request)))


# Starting


def test_a_convener_starts_a_letter(letter, amina, desk):
    assert f"{LETTERS}start/" in links_of(desk.get(LETTERS))
    with time_machine.travel(NOON):
        assert 'value="2026-01"' in desk.get(f"{LETTERS}start/").content.decode()
        Letter.objects.filter(pk=letter.pk).update(reference="2026-07")
        assert 'value="2026-08"' in desk.get(f"{LETTERS}start/").content.decode()
    asked = {
        "reference": "2026-08",
        "slug": "new-dams",
        "kind": "statement",
        "language": "FR",
        "title": " Des barrages ",
    }
    answer = desk.post(f"{LETTERS}start/", asked)
    new = Letter.objects.get(slug="new-dams")
    assert answer["Location"] == page_of(new)
    assert (new.status, new.kind, new.authoritative_language, new.audience) == ("draft", "statement", "fr", "team")
    assert new.title == "Des barrages"
    assert list(new.roles.values_list("user", "role")) == [(amina.pk, "convener")]
    event = new.events.get()
    assert (event.verb, event.from_status, event.to_status, event.by) == ("draft", "", "draft", amina)
    page = text_of(desk.get(page_of(new)))
    for sentence in ("Set a deadline.", "Name at least one addressee.", "The text in French needs a body."):
        assert sentence in page
    assert "Started by Amina" in page
    assert [button["label"] for button in desk.get(page_of(new)).context["buttons"]] == ["Discard"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reference": ""}, "Enter a reference"),
        ({"reference": "x" * 41}, "The reference must be 40 characters or fewer"),
        ({"reference": "taken"}, "Another letter has this reference"),
        ({"slug": ""}, "Enter an address"),
        ({"slug": "Rivers!"}, "Use small letters from a to z"),
        ({"slug": "x" * 81}, "The address must be 80 characters or fewer"),
        ({"slug": "taken"}, "Another letter has this address"),
        ({"kind": "song"}, "Choose a kind"),
        ({"language": ""}, "Give the language"),
        ({"language": "qqq"}, "We do not know"),
        ({"title": ""}, "Write a title"),
        ({"title": "x" * 301}, "The title must be 300 characters or fewer"),
    ],
)
def test_starting_says_what_is_wrong_and_keeps_what_was_typed(desk, change, sentence):
    a_letter(state="draft", reference="taken", slug="taken")
    asked = {"reference": "R-1", "slug": "r-1", "kind": "statement", "language": "en", "title": "Kept", **change}
    number = Letter.objects.count()
    answer = desk.post(f"{LETTERS}start/", asked)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "Kept" in answer.content.decode() or "title" in change
    assert Letter.objects.count() == number


def test_who_may_start_a_letter(letter):
    assert as_(UserFactory(administrator=True)).get(f"{LETTERS}start/").status_code == 200
    for role in ("moderator", "observer"):
        client = as_(a_moderator(letter, role))
        assert f"{LETTERS}start/" not in links_of(client.get(LETTERS))
        assert client.get(f"{LETTERS}start/").status_code == 403
        assert client.post(f"{LETTERS}start/", {}).status_code == 403
        assert client.get(f"{LETTERS}{letter.pk}/start/").status_code == 200
    stranger = as_(UserFactory(staff=True))
    assert stranger.get(f"{LETTERS}start/").status_code == 403
    assert stranger.get(f"{LETTERS}{letter.pk}/start/").status_code == 404
    assert "/admin/login/" in Client().get(f"{LETTERS}start/")["Location"]


def test_a_letter_is_started_from_another():
    source = a_letter(
        texts={"fr": "Les fleuves"}, time_zone="Africa/Nairobi", topics=["water"], kind="submission",
        withheld_names="not_allowed", list_order="signed", public_from=NOON, dated_on=NOON.date(),
    )  # fmt: skip
    Addressee.objects.create(letter=source, order=1, office="Secretary", email="chair@office.example", is_copied=True)
    amina = a_moderator(source, "convener")
    again = f"{LETTERS}{source.pk}/start/"
    assert again in links_of(as_(amina).get(page_of(source)))
    as_(amina).post(again, {"reference": "N-1", "slug": "n-1"})
    new = Letter.objects.get(reference="N-1")
    for name in drafting.COPIED:
        assert getattr(new, name) == getattr(source, name)
    assert (new.status, new.audience, new.closes_at, new.public_from, new.dated_on) == (
        "draft",
        "team",
        None,
        None,
        None,
    )
    for tag, text in source.texts.items():
        assert [getattr(new.texts[tag], name) for name in Text.SIGNED] == [getattr(text, name) for name in Text.SIGNED]
    assert [str(entry) for entry in new.addressees.all()] == [str(entry) for entry in source.addressees.all()]
    assert new.addressees.get(order=1).email == "chair@office.example"
    assert new.roles.get().user == amina
    assert new.version is not None
    assert new.version.sealed_at is None


def test_only_a_convener_takes_private_addresses_along(letter):
    Addressee.objects.create(letter=letter, order=1, office="Secretary", email="chair@office.example")
    as_(a_moderator(letter, "observer")).post(f"{LETTERS}{letter.pk}/start/", {"reference": "N-1", "slug": "n-1"})
    assert Letter.objects.get(slug="n-1").addressees.get(order=1).email == ""


# The facts


def test_all_facts_of_a_draft_are_written(letter, amina, desk):
    before = a_letter()
    rows = [
        {"office": "Second office", "ORDER": "2", "email": "two@office.example"},
        {"office": "First office", "ORDER": "1", "holder": "Lena", "honorific": "H.E.", "body": "UN", "country": "CH"},
        {"office": "Gone", "ORDER": "3", "DELETE": "on"},
        {"ORDER": ""},
    ]
    said_now = typed(
        letter, amina, rows=rows, reference="2026-09", slug="rivers", kind="statement", audience="public",
        time_zone="Asia/Kathmandu", closes_at="2026-12-01T18:00", public_from="2026-11-30T06:00",
        late_until="2026-12-05T18:00", confirmation_grace="90", list_order="signed", withheld_names="not_allowed",
        eligibility="organisations", topics="water\n rights \nwater", authoritative_language="FR",
        dated_on="2026-11-01", date_precision="month", supersedes=str(before.pk),
    )  # fmt: skip
    assert desk.post(page_of(letter), said_now)["Location"] == page_of(letter)
    letter.refresh_from_db()
    assert (letter.reference, letter.slug, letter.kind, letter.audience) == ("2026-09", "rivers", "statement", "public")
    assert letter.closes_at == datetime(2026, 12, 1, 12, 15, tzinfo=UTC)
    assert letter.public_from == datetime(2026, 11, 30, 0, 15, tzinfo=UTC)
    assert letter.late_until == datetime(2026, 12, 5, 12, 15, tzinfo=UTC)
    assert letter.confirmation_grace == timedelta(minutes=90)
    assert (letter.list_order, letter.withheld_names, letter.eligibility) == ("signed", "not_allowed", "organisations")
    assert (letter.topics, letter.authoritative_language) == (["water", "rights"], "fr")
    assert (letter.dated_on.isoformat(), letter.date_precision) == ("2026-11-01", "month")
    assert letter.supersedes == before
    assert [str(entry) for entry in letter.addressees.all()] == ["Lena, First office, UN", "Second office"]
    assert letter.addressees.get(order=1).email == "two@office.example"
    page = desk.get(page_of(letter)).content.decode()
    assert 'value="2026-12-01T18:00"' in page
    assert "two@office.example" in page
    assert "Write the text in the authoritative language: French." in page


def test_saving_without_a_change_changes_nothing(letter, amina, desk):
    closes_at = datetime(2026, 10, 25, 0, 30, 7, 5, tzinfo=UTC)  # 02:30 in Paris, for the first time that day
    Letter.objects.filter(pk=letter.pk).update(time_zone="Europe/Paris", closes_at=closes_at)
    before = drafting.facts_token(Letter.objects.get(pk=letter.pk))
    assert desk.post(page_of(letter), typed(letter, amina)).status_code == 302
    assert drafting.facts_token(Letter.objects.get(pk=letter.pk)) == before


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reference": ""}, "Enter a reference"),
        ({"slug": "taken"}, "Another letter has this address"),
        ({"reference": "taken"}, "Another letter has this reference"),
        ({"kind": ""}, "Choose a kind"),
        ({"authoritative_language": "not a tag"}, "is not one language tag"),
        ({"dated_on": "1/2/26"}, "Enter a day like 2026-11-24"),
        ({"date_precision": "x"}, "Choose how much of the date is known"),
        ({"topics": "x" * 61}, "Enter at most 20 topics"),
        ({"supersedes": "999999"}, "Choose a letter from the list"),
        ({"time_zone": "Mars/Base"}, "Choose a time zone from the list"),
        ({"closes_at": "soon"}, "Enter a day and a time"),
        ({"closes_at": "2026-12-01"}, "Enter a day and a time"),
        ({"closes_at": "2026-13-01T10:00"}, "Enter a day and a time"),
        ({"closes_at": "0001-01-01T00:00"}, "Enter a day and a time"),
        (
            {"time_zone": "Europe/Paris", "closes_at": "2026-10-25T02:30"},
            "02:30 comes twice on this day in Europe/Paris",
        ),
        (
            {"time_zone": "Europe/Paris", "closes_at": "2027-03-28T02:30"},
            "There is no 02:30 on this day in Europe/Paris",
        ),
        ({"confirmation_grace": "-1"}, "Enter a number of minutes from 0 to 10080"),
        ({"confirmation_grace": "99999"}, "Enter a number of minutes from 0 to 10080"),
        ({"late_until": "2026-11-25T10:00"}, "Late signatures can’t end before the deadline"),
        ({"closes_at": "", "late_until": "2026-11-25T10:00"}, "Set a deadline first"),
        ({"audience": "x"}, "Choose who may see the letter"),
        ({"eligibility": "x"}, "Choose who may sign"),
        ({"withheld_names": "x"}, "Choose whether names may be withheld"),
        ({"withdrawal": "x"}, "Choose what a withdrawal does"),
        ({"list_order": "x"}, "Choose the order of the list"),
        ({"list_order": "signed"}, "The order of signing is possible only where every name is published"),
        ({"addressee-0-office": ""}, "Addressee 1: Enter the office, or tick Remove"),
        ({"addressee-0-office": "x" * 301}, "The office must be 300 characters or fewer"),
        ({"addressee-0-holder": "x" * 201}, "The name must be 200 characters or fewer"),
        ({"addressee-0-honorific": "x" * 81}, "The honorific must be 80 characters or fewer"),
        ({"addressee-0-body": "x" * 201}, "The body must be 200 characters or fewer"),
        ({"addressee-0-country": "Narnia"}, "Select a country"),
        ({"addressee-0-email": "chair"}, "Enter an email address with a domain"),
        ({"addressee-0-ORDER": "first"}, "Enter the place as a whole number"),
        ({"addressee-TOTAL_FORMS": "x"}, "The list of addressees came incomplete"),
        pytest.param({"addressee-TOTAL_FORMS": "120"}, "Name at most 100 addressees", marks=pytest.mark.slow),
    ],
)
def test_a_draft_says_what_is_wrong_and_keeps_what_was_typed(letter, amina, desk, change, sentence):
    a_letter(state="draft", reference="taken", slug="taken")
    before = drafting.facts_token(letter)
    answer = desk.post(page_of(letter), typed(letter, amina, **{"topics": "kept topic", **change}))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "kept topic" in answer.content.decode() or "topics" in change
    assert drafting.facts_token(Letter.objects.get(pk=letter.pk)) == before


def test_a_letter_supersedes_neither_itself_nor_in_a_circle(letter, amina, desk):
    middle = a_letter(supersedes=letter)
    last = a_letter(supersedes=middle)
    secret = a_letter(state="draft")
    options = desk.get(page_of(letter)).content.decode()
    assert f'<option value="{last.pk}"' in options
    assert f'<option value="{letter.pk}"' not in options
    assert f'<option value="{secret.pk}"' not in options
    for other, sentence in (
        (last, "already supersedes this one"),
        (letter, "Choose a letter from the list"),
        (secret, "Choose a letter from the list"),
    ):
        answer = desk.post(page_of(letter), typed(letter, amina, supersedes=str(other.pk)))
        assert sentence in text_of(answer)
    letter.refresh_from_db()
    assert letter.supersedes is None


def test_two_conveners_do_not_overwrite_one_another(letter, amina, desk):
    mine = typed(letter, amina, reference="mine", **{"addressee-0-office": "Mine"})
    bruno = a_moderator(letter, "convener")
    as_(bruno).post(page_of(letter), typed(letter, bruno, reference="theirs", topics="their topic"))
    answer = desk.post(page_of(letter), mine)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile" in page
    for theirs in ("theirs", "their topic", "Commission on Shared Rivers"):
        assert theirs in page
    shown = answer.content.decode()
    assert 'value="mine"' in shown
    assert 'value="Mine"' in shown
    letter.refresh_from_db()
    assert letter.reference == "theirs"
    assert desk.post(page_of(letter), {**mine, "seen": answer.context["form"]["seen"].value()}).status_code == 302
    letter.refresh_from_db()
    assert (letter.reference, letter.topics) == ("mine", [])


def test_more_rows_lose_nothing_and_judge_nothing(letter, amina, desk):
    answer = desk.post(page_of(letter), typed(letter, amina, more="1", reference="", slug="just-typed"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="just-typed"' in page
    assert "Enter a reference" not in page
    assert 'name="addressee-2-office"' in page
    letter.refresh_from_db()
    assert letter.slug != "just-typed"


def test_what_is_no_draft_any_more_is_not_saved(letter, amina, desk):
    late = typed(letter, amina, reference="too-late")
    with time_machine.travel(NOON):
        lifecycle.open(letter, by=None)
        answer = desk.post(page_of(letter), late)
    assert answer.status_code == 422
    assert "no longer a draft, so nothing was saved" in text_of(answer)
    assert 'value="too-late"' in answer.content.decode()
    letter.refresh_from_db()
    assert letter.reference != "too-late"
    assert 'name="reference"' not in desk.get(page_of(letter)).content.decode()


@pytest.mark.parametrize("role", ["moderator", "observer"])
def test_others_only_read_a_draft(letter, role):
    user = a_moderator(letter, role)
    client = as_(user)
    page = client.get(page_of(letter))
    assert 'name="reference"' not in page.content.decode()
    assert texts_of(letter) not in links_of(page)
    assert f"{LETTERS}{letter.pk}/preview/" in links_of(page)
    assert client.post(page_of(letter), typed(letter, user, reference="x")).status_code == 403
    assert client.get(texts_of(letter)).status_code == 403
    assert client.post(texts_of(letter), words(letter, en_title="x")).status_code == 403
    assert client.post(f"{texts_of(letter)}fr/remove/", {}).status_code == 403
    assert drafting.unsealed(letter).texts.get().title == "Keep river data public"
    stranger = as_(UserFactory(staff=True))
    for address in (page_of(letter), texts_of(letter), f"{LETTERS}{letter.pk}/preview/"):
        assert stranger.get(address).status_code == 404
        assert "/admin/login/" in Client().get(address)["Location"]


def test_what_is_missing_is_said_to_everybody_with_a_role(letter):
    letter.addressees.all().delete()
    Letter.objects.filter(pk=letter.pk).update(closes_at=NOON - timedelta(days=1))
    page = text_of(as_(a_moderator(letter, "observer")).get(page_of(letter)))
    assert "Set a deadline that lies ahead: the present one has passed." in page
    assert "Name at least one addressee." in page


def test_the_button_to_open_comes_when_nothing_is_missing(letter, desk):
    def labels() -> list[str]:
        return [str(button["label"]) for button in desk.get(page_of(letter)).context["buttons"]]

    with time_machine.travel(NOON, tick=False):
        assert "Open for signature" in labels()
        Letter.objects.filter(pk=letter.pk).update(closes_at=None)
        assert "Open for signature" not in labels()
        refused = desk.get(f"{LETTERS}{letter.pk}/step/open/", follow=True)
        assert "Open for signature: this can’t be done now." in text_of(refused)
        assert "Before this letter can be opened:" in text_of(refused)


# The texts


def test_texts_are_written_side_by_side(letter, desk):
    added = desk.post(
        texts_of(letter), {**words(letter, en_title="Typed, not saved"), "add": "1", "new_language": "AR"}
    )
    page = added.content.decode()
    assert added.status_code == 200
    assert "Typed, not saved" in page
    assert 'lang="ar" dir="rtl"' in page
    answer = desk.post(
        texts_of(letter),
        words(
            letter, "en", "ar", "fr", en_demands="1. Publish.\n\n2. Ask.\n\n3. Answer.", ar_title="الأنهار",
            ar_body="سطر\r\n\r\nسطر", ar_demands="واحد\n\n اثنان ",
        ),
    )  # fmt: skip
    assert answer["Location"] == texts_of(letter)
    texts = Letter.objects.get(pk=letter.pk).texts
    assert list(texts) == ["en", "ar"], "French was left blank"
    assert texts["en"].demands == ["Publish.", "Ask.", "Answer."]
    assert (texts["ar"].body, texts["ar"].demands) == ("سطر\n\nسطر", ["واحد", "اثنان"])
    page = text_of(desk.get(texts_of(letter)))
    assert "English: complete" in page
    assert "Arabic: no summary, no salutation, no closing, 2 of 3 demands" in page


def test_a_language_typed_before_saving_is_not_forgotten(letter, desk):
    answer = desk.post(texts_of(letter), {**words(letter, en_title="Saved"), "new_language": "es"})
    assert answer["Location"] == f"{texts_of(letter)}?add=es"
    assert drafting.unsealed(letter).texts.get().title == "Saved"
    assert 'name="text-es-title"' in desk.get(answer["Location"]).content.decode()
    refused = desk.post(texts_of(letter), {**words(letter, en_title="Not saved"), "new_language": "?"})
    assert refused.status_code == 422
    assert "Not saved" in refused.content.decode()
    assert drafting.unsealed(letter).texts.get().title == "Saved"


def test_a_text_may_be_begun_without_its_body_and_is_not_opened_so(letter, desk):
    desk.post(texts_of(letter), words(letter, "en", "fr", fr_title="Les fleuves"))
    text = drafting.unsealed(letter).texts.get(language="fr")
    assert (text.title, text.body.strip()) == ("Les fleuves", "")
    assert TextForm("fr", text, leads=False)["body"].value() == ""
    with time_machine.travel(NOON):
        page = desk.get(page_of(letter))
    assert "The text in French needs a body." in text_of(page)
    assert "Open for signature" not in [button["label"] for button in page.context["buttons"]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"en_title": ""}, "English: Write a title"),
        ({"en_title": "x" * 301}, "The title must be 300 characters or fewer"),
        ({"en_summary": "x" * 2001}, "The summary must be 2,000 characters or fewer"),
        ({"en_salutation": "x" * 301}, "The salutation must be 300 characters or fewer"),
        ({"en_body": "x" * 60_001}, "The body must be 60,000 characters or fewer"),
        ({"en_demands": "x" * 60_001}, "The demands must be 60,000 characters or fewer"),
        ({"en_demands": "x\n\n" * 101}, "Write at most 100 demands"),
        ({"en_closing": "x" * 2001}, "The closing must be 2,000 characters or fewer"),
    ],
)
def test_texts_say_what_is_wrong_and_keep_what_was_typed(letter, desk, change, sentence):
    before = drafting.texts_token(letter)
    answer = desk.post(texts_of(letter), words(letter, **{"en_salutation": "Kept, Chair", **change}))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "Kept, Chair" in answer.content.decode() or "en_salutation" in change
    assert drafting.texts_token(letter) == before


def test_a_body_may_have_sixty_thousand_characters(letter, desk):
    assert desk.post(texts_of(letter), words(letter, en_body="x" * 60_000)).status_code == 302


@pytest.mark.parametrize(
    ("tag", "sentence"),
    [("", "Give the language"), ("klingonese!", "is not one language tag"), ("EN", "here already: English")],
)
def test_a_language_that_can_not_be_added(letter, desk, tag, sentence):
    answer = desk.post(texts_of(letter), {**words(letter, en_title="Kept"), "add": "1", "new_language": tag})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "Kept" in answer.content.decode()


def test_invisible_characters_are_taken_out_and_it_is_said(letter, desk):
    answer = desk.post(texts_of(letter), words(letter, en_body="Ri\u202evers"))
    assert "Invisible characters were taken out: English (Body)." in said(answer)
    assert drafting.unsealed(letter).texts.get().body == "Rivers"


def test_two_writers_of_one_text(letter, desk):
    mine = words(letter, en_title="Mine")
    bruno = as_(a_moderator(letter, "convener"))
    bruno.post(texts_of(letter), words(letter, "en", "fr", en_title="Theirs", fr_title="La leur"))
    answer = desk.post(texts_of(letter), mine)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile" in page
    assert "Theirs" in page
    assert "La leur" in page
    assert 'value="Mine"' in answer.content.decode()
    assert drafting.unsealed(letter).texts.get(language="en").title == "Theirs"
    assert desk.post(texts_of(letter), {**mine, "seen": answer.context["seen"]}).status_code == 302
    assert dict(drafting.unsealed(letter).texts.values_list("language", "title")) == {"en": "Mine", "fr": "La leur"}


def test_a_text_sealed_meanwhile_is_not_written(letter, desk):
    late = words(letter, en_title="Too late")
    with time_machine.travel(NOON):
        lifecycle.open(letter, by=None)
        answer = desk.post(texts_of(letter), late)
        assert answer.status_code == 422
        assert "sealed or given up meanwhile" in text_of(answer)
        assert "Too late" in answer.content.decode()
        assert "the one in force is sealed" in said(desk.get(texts_of(letter)))
    assert Letter.objects.get(pk=letter.pk).title == "Keep river data public"


def test_the_next_version_of_an_open_letter_is_written_in_the_same_way():
    letter = a_letter()
    client = as_(a_moderator(letter, "convener"))
    assert texts_of(letter) not in links_of(client.get(page_of(letter)))
    version = Version.objects.create(letter=letter, number=2, change="typo")
    Text.objects.create(version=version, language="en", title="Keep river data open", body="Next.")
    assert texts_of(letter) in links_of(client.get(page_of(letter)))
    assert client.post(texts_of(letter), words(letter, en_body="Corrected.")).status_code == 302
    assert version.texts.get().body == "Corrected."
    assert letter.title == "Keep river data public"
    page = text_of(client.get(f"{LETTERS}{letter.pk}/preview/"))
    assert "Corrected." in page
    assert "Corrected." not in text_of(client.get(letter.get_absolute_url()))


def test_a_draft_without_any_version_gets_one(desk, letter):
    version = drafting.unsealed(letter)
    version.texts.all().delete()
    version.delete()
    assert "English: nothing written yet" in text_of(desk.get(texts_of(letter)))
    assert "There is no text in English yet" in text_of(desk.get(f"{LETTERS}{letter.pk}/preview/"))
    desk.post(texts_of(letter), words(letter, "en", en_title="New", en_body="Words."))
    assert Letter.objects.get(pk=letter.pk).title == "New"


def test_a_language_is_removed_after_a_question(letter, desk):
    Text.objects.create(version=letter.version, language="fr", title="Les fleuves", body="Corps")
    address = f"{texts_of(letter)}fr/remove/"
    page = desk.get(address)
    assert "Remove French" in text_of(page)
    assert "Les fleuves" in text_of(page)
    refused = desk.post(address, {"seen": "old"})
    assert "so nothing was removed" in said(refused)
    assert drafting.unsealed(letter).texts.count() == 2
    assert "Removed: French." in said(desk.post(address, {"seen": page.context["seen"]}))
    assert [text.language for text in drafting.unsealed(letter).texts.all()] == ["en"]
    leading = f"{texts_of(letter)}en/remove/"
    assert desk.get(leading).status_code == 404
    refused = desk.post(leading, {"seen": drafting.texts_token(letter)})
    assert "authoritative language can’t be removed" in said(refused)
    assert drafting.unsealed(letter).texts.count() == 1


# The preview


def test_the_preview_is_the_public_page(letter, desk):
    Text.objects.create(
        version=letter.version, language="fr", title="Les fleuves", body="Nous vivons ici.", demands=["Un"]
    )
    Text.objects.create(version=letter.version, language="ar", title="الأنهار", body=drafting.UNWRITTEN)
    with time_machine.travel(NOON):
        answer = desk.get(f"{LETTERS}{letter.pk}/preview/")
        page = text_of(answer)
        for words_shown in (
            *("Preview: not public", "Nobody can sign here", "Keep river data public", "We live with the rivers."),
            *("Commission on Shared Rivers", "Open for signature", "Publish by default."),
        ):
            assert words_shown in " ".join(page.split())
        assert letter.version.compute_digest() in page
        assert f"/letters/{letter.slug}/sign/" not in "".join(links_of(answer))
        assert f"/letters/{letter.slug}/in/" not in answer.content.decode()
        assert f"/letters/{letter.slug}/versions/" not in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in answer.content.decode()
        french = desk.get(f"{LETTERS}{letter.pk}/preview/", {"text": "fr"})
        assert "Les fleuves" in text_of(french)
        assert '<html lang="fr"' in french.content.decode()
        assert "has no title or no body yet" in text_of(desk.get(f"{LETTERS}{letter.pk}/preview/", {"text": "ar"}))
        assert "There is no text in Spanish yet" in text_of(desk.get(f"{LETTERS}{letter.pk}/preview/", {"text": "es"}))
        assert "There is no text in <b>" in text_of(desk.get(f"{LETTERS}{letter.pk}/preview/", {"text": "<b>"}))
        assert Client().get(letter.get_absolute_url()).status_code == 404
    letter.refresh_from_db()
    assert letter.status == "draft"
    assert Version.objects.get(letter=letter).sealed_at is None


def test_the_preview_of_a_letter_under_embargo_and_of_a_public_one():
    letter = a_letter(public_from=NOON + timedelta(minutes=5), at=NOON)
    observer, address = a_moderator(letter, "observer"), f"{LETTERS}{letter.pk}/preview/"
    with time_machine.travel(NOON):
        client = as_(observer)
        page = text_of(client.get(address))
        assert "Preview: not public" in page
        assert "The text is not sealed yet." not in page
    with time_machine.travel(NOON + timedelta(minutes=6)):
        assert client.get(address)["Location"] == letter.get_absolute_url()
        assert address not in links_of(client.get(page_of(letter)))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told():
    letter = a_letter(state="draft", title="As it was")
    seen = drafting.texts_token(letter)
    written = dict.fromkeys(drafting.WRITTEN, "") | {"body": "Words.", "demands": []}

    def save(title: str) -> None:
        drafting.save_texts(Letter.objects.get(pk=letter.pk), {"en": {**written, "title": title}}, seen=seen)

    refusals = [error for error in at_once(lambda: save("Hers"), lambda: save("His")) if error is not None]
    assert len(refusals) == 1
    assert isinstance(refusals[0], drafting.Changed)
    assert Letter.objects.get(pk=letter.pk).title in ("Hers", "His")


# The clock


@pytest.mark.parametrize(
    ("zone", "value", "instant"),
    [
        ("UTC", "2026-12-01T18:00", "2026-12-01T18:00:00+00:00"),
        ("Asia/Kathmandu", "2026-12-01T18:00", "2026-12-01T12:15:00+00:00"),
        ("Europe/Paris", "2026-10-25T01:59", "2026-10-24T23:59:00+00:00"),
        ("Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00:00+00:00"),
        ("Europe/Paris", "2027-03-28 03:00:30", "2027-03-28T01:00:30+00:00"),
    ],
)
def test_an_instant_is_typed_by_the_clock_of_the_letter(zone, value, instant):
    field = LetterClock()
    field.set_to(zoneinfo.ZoneInfo(zone))
    read = field.clean(value)
    assert read.astimezone(UTC).isoformat() == instant
    assert field.prepare_value(read) == value.replace(" ", "T")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-10-25T02:30", "02:30 comes twice on this day in Europe/Paris: the clocks go back then."),
        ("2027-03-28T02:30", "There is no 02:30 on this day in Europe/Paris: the clocks go forward then."),
        ("", "Enter a day and a time"),
        ("2026-10-25T02:30+01:00", "Enter a day and a time"),
        ("2026-10-25T25:30", "Enter a day and a time"),
        ("9999-12-31T23:59", "Enter a day and a time"),
    ],
)
def test_a_time_that_is_none_or_two_is_not_guessed(value, sentence):
    field = LetterClock()
    field.set_to(zoneinfo.ZoneInfo("Europe/Paris"))
    with pytest.raises(forms.ValidationError) as refusal:
        field.clean(value)
    assert sentence in refusal.value.messages[0]


def test_the_steps_that_ask_for_an_instant():
    letter = a_letter(time_zone="Asia/Kathmandu", at=NOON, closes_at=NOON + timedelta(days=2))
    client = as_(a_moderator(letter, "convener"))

    def take(verb: str, **asked: str) -> Any:
        return client.post(f"{LETTERS}{letter.pk}/step/{verb}/", {"was": letter.status, **asked})

    with time_machine.travel(NOON):
        assert "Enter a day and a time" in text_of(take("extend", closes_at="", note="More."))
        assert "Asia/Kathmandu" in text_of(client.get(f"{LETTERS}{letter.pk}/step/extend/"))
        assert "later than the present one" in said(take("extend", closes_at="2026-11-25T10:00", note="More."))
        take("extend", closes_at="2026-12-01T18:00", note="More time.")
        letter.refresh_from_db()
        assert letter.closes_at == datetime(2026, 12, 1, 12, 15, tzinfo=UTC)
        assert "can’t end before the deadline" in said(take("allow_late", late_until="2026-12-01T10:00", note="x"))
        take("allow_late", late_until="2026-12-05T18:00", note="The list is long.")
        letter.refresh_from_db()
        assert letter.late_until == datetime(2026, 12, 5, 12, 15, tzinfo=UTC)
        assert "Choose who may see the letter" in text_of(take("set_audience", audience="x", note="x"))
        assert "Write a note" in text_of(take("set_audience", audience="invited"))
        take("set_audience", audience="invited", public_from="2026-11-30T06:00", note="Not yet.")
        letter.refresh_from_db()
        assert (letter.audience, letter.public_from) == ("invited", datetime(2026, 11, 30, 0, 15, tzinfo=UTC))
        shown = client.get(f"{LETTERS}{letter.pk}/step/set_audience/").content.decode()
        assert 'value="2026-11-30T06:00"' in shown
        page = text_of(client.get(page_of(letter)))
        for told in ("Deadline extended", "Late signatures allowed", "Audience or embargo changed"):
            assert told in page
    Letter.objects.filter(pk=letter.pk).update(status="delivered", closed_at=NOON)
    letter.refresh_from_db()
    take("conclude", note="Answered.")
    letter.refresh_from_db()
    assert letter.status == "concluded"


def test_no_letter_for_the_public_is_closed_before_it_is_public():
    unseen = "The letter would be closed before it is public."
    deadline = NOON + timedelta(days=14)
    letter = a_letter(state="draft", public_from=deadline, at=NOON)
    assert [sentence for sentence in drafting.missing(letter, NOON) if sentence.startswith(unseen)]
    with pytest.raises(NotAllowed, match=unseen):
        lifecycle.open(letter, by=None, at=NOON)
    Letter.objects.filter(pk=letter.pk).update(late_until=deadline + timedelta(days=1))
    letter.refresh_from_db()
    assert drafting.missing(letter, NOON) == []
    Letter.objects.filter(pk=letter.pk).update(late_until=None, audience="team")
    lifecycle.open(letter, by=None, at=NOON)
    said = {"by": None, "note": "x", "at": NOON}
    later = deadline + timedelta(days=1)
    with pytest.raises(NotAllowed, match=unseen):
        lifecycle.set_audience(letter, audience="public", public_from=deadline, **said)
    lifecycle.set_audience(letter, audience="public", public_from=deadline - timedelta(seconds=1), **said)
    Letter.objects.filter(pk=letter.pk).update(public_from=later)
    with pytest.raises(NotAllowed, match=unseen):
        lifecycle.extend(letter, closes_at=later, **said)
    lifecycle.extend(letter, closes_at=later + timedelta(seconds=1), **said)
    lifecycle.close(letter, by=None, at=NOON)
    lifecycle.set_audience(letter, audience="public", public_from=later + timedelta(days=9), **said)
    with pytest.raises(NotAllowed, match=unseen):
        lifecycle.reopen(letter, closes_at=later + timedelta(days=1), **said)
