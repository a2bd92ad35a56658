"""Public pages: what they show and to whom, what they cost, and that nothing hidden can be read off them."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from letters import counting, endorsing, lifecycle
from letters.models import Endorsement, Letter, LetterRole
from signatories import vetting
from tests.factories import NOON, UserFactory, a_letter, an_endorsement, an_organisation
from tests.letters.test_amending import an_amendment
from tests.reading import count_on, links_of, text_of

pytestmark = pytest.mark.django_db


# Who sees which letter


def test_the_public_sees_public_letters_that_are_not_under_embargo():
    now = timezone.now()
    seen = {a_letter(state=state) for state in ("open", "closed", "recorded")}
    for state in ("draft", "discarded", "taken_down"):
        a_letter(state=state)
    a_letter(audience="team")
    a_letter(audience="invited")
    a_letter(public_from=now + timedelta(seconds=1))
    assert set(Letter.objects.visible_to(None, now)) == seen


def test_accounts_see_the_letters_they_hold_a_role_on():
    now = timezone.now()
    draft, other = a_letter(state="draft"), a_letter(state="draft")
    observer = UserFactory(staff=True)
    LetterRole.objects.create(user=observer, letter=draft, role="observer")
    assert set(Letter.objects.visible_to(observer, now)) == {draft}
    assert set(Letter.objects.visible_to(UserFactory(administrator=True), now)) == {draft, other}
    observer.is_active = False
    assert not Letter.objects.visible_to(observer, now).exists()


def test_the_page_of_a_superseded_letter_points_on_from_the_instant_at_which_the_newer_one_is_public():
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False) as clock:
        older = a_letter()
        newer = a_letter(title="The Newer Wells", supersedes=older, public_from=NOON)
        assert "The Newer Wells" not in text_of(Client().get(older.get_absolute_url()))
        clock.shift(timedelta(seconds=2))
        page = Client().get(older.get_absolute_url())
        assert newer.get_absolute_url() in links_of(page)
        assert "Another letter takes its place: The Newer Wells" in text_of(page).partition("Dear Chair,")[0]
        lifecycle.take_down(newer, by=None, note="For their safety.")
        assert "The Newer Wells" not in text_of(Client().get(older.get_absolute_url()))


def test_a_letter_that_changed_in_substance_says_until_when_those_who_signed_are_asked_again():
    with time_machine.travel(NOON, tick=False) as clock:
        letter = a_letter()
        for name in ("Wells Union", "Springs Union"):
            an_endorsement(letter, an_organisation(name))
        pages = [letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/"]
        asked = "changed in substance. Those who signed the text before are asked again until"
        assert not any(asked in text_of(Client().get(page)) for page in pages)
        an_amendment(letter)
        for page in map(Client().get, pages):
            assert f"{asked} Tuesday 1 December 2026, 12:00 UTC" in text_of(page)
            assert "Union" not in text_of(page), "not whom"
        assert "No organisation has signed the present text yet." in text_of(Client().get(pages[0]))
        assert "Be the first" not in text_of(Client().get(pages[0]))
        endorsing.reconsent(letter.endorsements.earliest("pk"), version=2)
        assert asked in text_of(Client().get(pages[0])), "some have agreed, others may still"
        kept = [Client().get(page)["ETag"] for page in pages]
        clock.shift(timedelta(days=7))
        for page, etag in zip(pages, kept, strict=True):
            answer = Client().get(page, headers={"If-None-Match": etag})
            assert answer.status_code == 200, "what was kept is not good any more"
            assert asked not in text_of(answer)


def test_late_signatures_are_taken_also_after_a_closing_before_the_deadline():
    letter = a_letter(late_until=timezone.now() + timedelta(days=20))
    lifecycle.close(letter, by=None)
    assert "Signing has ended. Late signatures are taken until" in text_of(Client().get(letter.get_absolute_url()))


def test_the_embargo_lifts_for_every_page_in_the_same_second_without_a_job():
    letter = a_letter(title="Embargoed Wells", public_from=NOON, at=NOON - timedelta(days=1))
    organisation = an_organisation("Embargoed Signatory")
    an_endorsement(letter, organisation, at=NOON - timedelta(hours=1))
    paths = [
        letter.get_absolute_url(),
        f"{letter.get_absolute_url()}signatories/",
        f"{letter.get_absolute_url()}sign/",
        f"{letter.get_absolute_url()}in/en/",
        organisation.get_absolute_url(),
    ]
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False):
        assert [Client().get(path).status_code for path in paths] == [404] * 5
        assert "Embargoed" not in text_of(Client().get("/en/"))
        assert "Embargoed" not in text_of(Client().get("/en/organisations/"))
    with time_machine.travel(NOON, tick=False):
        assert [Client().get(path).status_code for path in paths] == [200] * 5
        assert "Embargoed Wells" in text_of(Client().get("/en/"))
        assert "Embargoed Signatory" in text_of(Client().get("/en/organisations/"))


def test_a_hidden_letter_answers_like_one_that_is_not_there():
    hidden = a_letter(state="draft", slug="hidden")
    assert hidden.status == "draft"
    for below in ("", "signatories/", "sign/", "in/en/", "sign/sent/"):
        left, right = (Client().get(f"/en/letters/{slug}/{below}") for slug in ("hidden", "absent"))
        assert (left.status_code, left.content, dict(left.headers)) == (404, right.content, dict(right.headers))


def test_a_letter_taken_down_says_so_and_shows_nothing_of_it():
    letter = a_letter(state="taken_down", title="Secret Title")
    page = Client().get(letter.get_absolute_url())
    assert page.status_code == 410
    assert "Secret Title" not in text_of(page)
    assert Client().get(f"{letter.get_absolute_url()}signatories/").status_code == 404


# How an organisation appears


def test_each_visibility_is_honoured_and_the_figures_agree():
    letter = a_letter()
    for visibility, number in {"named": 3, "country": 2, "counted": 4, "confidential": 5}.items():
        for index in range(number):
            organisation = an_organisation(
                f"Org {visibility} {index}", country="UG" if visibility == "country" else "KE"
            )
            an_endorsement(letter, organisation, visibility=visibility)
    an_endorsement(letter, an_organisation("Org international", country="international"))
    count = counting.count(letter, timezone.now())
    assert (count.organisations, count.named, count.country_only, count.counted_only) == (10, 4, 2, 4)
    assert count.organisations == count.named + count.country_only + count.counted_only
    assert count.by_country == {"KE": 3, "UG": 2, "international": 1}
    assert count.countries == 2
    for path in ("", "signatories/"):
        page = Client().get(letter.get_absolute_url() + path)
        text = text_of(page)
        assert count_on(page) == 10
        assert "2 organisations in Uganda, without their names" in text
        assert "4 organisations more, country not given" in text
        assert "Org named 0" in text
        for withheld in ("Org country", "Org counted", "Org confidential"):
            assert withheld not in text
    assert "10 organisations" in text_of(Client().get("/en/"))


def test_an_approved_withheld_signer_changes_the_total_alone():
    letter = a_letter()
    an_endorsement(letter, an_organisation("Aba"))
    an_endorsement(letter, an_organisation("Zeta"))
    for visibility, difference in (("counted", 1), ("confidential", 0)):
        waiting = an_endorsement(letter, an_organisation("Mid"), state="confirmed", visibility=visibility)
        before = Client().get(f"{letter.get_absolute_url()}signatories/?q=a")
        count = count_on(before)
        endorsing.approve(waiting, by=None)
        after = Client().get(f"{letter.get_absolute_url()}signatories/?q=a")
        assert count_on(after) == count + difference
        assert len(after.content) == len(before.content)
    assert Client().get(waiting.organisation.get_absolute_url()).status_code == 404


def test_confidential_steps_change_no_public_answer_by_a_byte():
    letter = a_letter()
    an_endorsement(letter)
    paths = ["/en/", letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/", "/en/organisations/"]

    def world():
        return [(r.status_code, r.content, dict(r.headers)) for r in map(Client().get, paths)]

    before = world()
    hidden = an_endorsement(letter, an_organisation("Hidden Circle"), visibility="confidential")
    for state in ("submitted", "confirmed", "asked", "held", "rejected", "withdrawn"):
        an_endorsement(letter, state=state)
    endorsing.withdraw(hidden)
    a_letter(state="draft")
    a_letter(audience="team")
    an_organisation("Nobody's Business", at_risk=True, is_listed=True)
    vetting.register(name="Typed by somebody", country="KE")
    assert world() == before


def test_names_are_escaped_and_isolated():
    letter = a_letter()
    an_endorsement(letter, an_organisation('<script>alert(1)</script> & "Co"'))
    body = Client().get(letter.get_absolute_url()).content.decode()
    assert "<script" not in body
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;</bdi>" in body


def test_conveners_come_first_and_then_the_alphabet_without_articles():
    letter = a_letter()
    for name in ("Žižek Society", "The Amani Trust", "Łódź Wells", "Zebra Union", "Bhumi"):
        an_endorsement(letter, an_organisation(name))
    Endorsement.objects.filter(printed_name="Zebra Union").update(tier="convener", order=1)
    lifecycle.revise(letter, lowering=False)
    rows = list(letter.endorsements.listed().values_list("printed_name", flat=True))
    assert rows == ["Zebra Union", "The Amani Trust", "Bhumi", "Łódź Wells", "Žižek Society"]
    text = text_of(Client().get(letter.get_absolute_url()))
    assert (
        text.index("Zebra Union") < text.index("Amani") < text.index("Bhumi") < text.index("Łódź") < text.index("Žižek")
    )


# The list


def test_the_list_is_searched_in_any_spelling_by_country_and_by_page():
    letter = a_letter()
    for name, country in (("Žižek Society", "SI"), ("藏人行政中央", "international"), ("Mawingu – Water", "KE")):
        an_endorsement(letter, an_organisation(name, country=country))
    url = f"{letter.get_absolute_url()}signatories/"
    for query, found in (("zizek", "Žižek"), ("行政", "藏人行政中央"), ("MAWINGU water", "Mawingu")):
        text = text_of(Client().get(url, {"q": query}))
        assert "1 organisation found" in text
        assert found in text
    assert "1 organisation found" in text_of(Client().get(url, {"country": "SI"}))
    assert "0 organisations found" in text_of(Client().get(url, {"q": "nothing like it"}))


@pytest.mark.parametrize(
    "query",
    ["?page=0", "?page=-1", "?page=99999999999", "?page=x", "?page=%00", "?country=%27--", "?order=;", "?q=%00",
     "?q=%ff", "?q=" + "a" * 5000, "?q=%25_", "?page=1&page=2", "?q[]=1", "?text=../../etc", "?q=%F0%9D%95%AF"],
)  # fmt: skip
def test_what_does_not_parse_is_no_accident(query):
    letter = a_letter()
    an_endorsement(letter)
    for path in ("/en/", "/en/organisations/", letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/",
                 f"{letter.get_absolute_url()}sign/"):  # fmt: skip
        assert Client().get(path + query).status_code == 200


# What a page costs


def _signed_by(letter: Letter, number: int) -> None:
    """Many signatories, copies of one that Postgres makes, because here only the reading is measured."""
    first = an_endorsement(letter, an_organisation(f"Bulk Union of {letter.slug}"))
    organisation = first.organisation
    assert organisation is not None
    own = f"AS row, generate_series(1, {number - 1}) AS n WHERE row.id = %s"
    of_the_copies = (
        f"AS row, generate_series(1, {number - 1}) AS n JOIN signatories_organisation AS copy"
        f" ON copy.slug = '{organisation.slug}-' || n WHERE row.id = %s"
    )
    public_id = {"public_id": "substr(md5(row.public_id || n), 1, 16)"}
    sort_key = {"sort_key": "row.sort_key || decode(lpad(to_hex(n), 4, '0'), 'hex')"}
    named = {"organisation_id": "copy.id", "normalised": "row.normalised || ' ' || n", **sort_key}
    _copy(organisation, own, slug="row.slug || '-' || n", **public_id)
    _copy(organisation.names.get(), of_the_copies, text="row.text || ' ' || n", **named)
    _copy(first, of_the_copies, printed_name="row.printed_name || ' ' || n", **public_id, **named)
    lifecycle.revise(letter, lowering=False)


def _copy(row: Model, source: str, **different: str) -> None:
    """Copies a row as often as `source` says; `different` says in SQL what a column of a copy has."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    values = [different.get(column, f'row."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} {source}", [row.pk])


