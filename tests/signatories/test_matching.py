"""Finding an organisation by what somebody types."""

from __future__ import annotations

import pytest
from django.utils import timezone

from signatories import matching
from tests.factories import an_organisation

pytestmark = pytest.mark.django_db


def found(text: str) -> list[str]:
    return [organisation.name for organisation in matching.find(text, timezone.now())]


@pytest.fixture(autouse=True)
def _register():
    for name in (
        "Mawingu Water Forum", "Mawingu Waterworks Union", "Agua Clara para Todas", "Žižek Society", "藏人行政中央",
        "བོད་མིའི་སྒྲིག་འཛུགས།", "جمعية أصدقاء النهر", "Друзья верховий",
    ):  # fmt: skip
        an_organisation(name, is_listed=True)
    an_organisation(
        "Unrepresented Nations and Peoples Organization",
        acronym="UNPO",
        website="https://unpo.example.org",
        is_listed=True,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mawingu Water Forum", "Mawingu Water Forum"),
        ("mawingu", "Mawingu Water Forum"),
        ("Mavingu water forum", "Mawingu Water Forum"),
        ("zizek", "Žižek Society"),
        ("行政中央", "藏人行政中央"),
        ("藏人行政", "藏人行政中央"),
        ("བོད་མིའི་སྒྲིག", "བོད་མིའི་སྒྲིག་འཛུགས།"),
        ("أصدقاء النهر", "جمعية أصدقاء النهر"),
        ("друзья верховии", "Друзья верховий"),
        ("unpo", "Unrepresented Nations and Peoples Organization"),
        ("www.unpo.example.org", "Unrepresented Nations and Peoples Organization"),
        ("https://unpo.example.org/about", "Unrepresented Nations and Peoples Organization"),
    ],
)
def test_it_is_found_by_name_part_slip_acronym_and_website_in_any_script(typed, meant):
    assert found(typed)[0] == meant


def test_what_has_nothing_to_do_with_it_is_not_offered():
    assert set(found("mawingu")) == {"Mawingu Water Forum", "Mawingu Waterworks Union"}
    assert found("Totally Different Body") == []
    assert found("…") == []


def test_same_means_one_name_and_one_country():
    known = matching.same("MAWINGU  water – forum", "KE")
    assert known is not None
    assert known.name == "Mawingu Water Forum"
    assert matching.same("Mawingu Water Forum", "TZ") is None
    an_organisation("Mawingu Water Forum", country="KE")
    assert matching.same("Mawingu Water Forum", "KE") == known
    assert matching.same("UNPO", "KE") is None
