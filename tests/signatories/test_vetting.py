"""The names of an organisation: added, corrected, retired, dropped, and the one it is called by."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coalition.workflow import NotAllowed
from signatories import matching, vetting
from signatories.models import Organisation, Word
from tests.factories import UserFactory, an_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def rivers() -> Organisation:
    return an_organisation("Mawingu River Network", acronym="MRN")


def name_of(organisation: Organisation, text: str) -> int:
    return organisation.names.get(text=text).pk


def in_lists(organisation: Organisation, language: str = "") -> str:
    return Organisation.objects.with_name(language).get(pk=organisation.pk).name


def test_a_translation_is_what_it_is_called_in_that_language(rivers):
    vetting.add_name(rivers, text="Réseau des rivières Mawingu", kind="translation", language="fr", by=None)
    vetting.add_name(rivers, text="Rede dos Rios", kind="translation", language="pt-BR", by=None)
    vetting.add_name(rivers, text="Red de los ríos", kind="alias", language="es", by=None)
    for language, name in {
        "fr": "Réseau des rivières Mawingu",
        "pt": "Rede dos Rios",
        "es": "Mawingu River Network",
        "en": "Mawingu River Network",
    }.items():
        assert in_lists(rivers, language) == rivers.name_in(language) == name
    assert in_lists(rivers) == "Mawingu River Network"


def test_a_list_in_one_language_is_one_query(rivers):
    vetting.add_name(rivers, text="Réseau Mawingu", kind="translation", language="fr", by=None)
    an_organisation("Amani Trust")
    with CaptureQueriesContext(connection) as queries:
        names = {organisation.name for organisation in Organisation.objects.with_name("fr")}
    assert names == {"Réseau Mawingu", "Amani Trust"}
    assert len(queries) == 1


def test_a_main_name_in_the_language_comes_before_a_translation():
    rivers = an_organisation("Mawingu River Network", language="en")
    vetting.add_name(rivers, text="Mawingu Rivers", kind="translation", language="en-GB", by=None)
    assert in_lists(rivers, "en") == "Mawingu River Network"


def test_each_step_is_written_down_and_raises_the_revision(rivers):
    revision = rivers.revision
    vetting.add_name(rivers, text="  River\nNetwork ", kind="short", by=None)
    vetting.correct_name(rivers, name=name_of(rivers, "River Network"), text="Rivernet", kind="short", by=None)
    vetting.choose_main_name(rivers, name=name_of(rivers, "Rivernet"), by=None)
    vetting.retire_name(rivers, name=name_of(rivers, "Mawingu River Network"), by=None)
    vetting.drop_name(rivers, name=name_of(rivers, "MRN"), by=None)
    assert rivers.revision == revision + 5
    verbs = list(rivers.events.values_list("verb", flat=True))[-5:]
    assert verbs == ["add_name", "correct_name", "choose_main_name", "retire_name", "drop_name"]
    assert in_lists(rivers) == "Rivernet"
    assert set(rivers.names.values_list("text", "kind", "is_main")) == {
        ("Rivernet", "short", True),
        ("Mawingu River Network", "former", False),
    }
    (found,) = matching.candidates("Mawingu river network", most=1)
    assert found.organisation == rivers


def test_a_corrected_name_is_found_as_it_is_now(rivers):
    vetting.correct_name(rivers, name=name_of(rivers, "MRN"), text="Zubatha Rivers", kind="alias", by=None)
    assert Word.objects.filter(text="zubatha").count() == 1
    assert matching.candidates("zubatta rivers", most=1)[0].organisation == rivers


@pytest.mark.parametrize(
    ("verb", "name", "said", "sentence"),
    [
        ("add_name", None, {"text": " \u200b", "kind": "alias"}, "Enter a name."),
        ("add_name", None, {"text": "x" * 301, "kind": "alias"}, "This name is longer than 300 characters."),
        ("add_name", None, {"text": "MRN", "kind": "acronym"}, "It has this name already."),
        ("retire_name", "Mawingu River Network", {}, "This is the main name. Choose another main name first."),
        ("drop_name", "Mawingu River Network", {}, "This is the main name. Choose another main name first."),
        (
            "correct_name",
            "Mawingu River Network",
            {"text": "MRN", "kind": "former"},
            "The main name can’t be of this kind. Choose another main name first.",
        ),
        ("choose_main_name", "MRN", {}, "A name of this kind can’t be the main name. Correct its kind first."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(rivers, verb, name, said, sentence):
    before = list(rivers.names.order_by("pk").values())
    named = {"name": name_of(rivers, name)} if name else {}
    with pytest.raises(NotAllowed, match=f"^{sentence}$"):
        getattr(vetting, verb)(rivers, **named, **said, by=None)
    assert list(rivers.names.order_by("pk").values()) == before


def test_one_translation_into_a_language(rivers):
    vetting.add_name(rivers, text="Réseau Mawingu", kind="translation", language="fr", by=None)
    with pytest.raises(NotAllowed, match="It has a translation into this language already"):
        vetting.add_name(rivers, text="Le réseau", kind="translation", language="fr", by=None)


def test_a_name_of_another_organisation_is_out_of_reach(rivers):
    other = an_organisation("Amani Trust")
    with pytest.raises(NotAllowed):
        vetting.drop_name(rivers, name=name_of(other, "Amani Trust"), by=None)


def test_only_who_keeps_the_register_may(rivers):
    with pytest.raises(NotAllowed, match="role"):
        vetting.add_name(rivers, text="Rivernet", kind="short", by=UserFactory())
