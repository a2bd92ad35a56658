"""Names at the desk: each with its links on the page of the organisation, and the pages that they lead to."""

from __future__ import annotations

import pytest
from django.test import Client

from signatories import vetting
from signatories.models import Organisation
from tests.factories import UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

REGISTER = "/admin/signatories/organisation/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(title="Another letter"), name="Chiara"))
    return client


@pytest.fixture
def rivers() -> Organisation:
    return an_organisation("Mawingu River Network", acronym="MRN", is_listed=True)


def page_of(client, organisation):
    return client.get(f"{REGISTER}{organisation.pk}/change/")


def door(organisation, verb, text="") -> str:
    name = f"?name={organisation.names.get(text=text).pk}" if text else ""
    return f"{REGISTER}{organisation.pk}/step/{verb}/{name}"


def press(client, address, **said):
    """Fills in the page as it comes, changes what is said, and sends it."""
    asked = client.get(address)
    form = asked.context["form"]
    filled = {name: value for name in form.fields if (value := form[name].value()) not in (None, "")}
    kept = {"was": asked.context["was"], "seen": asked.context["seen"]}
    return client.post(address, filled | kept | said, follow=True)


def names_of(organisation) -> set[tuple[str, str, str, bool]]:
    return set(organisation.names.values_list("text", "kind", "language", "is_main"))


def test_each_name_stands_on_the_page_with_what_can_be_done_with_it(desk, rivers):
    vetting.add_name(rivers, text="Réseau Mawingu", kind="translation", language="fr", by=None)
    page = page_of(desk, rivers)
    assert "Réseau Mawingu translation French" in text_of(page)
    links = [link for link in links_of(page) if "/step/" in link and "name" in link]
    assert links == [
        door(rivers, "add_name"),
        door(rivers, "correct_name", "Mawingu River Network"),
        *(door(rivers, verb, "MRN") for verb in ("correct_name", "retire_name", "drop_name")),
        *(
            door(rivers, verb, "Réseau Mawingu")
            for verb in ("correct_name", "choose_main_name", "retire_name", "drop_name")
        ),
    ]


def test_a_translation_an_acronym_and_an_alias_are_given(desk, rivers):
    for text, kind, language in (
        ("شبكة أنهار ماوينغو", "translation", "ar"),
        ("RRM", "acronym", "fr"),
        ("Mawingu Rivers Net", "alias", ""),
    ):
        answer = press(desk, door(rivers, "add_name"), text=text, kind=kind, language=language, note="From their site.")
        assert "name added" in text_of(answer)
        assert (text, kind, language, False) in names_of(rivers)
    event = rivers.events.last()
    assert (event.verb, event.by.name, str(event.note)) == ("add_name", "Chiara", "From their site.")
    choices = dict(desk.get(door(rivers, "add_name")).context["form"].fields["language"].choices)
    assert choices["zh-Hant"] == "Traditional Chinese"
    assert choices["sw"] == "Swahili"


def test_a_slip_is_corrected_and_letters_keep_what_they_print(desk, rivers):
    letter = an_endorsement(a_letter(), rivers).letter
    reader = Client()
    assert "Mawingu River Network" in text_of(reader.get(rivers.get_absolute_url()))
    press(desk, door(rivers, "correct_name", "Mawingu River Network"), text="Mawingu Rivers Network", language="en")
    assert ("Mawingu Rivers Network", "official", "en", True) in names_of(rivers)
    assert "Mawingu Rivers Network" in text_of(reader.get(rivers.get_absolute_url()))
    assert "Mawingu Rivers Network" in text_of(reader.get("/en/organisations/"))
    assert "Mawingu River Network" in text_of(reader.get(letter.get_absolute_url()))


def test_it_is_called_by_another_and_the_old_one_is_kept_as_former(desk, rivers):
    vetting.add_name(rivers, text="Rivernet", kind="short", by=None)
    letter = an_endorsement(a_letter(), rivers).letter
    assert "called by another name" in text_of(press(desk, door(rivers, "choose_main_name", "Rivernet")))
    press(desk, door(rivers, "retire_name", "Mawingu River Network"))
    assert ("Mawingu River Network", "former", "", False) in names_of(rivers)
    page = text_of(Client().get(rivers.get_absolute_url()))
    assert "Mawingu River Network former name" in page
    assert page.index("Rivernet") < page.index("Mawingu River Network")
    assert "Mawingu River Network" in text_of(Client().get(letter.get_absolute_url()))
    assert an_endorsement(a_letter(), Organisation.objects.get()).printed_name == "Rivernet"


def test_a_name_that_was_never_its_own_is_forgotten(desk, rivers):
    answer = desk.get(door(rivers, "drop_name", "MRN"))
    assert "For a name that was never its own" in text_of(answer)
    press(desk, door(rivers, "drop_name", "MRN"))
    assert names_of(rivers) == {("Mawingu River Network", "official", "", True)}
    assert "MRN" not in text_of(Client().get(rivers.get_absolute_url()))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"text": " "}, "Enter a name"),
        ({"text": "\u200b"}, "Enter a name"),
        ({"text": "x" * 301}, "Name must be 300 characters or fewer"),
        ({"kind": "nickname"}, "Select what it is"),
        ({"kind": ""}, "Select what it is"),
        ({"language": "xx"}, "Select a language of the list"),
        ({"kind": "translation"}, "Select the language of the translation"),
        ({"text": "MRN", "kind": "acronym"}, "It has this name already."),
        ({"kind": "translation", "language": "fr"}, "It has a translation into this language already."),
    ],
)
def test_a_wrong_answer_gets_its_sentence_and_what_was_typed_is_kept(desk, rivers, said, sentence):
    vetting.add_name(rivers, text="Réseau Mawingu", kind="translation", language="fr", by=None)
    before = names_of(rivers)
    typed = {"text": "Rivernet", "kind": "alias", "note": "A note that is kept."} | said
    answer = desk.post(door(rivers, "add_name"), {"was": "verified", **typed})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "A note that is kept." in text_of(answer)
    assert answer.context["form"]["text"].value() == typed["text"]
    assert names_of(rivers) == before


