"""The directory of organisations and their pages: found by any name, in the order of every alphabet, and nothing of
whoever is not public in a figure, a choice or an order."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from coalition.workflow import together
from letters import endorsing
from letters.models import Endorsement
from signatories import vetting
from signatories.models import Organisation, OrganisationName
from tests.factories import a_letter, an_endorsement, an_organisation
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

DIRECTORY = "/en/organisations/"


def listed(name: str, **fields: object) -> Organisation:
    return an_organisation(name, is_listed=True, **fields)


def directory(language: str = "en", **asked: object):
    return Client().get(f"/{language}/organisations/", asked)


def printed(page) -> list[str]:
    """The organisations of the list, in its order."""
    register = page.content.decode().partition('<ul class="reg plain-list">')[2].partition("</ul>")[0]
    return re.findall(r"<bdi[^>]*>(.*?)</bdi>", register)


def letters_on(page) -> list[str]:
    tabs = page.content.decode().partition('<nav class="tabs"')[2].partition("</nav>")[0]
    return [piece.partition("</bdi>")[0].rpartition(">")[2] for piece in tabs.split("<a ")[1:]]


# The directory


def test_it_lists_by_alphabet_with_country_and_the_number_of_letters_signed_by_name():
    amani = an_organisation("Amani Water Trust", country="UG")
    for _ in range(2):
        an_endorsement(a_letter(), amani)
    an_endorsement(a_letter(), amani, visibility="counted")
    listed("The Basin Union", country="KE")
    page = text_of(directory())
    assert "2 organisations on the public register" in page
    assert "Amani Water Trust Uganda · 2 letters signed The Basin Union Kenya" in page


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mawingu", "Forum Mawingu"),
        ("MWF", "Forum Mawingu"),
        ("https://www.mawingu.org/en/about", "Forum Mawingu"),
        ("mawingu.org", "Forum Mawingu"),
        ("nuages", "Forum Mawingu"),
        ("السحاب", "Forum Mawingu"),
        ("ЭКОЛОГИЯ", "Экология и право"),
        ("中央", "藏人行政中央"),
    ],
)
def test_it_is_searched_by_any_name_acronym_and_website_in_any_script(typed, expected):
    forum = listed("Forum Mawingu", acronym="MWF", website="https://mawingu.org")
    for text, language in (("Forum des nuages", "fr"), ("منتدى السحاب", "ar")):
        vetting.name_row(forum, text, language=language, kind="translation").save()
    for name in ("Экология и право", "藏人行政中央", "Žižek Society"):
        listed(name)
    page = directory(q=typed)
    assert printed(page) == [expected]
    assert "1 organisation found" in text_of(page)


def test_what_is_misspelt_finds_what_is_most_like_it_and_says_so():
    listed("Amani Water Trust")
    listed("Basin Union")
    page = directory(q="Amanni Watr Trust")
    assert printed(page) == ["Amani Water Trust"]
    assert "No name is spelt like that." in text_of(page)
    assert "0 organisations found" in text_of(directory(q="qqqq"))


def test_a_country_and_a_letter_narrow_it_and_what_means_nothing_does_not():
    listed("Amani Water Trust", country="UG")
    listed("Association of Wells", country="KE")
    listed("Basin Union", country="KE")
    assert printed(directory(country="KE")) == ["Association of Wells", "Basin Union"]
    assert printed(directory(letter="a")) == ["Amani Water Trust", "Association of Wells"]
    assert printed(directory(letter="A", country="KE")) == ["Association of Wells"]
    for odd in ({"country": "ZZ"}, {"letter": "AB"}, {"letter": "\0"}):
        assert len(printed(directory(**odd))) == 3
    page = directory(country="KE").content.decode()
    assert '<option value="KE" selected>Kenya (2)</option>' in page
    assert '<option value="UG">Uganda (1)</option>' in page
    assert "country=KE&amp;letter=B" in page


def test_there_is_a_button_for_each_letter_that_begins_a_name_in_the_order_of_the_list():
    names = ["Žižek Society", "Zebra", "Øre", "The Forum", "350 Now", "Ёлка", "أطفال", "آمال", "مركز", "藏人行政中央",
             "東京フォーラム", "カリタス", "한국", "שלום", "Ελλάς"]  # fmt: skip
    for name in names:
        listed(name)
    page = directory()
    letters = letters_on(page)
    assert letters == ["0–9", "F", "O", "Z", "Ε", "Е", "ש", "ا", "م", "Hangul", "Japanese syllabaries", "Han"]
    assert printed(directory(letter="Hani")) == ["東京フォーラム", "藏人行政中央"]
    assert printed(directory(letter="ا")) == ["آمال", "أطفال"]
    assert printed(directory(letter="0")) == ["350 Now"]
    found = [name for link in links_of(page) if "letter=" in link for name in printed(Client().get(DIRECTORY + link))]
    assert found == printed(page), "each name stands under one letter, and they follow each other"
    assert "谚文" in letters_on(directory("zh-hans"))


def test_pages_of_a_hundred_keep_what_was_asked_for():
    for number in range(101):
        listed(f"Basin Union {number:03}")
    listed("Amani Water Trust")
    page = directory(letter="B")
    assert len(printed(page)) == 100
    assert "?letter=B&page=2" in links_of(page)
    assert printed(Client().get(f"{DIRECTORY}?letter=B&page=2")) == ["Basin Union 100"]
    assert len(printed(directory(page="2"))) == 2


def test_nothing_of_whoever_is_not_public_is_in_a_figure_a_choice_or_an_order():
    shown = listed("Basin Union", country="KE")
    an_endorsement(a_letter(), shown)

    def world() -> list[bytes]:
        queries = ("", "?q=hidden", "?q=h", "?country=BT", "?letter=H", "?q=hidden.example", "?q=hiden%20cricle")
        return [Client().get(f"/{language}/organisations/{query}").content
                for language in ("en", "ar") for query in queries]  # fmt: skip

    before = world()
    embargoed = a_letter(public_from=timezone.now() + timedelta(hours=1))
    for number, hide in enumerate(("counted", "country", "confidential")):
        hidden = an_organisation(f"Hidden Circle {number}", country="BT", website="https://hidden.example")
        an_endorsement(a_letter(), hidden, visibility=hide)
        an_endorsement(embargoed, hidden)
    an_endorsement(embargoed, shown)
    an_endorsement(a_letter(), shown, visibility="confidential")
    listed("Hidden at Risk", country="BT", at_risk=True)
    vetting.suspend(listed("Hidden Suspended", country="BT"), by=None, note="Why.")
    vetting.register(name="Hidden Provisional", country="BT")
    assert world() == before


def test_a_name_that_is_lowered_leaves_the_directory_and_its_figures_at_once():
    stays, goes = an_organisation("Basin Union"), an_organisation("Mid Forum", country="UG")
    letter = a_letter()
    an_endorsement(letter, stays)
    lowered = an_endorsement(letter, goes)
    assert letters_on(directory()) == ["B", "M"]
    endorsing.lower(lowered, visibility="counted")
    assert letters_on(directory()) == ["B"]
    assert "Uganda" not in text_of(directory())


def test_the_directory_is_kept_plain_and_made_anew_when_asked_something(django_assert_num_queries):
    organisation = an_organisation("Basin Union")
    an_endorsement(a_letter(), organisation)
    first = directory()
    assert Client().get(DIRECTORY, headers={"If-None-Match": first["ETag"]}).status_code == 304
    an_endorsement(a_letter(), organisation)
    assert Client().get(DIRECTORY, headers={"If-None-Match": first["ETag"]}).status_code == 200
    assert "2 letters signed" in text_of(directory())


@pytest.mark.slow
def test_a_roll_that_was_kept_names_nobody_who_is_hidden_renamed_or_new():
    one = an_organisation("Amani Water Trust", is_listed=True, country="KE")
    other = an_organisation("Mawingu Forum", is_listed=True, country="KE")
    assert "Amani Water Trust" in text_of(directory())
    vetting.describe(one, at_risk=True, by=None)
    assert "Amani" not in text_of(directory())
    assert "Amani" not in text_of(directory(letter="A"))
    vetting.describe(one, at_risk=False, by=None)
    assert "Amani Water Trust" in text_of(directory(letter="A"))
    vetting.correct_name(one, name=one.names.get().pk, text="Zuri Water Trust", kind="official", by=None)
    page = text_of(directory())
    assert page.index("Mawingu Forum") < page.index("Zuri Water Trust")
    vetting.suspend(other, note="Look again", by=None)
    vetting.describe(one, country="UG", by=None)
    assert "Mawingu" not in text_of(directory())
    assert "Zuri" in text_of(directory(country="UG"))
    assert "Zuri" not in text_of(directory(country="KE"))


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    for number in range(3):
        an_endorsement(a_letter(), an_organisation(f"Union {number}"))
    for number in (0, 90):
        organisations = Organisation.objects.bulk_create(
            Organisation(slug=f"bulk-{index}", country="KE", standing="verified", is_listed=True)
            for index in range(number)
        )
        OrganisationName.objects.bulk_create(
            vetting.name_row(one, f"Bulk Union {index}", is_main=True) for index, one in enumerate(organisations)
        )
        with django_assert_num_queries(4):  # whether the roll still holds, the roll, which, the site
            assert directory().status_code == 200
        with django_assert_num_queries(4):  # the roll is kept; which are spelt like that
            assert directory(q="union").status_code == 200


# One organisation


def test_its_page_shows_all_that_is_public_of_it():
    forum = listed("Forum Mawingu", acronym="MWF", website="https://mawingu.org", country="KE")
    vetting.name_row(forum, "Forum des nuages", language="fr", kind="translation").save()
    vetting.name_row(forum, "Cloud Club", language="en", kind="former").save()
    about = {"scope": "national", "kind": "charity", "about": "Works on <clouds>.", "ecosoc_status": "special"}
    Organisation.objects.filter(pk=forum.pk).update(ecosoc_since=2011, revision=1, **about)
    page = Client().get(forum.get_absolute_url())
    text = text_of(page)
    for words in (
        "MWF acronym",
        "Forum des nuages translation · French",
        "Cloud Club former name · English",
        "Country Kenya",
        "Website https://mawingu.org",
        "Scope national",
        "Kind charity",
        "Works on <clouds>.",
        "Consultative status with ECOSOC special, since 2011",
    ):
        assert words in text
    assert '<a href="https://mawingu.org" rel="nofollow noopener"><bdi dir="ltr">' in page.content.decode()
    assert '<meta name="robots" content="noindex">' in page.content.decode(), "it has not signed"
    assert "٢٠١١" in text_of(Client().get(forum.get_absolute_url().replace("/en/", "/ar/")))


def test_its_page_shows_the_public_letters_it_signed_by_name_with_their_dates_and_its_part(django_assert_num_queries):
    forum = an_organisation("Forum Mawingu")
    for title, fields in (
        ("Keep rain data public", {}),
        ("Old wells", {"state": "recorded", "dated_on": "2019-05-06"}),
        ("Closed wells", {"state": "draft"}),
        ("Later", {"public_from": timezone.now() + timedelta(hours=1)}),
        ("In silence", {}),
    ):
        visibility = "counted" if title == "In silence" else "named"
        letter = a_letter(title=title, **{**fields, "state": "open" if title != "Closed wells" else "draft"})
        if title != "Closed wells":
            an_endorsement(letter, forum, visibility=visibility)
    Endorsement.objects.filter(letter__versions__texts__title="Old wells").update(tier="convener", order=1)
    with django_assert_num_queries(8):  # itself, its part, letters, addressees, networks, members, the site, its names
        page = Client().get(forum.get_absolute_url())
    text = text_of(page)
    assert "Letters signed 2" in text
    assert "Old wells 6 May 2019 · convened this letter" in text
    assert "Keep rain data public" in text
    for hidden in ("Closed wells", "Later", "In silence"):
        assert hidden not in text
    assert "noindex" not in page.content.decode()


def test_a_word_that_only_a_hidden_name_has_is_like_any_other_slip():
    with together():
        common = [vetting.register(name=f"Water Forum {chr(0x3041 + number)}") for number in range(60)]
        common += [vetting.register(name=f"{chr(0x3041 + number)} Water Forum") for number in range(60)]
    Organisation.objects.filter(pk__in=[one.pk for one in common]).update(standing="verified", is_listed=True)
    listed("Mawingu Water Forum")
    before = printed(directory(q="mawungu water forum"))
    assert "Mawingu Water Forum" in before
    an_organisation("Mawungu", at_risk=True, is_listed=True)
    an_endorsement(a_letter(), an_organisation("Mawungu Network"), visibility="confidential")
    assert printed(directory(q="mawungu water forum")) == before


# In the reader's language


def called(name: str, **translations: str) -> Organisation:
    organisation = listed(name)
    for language, text in translations.items():
        vetting.add_name(organisation, text=text, kind="translation", language=language.replace("_", "-"), by=None)
    return organisation


def test_each_is_called_and_stands_by_its_name_in_the_readers_language():
    called("Water Forum", fr="Forum de l’eau", ar="منتدى المياه")
    called("藏人行政中央", en="Central Tibetan Administration", fr="Administration centrale tibétaine")
    called("Émile Circle", pt_BR="Círculo Emílio")
    assert printed(directory()) == ["Central Tibetan Administration", "Émile Circle", "Water Forum"]
    assert letters_on(directory()) == ["C", "E", "W"]
    assert printed(directory("fr")) == ["Administration centrale tibétaine", "Émile Circle", "Forum de l’eau"]
    assert letters_on(directory("fr")) == ["A", "E", "F"]
    assert printed(directory("fr", letter="F")) == ["Forum de l’eau"]
    assert printed(directory("fr", letter="W")) == []
    assert printed(directory("ar")) == ["Émile Circle", "منتدى المياه", "藏人行政中央"]
    assert printed(directory("fr", q="water")) == ["Forum de l’eau"]
    assert printed(directory("fr", q="Watr Forum")) == ["Forum de l’eau"]
    page = directory("ar").content.decode()
    assert '<bdi lang="ar" dir="rtl">منتدى المياه</bdi>' in page
    assert "<bdi>Émile Circle</bdi>" in page


def test_chinese_that_names_no_script_is_read_as_simplified():
    called("Water Forum", zh="水论坛")
    called("Lake Watch", zh_Hant="湖泊觀察")
    assert printed(directory("zh-hans")) == ["Lake Watch", "水论坛"]


def test_the_main_name_in_the_language_comes_before_a_translation():
    organisation = listed("Water Forum", language="en")
    vetting.add_name(organisation, text="The Water Forum of Kenya", kind="translation", language="en-GB", by=None)
    assert printed(directory()) == ["Water Forum"]


def test_its_page_says_all_its_names_each_in_its_language():
    forum = called("منتدى المياه", en="Water Forum", he="פורום המים")
    vetting.add_name(forum, text="WF", kind="acronym", language="en", by=None)
    vetting.add_name(forum, text="Old Water Forum", kind="former", by=None)
    page = Client().get(forum.get_absolute_url())
    assert '<h1><bdi lang="en" dir="ltr">Water Forum</bdi></h1>' in page.content.decode()
    assert '<bdi lang="he" dir="rtl">פורום המים</bdi>' in page.content.decode()
    assert "منتدى المياه main name" in text_of(page)
    for words in ("WF acronym · English", "פורום המים translation · Hebrew", "Old Water Forum former name"):
        assert words in text_of(page)
    in_french = Client().get(f"/fr/organisations/{forum.slug}/")
    assert "<h1><bdi>منتدى المياه</bdi></h1>" in in_french.content.decode()
    assert "Water Forum translation · anglais" in text_of(in_french).replace("traduction", "translation")


def test_networks_and_members_are_called_so_too():
    network, member = called("Water Network", fr="Réseau de l’eau"), called("Lake Watch", fr="Vigie du lac")
    vetting.join(member, by=None, network=network)
    assert "Réseau de l’eau" in text_of(Client().get(f"/fr/organisations/{member.slug}/"))
    assert "Vigie du lac" in text_of(Client().get(f"/fr/organisations/{network.slug}/"))
    vetting.correct_name(
        member, name=member.names.get(language="fr").pk, text="La vigie", kind="translation", language="fr", by=None
    )
    assert "La vigie" in text_of(Client().get(f"/fr/organisations/{network.slug}/"))


def test_a_letter_keeps_the_name_that_it_printed():
    forum = called("Water Forum", fr="Forum de l’eau")
    letter = an_endorsement(a_letter(), forum).letter
    for language in ("en", "fr"):
        assert "Water Forum" in text_of(Client().get(f"/{language}/letters/{letter.slug}/"))


def test_names_in_a_language_cost_no_query_more(django_assert_max_num_queries):
    for number in range(20):
        called(f"Forum {number}", fr=f"Réunion {number}")
    with django_assert_max_num_queries(8):
        assert len(printed(directory("fr"))) == 20