@pytest.mark.slow
def test_the_number_of_queries_is_the_same_for_ten_and_for_ten_thousand(django_assert_num_queries):
    few, many = a_letter(), a_letter()
    _signed_by(few, 10)
    _signed_by(many, 10_000)
    for letter in (few, many):
        with django_assert_num_queries(16):
            assert Client().get(letter.get_absolute_url()).status_code == 200
        with django_assert_num_queries(7):
            assert Client().get(f"{letter.get_absolute_url()}signatories/").status_code == 200
        with django_assert_num_queries(2):  # made already: the letter's revision, and the site's
            assert Client().get(letter.get_absolute_url()).status_code == 200
    with django_assert_num_queries(5):
        assert Client().get("/en/").status_code == 200
    page = Client().get(f"{many.get_absolute_url()}signatories/?page=20")
    assert page.content.decode().count("<li>") > 490


def test_a_page_is_not_sent_twice_to_whoever_has_it():
    letter = a_letter()
    endorsement = an_endorsement(letter)
    for path in (letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/", "/en/", "/en/organisations/",
                 endorsement.organisation.get_absolute_url(), "/en/about/"):  # fmt: skip
        first = Client().get(path)
        assert first["Cache-Control"] == "public, max-age=0, s-maxage=2, stale-while-revalidate=2"
        assert "Cookie" not in first.get("Vary", "")
        assert "Accept-Language" not in first.get("Vary", "")
        again = Client().get(path, headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304
        assert not again.content
    endorsing.lower(endorsement, visibility="counted")
    for path in (letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/"):
        assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_what_is_hidden_is_gone_from_pages_that_were_kept():
    letter = a_letter()
    endorsement = an_endorsement(letter, an_organisation("Frightened Union"))
    paths = [letter.get_absolute_url(), f"{letter.get_absolute_url()}signatories/", "/en/organisations/"]
    for path in paths:
        assert "Frightened" in text_of(Client().get(path))
    endorsing.lower(endorsement, visibility="confidential")
    for path in paths:
        assert "Frightened" not in text_of(Client().get(path))


def test_a_page_is_sent_packed_to_whoever_takes_it():
    letter = a_letter()
    packed = Client().get(letter.get_absolute_url(), headers={"Accept-Encoding": "gzip, br"})
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == Client().get(letter.get_absolute_url()).content


def test_the_last_hours_are_counted():
    letter = a_letter(closes_at=NOON + timedelta(days=5), at=NOON)
    for before, words in ((timedelta(days=3), "3 days left"), (timedelta(hours=5, minutes=59), "5 hours left"),
                          (timedelta(hours=1, minutes=1), "1 hour left")):  # fmt: skip
        with time_machine.travel(letter.closes_at - before, tick=False):
            assert words in text_of(Client().get(letter.get_absolute_url()))
    with time_machine.travel(letter.closes_at, tick=False):
        page = text_of(Client().get(letter.get_absolute_url()))
        assert "Signatures are closed" in page
        assert "left" not in page


def test_a_deadline_is_shown_in_the_zone_of_the_letter_and_in_utc():
    letter = a_letter(closes_at=NOON + timedelta(days=1), time_zone="Asia/Kathmandu", at=NOON)
    with time_machine.travel(NOON, tick=False):
        text = text_of(Client().get(letter.get_absolute_url()))
    assert "Wednesday 25 November 2026, 17:45 Asia/Kathmandu (12:00 UTC)" in text


# Languages


def test_the_root_leads_to_the_language_asked_for():
    for accepted, language in (("fr-CH, fr;q=0.9", "fr"), ("ar", "ar"), ("zh-CN", "zh-hans"), ("tlh", "en")):
        answer = Client().get("/", headers={"Accept-Language": accepted})
        assert answer.status_code == 302
        assert answer["Location"] == f"/{language}/"


def test_a_letter_is_shown_in_the_language_of_the_page_or_in_its_own():
    letter = a_letter(title="Rivers", texts={"ar": "الأنهار", "bo": "གཙང་པོ།"})
    assert "الأنهار" in text_of(Client().get(f"/ar/letters/{letter.slug}/"))
    arabic = Client().get(f"/ar/letters/{letter.slug}/").content.decode()
    assert '<html lang="ar" dir="rtl">' in arabic
    assert "གཙང་པོ།" in text_of(Client().get(f"/en/letters/{letter.slug}/in/bo/"))
    french = Client().get(f"/fr/letters/{letter.slug}/").content.decode()
    assert '<h1 lang="en" dir="ltr">Rivers</h1>' in french
    assert Client().get(f"/en/letters/{letter.slug}/in/de/").status_code == 404


# What is easily said wrongly


def test_a_withheld_organisation_without_a_country_is_not_in_an_empty_one():
    letter = a_letter()
    an_endorsement(letter, an_organisation(country=""), visibility="country")
    text = text_of(Client().get(letter.get_absolute_url()))
    assert "and one organisation more, country not given" in text
    assert "organisation in ," not in text


def test_a_letter_closed_early_says_when_and_not_its_deadline():
    letter = a_letter(closes_at=NOON + timedelta(days=14), at=NOON - timedelta(days=1))
    lifecycle.close(letter, by=None, at=NOON)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        text = text_of(Client().get(letter.get_absolute_url()))
    assert "Closed Tuesday 24 November 2026, 12:00 UTC" in text
    assert "December" not in text


def test_a_letter_taken_down_under_its_embargo_was_never_there():
    letter = a_letter(public_from=NOON, at=NOON - timedelta(days=2))
    lifecycle.take_down(letter, by=None, note="For their safety.", at=NOON - timedelta(days=1))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert Client().get(letter.get_absolute_url()).status_code == 404