def test_the_main_name_stays_of_a_kind_by_which_one_is_called(desk, rivers):
    form = desk.get(door(rivers, "correct_name", "Mawingu River Network")).context["form"]
    assert {kind for kind, _words in form.fields["kind"].choices} == {"official", "short", "translation"}
    answer = desk.post(
        door(rivers, "correct_name"), {"was": "verified", "name": form["name"].value(), "text": "MRN", "kind": "former"}
    )
    assert answer.status_code == 422


def test_a_stale_page_is_refused(desk, rivers):
    address = door(rivers, "correct_name", "MRN")
    asked = desk.get(address)
    vetting.add_name(rivers, text="Rivernet", kind="short", by=None)
    form, seen = asked.context["form"], asked.context["seen"]
    said = {"was": "verified", "seen": seen, "name": form["name"].value(), "text": "MRNet", "kind": "acronym"}
    answer = desk.post(address, said, follow=True)
    assert "This happened after the page was opened: Name added." in text_of(answer)
    assert not rivers.names.filter(text="MRNet").exists()
    assert answer.status_code == 409
    assert answer.context["form"]["text"].value() == "MRNet", "what was typed stays"
    desk.post(address, said | {"seen": answer.context["seen"]})
    assert rivers.names.filter(text="MRNet").exists()


@pytest.mark.parametrize("name", ["", "none", "999999", "9" * 40, "²"])
def test_a_name_that_is_not_there_is_no_error_of_ours(desk, rivers, name):
    vetting.add_name(rivers, text="Rivernet", kind="short", by=None)
    answer = desk.get(f"{REGISTER}{rivers.pk}/step/correct_name/", {"name": name}, follow=True)
    assert "This name is not there any more." in text_of(answer)
    for verb in ("retire_name", "drop_name", "choose_main_name"):
        address = f"{REGISTER}{rivers.pk}/step/{verb}/"
        assert desk.get(address, {"name": name}).status_code == 200
        answer = desk.post(address, {"was": "verified", "name": name})
        assert answer.status_code == 422
        assert "Select a name" in text_of(answer)


def test_another_organisations_name_is_out_of_reach(desk, rivers):
    other = an_organisation("Amani Trust", acronym="AT")
    answer = desk.post(door(rivers, "drop_name"), {"was": "verified", "name": other.names.get(text="AT").pk})
    assert answer.status_code == 422
    assert other.names.count() == 2


def test_without_the_role_there_are_no_links_and_no_doors(client, rivers):
    client.force_login(UserFactory(staff=True))
    page = page_of(client, rivers)
    assert "MRN" in text_of(page)
    assert not [link for link in links_of(page) if "/step/" in link]
    assert client.get(door(rivers, "correct_name", "MRN")).status_code == 403


# Search


def results(client, **asked) -> list[str]:
    return [found.name for found in client.get(REGISTER, asked).context["cl"].result_list]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mawingu river network", ["Mawingu River Network", "Mawingu River Network Uganda"]),
        ("Mawingo Rivr Network", ["Mawingu River Network", "Mawingu River Network Uganda"]),
        ("MRN", ["Mawingu River Network"]),
        ("https://mawingu.org/about", ["Mawingu River Network"]),
        ("السحاب", ["Cloud Forum"]),
        ("rum", ["Cloud Forum"]),
        ("qqqq", []),
        (">_<", []),
    ],
)
def test_the_search_finds_as_the_sign_form_does_the_likeliest_first(desk, typed, expected):
    an_organisation("Mawingu River Network", acronym="MRN", website="https://mawingu.org")
    an_organisation("Mawingu River Network Uganda", country="UG")
    cloud = an_organisation("Cloud Forum")
    vetting.add_name(cloud, text="منتدى السحاب", kind="translation", language="ar", by=None)
    assert results(desk, q=typed)[: len(expected)] == expected


def test_what_is_found_is_filtered_sorted_and_paged(desk):
    for number in range(120):
        an_organisation(f"Basin Union {number}", verified=number != 7)
    assert results(desk, q="Basin Union 7")[0] == "Basin Union 7"
    assert "Basin Union 7" not in results(desk, q="Basin Union 7", standing__exact="verified")
    assert results(desk, q="Basin Union 7", standing__exact="provisional") == ["Basin Union 7"]
    first, second = results(desk, q="basin"), results(desk, q="basin", p="2")
    assert len(first) == 100
    assert len({*first, *second}) == 120
    assert results(desk, q="basin", o="3")[0] == "Basin Union 7"
    lines = b"".join(desk.get(f"{REGISTER}export/csv/", {"q": "Basin Union 7"}).streaming_content).decode().splitlines()
    assert "Basin Union 7," in lines[1]
