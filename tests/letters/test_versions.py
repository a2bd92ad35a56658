"""The page of versions: each sealed text, its digest and file, and what changed, readable without colours."""

from __future__ import annotations

import hashlib
import random
import re
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from letters import amending, differences, lifecycle
from letters.differences import Kind
from letters.models import Letter, Text
from tests.factories import a_letter, an_endorsement
from tests.letters.test_amending import an_amendment
from tests.reading import links_of, text_of


def a_text(body: str, **fields: object) -> Text:
    return Text(**{"language": "en", "title": "Rivers", "body": body} | fields)


def pieces(old: str, new: str) -> list[tuple[str, str]]:
    found = differences.between(a_text(old), a_text(new))
    return [(piece.kind.value, piece.text) for paragraph in found.changed for piece in paragraph.pieces]


# What changed between two texts


def test_words_that_changed_stand_inside_their_paragraph():
    assert pieces("We live with the rivers.\n\nWe ask.", "We live beside the rivers.\n\nWe ask.") == [
        ("same", "We live"),
        ("same", " "),
        ("removed", "with"),
        ("added", "beside"),
        ("same", " the rivers."),
    ]


def test_a_paragraph_that_moved_in_between_leaves_its_neighbours_alone():
    found = differences.between(a_text("One stays.\n\nTwo stays."), a_text("One stays.\n\nNew here.\n\nTwo stays."))
    assert [paragraph.kind for paragraph in found.paragraphs] == ["same", "same", "added", "same"]


def test_entries_of_a_list_are_compared_one_by_one():
    found = differences.between(a_text("We ask:\n- water\n- air"), a_text("We ask:\n- water\n- land\n- air"))
    assert [paragraph.kind for paragraph in found.changed] == [Kind.ADDED]


def test_demands_and_all_other_parts_are_compared():
    old = a_text("Body.", summary="A", salutation="B", demands=["C", "D"], closing="E")
    new = a_text("Body.", summary="F", salutation="G", demands=["C", "H"], closing="I", title="Seas")
    assert len(differences.between(old, new).changed) == 10  # none alike, so each went and another came
    assert differences.between(old, old).is_none


def test_scripts_without_spaces_are_compared_by_character():
    assert pieces("我们要求公开河流数据。", "我们要求公开所有河流数据。") == [
        ("same", "我们要求公开"),
        ("added", "所有"),
        ("same", "河流数据。"),
    ]
    assert ("removed", "الأنهار") in pieces("نطالب بنشر بيانات الأنهار اليوم.", "نطالب بنشر بيانات البحار اليوم.")


words = st.lists(st.sampled_from(["a", "b", "cd", "e.", "f,", "(g)", "\n\n", "- ", "的", " "]), max_size=30)


@given(words, words)
def test_both_texts_can_be_read_off_the_difference(old, new):
    before, after = a_text(" ".join(old)), a_text(" ".join(new))
    found = differences.between(before, after)

    def side(left_out: Kind) -> str:
        kept = [piece.text for p in found.paragraphs for piece in p.pieces if piece.kind is not left_out]
        return "".join("".join(kept).split())

    def plain(text: Text) -> str:
        return "".join((text.title + text.body).split())

    assert side(Kind.ADDED) == plain(before)
    assert side(Kind.REMOVED) == plain(after)


def _long_texts() -> list[tuple[str, str]]:
    numbers = random.Random(4)  # noqa: S311  no secret
    vocabulary = [f"word{n}" for n in range(4000)]
    usual = [1 / (n + 1) for n in range(4000)]
    paragraphs = [" ".join(numbers.choices(vocabulary, usual, k=85)) for _ in range(100)]
    edited = [" ".join(w if numbers.random() > 0.1 else "new" for w in p.split()) for p in paragraphs]
    few = ["\n\n".join(numbers.choices("abcdefghij", k=20_000)) for _ in range(2)]
    return [
        ("\n\n".join(paragraphs), "\n\n".join(edited)),
        (" ".join(paragraphs), " ".join(edited)),
        ("a " * 30_000, "b " + "a " * 29_990 + "c"),
        (few[0], few[1]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("old_and_new", _long_texts(), ids=["edited", "one paragraph", "one word", "tiny paragraphs"])
def test_sixty_thousand_characters_take_less_than_a_second(old_and_new):
    old, new = old_and_new
    began = time.process_time()
    assert not differences.between(a_text(old), a_text(new)).is_none
    assert time.process_time() - began < 1


# The page


pytest_db = pytest.mark.django_db


def versions_of(letter: Letter, query: str = "") -> str:
    return f"{letter.get_absolute_url()}versions/{query}"


@pytest_db
def test_every_sealed_version_stands_there_newest_first_with_its_digest():
    letter = a_letter(texts={"fr": "Des données publiques"})
    second = an_amendment(letter, change="typo")
    amending.prepare(letter, by=None)
    Text.objects.filter(version=letter.draft).update(title="Not sealed yet")
    page = Client().get(versions_of(letter))
    words = text_of(page)
    assert words.index("Version 2") < words.index("Version 1")
    assert "correction of a slip" in words
    assert "All data is meant." in words
    assert "Not sealed yet" not in words
    assert "Version 3" not in words
    for version in letter.versions.filter(sealed_at__isnull=False):
        assert str(version.digest) in words
    assert f"/letters/{letter.slug}/versions/2.json" in links_of(page)
    assert "?version=1&text=fr" in links_of(page)
    assert second.number == 2


@pytest_db
def test_the_file_has_exactly_the_digest():
    letter = a_letter()
    version = an_amendment(letter)
    path = f"/letters/{letter.slug}/versions/2.json"
    answer = Client().get(path)
    assert hashlib.sha256(answer.content).hexdigest() == version.digest
    assert answer["Content-Type"] == "application/json"
    assert "Cookie" not in answer.get("Vary", "")
    assert Client().get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    amending.prepare(letter, by=None)
    for number in (0, 3, 10**30):
        assert Client().get(f"/letters/{letter.slug}/versions/{number}.json").status_code == 404


@pytest_db
def test_an_old_text_can_still_be_read_in_full():
    letter = a_letter(texts={"fr": "Des données publiques"})
    an_amendment(letter, title="Every river")
    assert "Keep river data public" in text_of(Client().get(versions_of(letter, "?version=1")))
    assert "Des données publiques" in text_of(Client().get(versions_of(letter, "?version=1&text=fr")))


@pytest_db
def test_what_changed_is_marked_for_eyes_and_ears():
    letter = a_letter()
    an_amendment(letter, body="We live beside the rivers.\n\nWe ask to be told.")
    page = Client().get(versions_of(letter, "?from=1&to=2"))
    assert re.search(r"<del><span[^>]*>removed: </span>with<", page.content.decode())
    assert re.search(r"<ins><span[^>]*>added: </span>beside<", page.content.decode())
    back = Client().get(versions_of(letter, "?from=2&to=1"))
    assert re.search(r"<ins><span[^>]*>added: </span>with<", back.content.decode())
    assert "no word differs" in text_of(Client().get(versions_of(letter, "?from=2&to=2")))


@pytest_db
def test_a_language_that_only_one_version_has_is_said_so():
    letter = a_letter()
    amending.prepare(letter, by=None)
    Text.objects.create(
        version=letter.draft, language="fr", title="Des données", body="Nous vivons.", demands=["Publiez."]
    )
    amending.amend(letter, by=None, change="typo", note="In French too.")
    assert "Version 1 has no text in this language: français" in text_of(
        Client().get(versions_of(letter, "?from=1&to=2&text=fr"))
    )
    assert "Version 1 has no text" in text_of(Client().get(versions_of(letter, "?from=2&to=1&text=fr")))
    assert "?from=1&to=2&text=fr" in links_of(Client().get(versions_of(letter, "?from=1&to=2")))
    assert Client().get(versions_of(letter, "?version=1&text=fr")).status_code == 404


@pytest_db
@pytest.mark.parametrize(
    "query",
    [
        *("?version=3", "?version=x", "?version=٢", "?version=01", f"?version={'9' * 50}", "?version=1&text=xx"),
        *("?from=1", "?to=2", "?from=1&to=9", "?from=-1&to=2", "?version=1&from=1&to=2", "?from=1&to=2&text=%00"),
    ],
)
def test_what_is_not_there_is_not_found(query):
    letter = a_letter()
    an_amendment(letter)
    assert Client().get(versions_of(letter, query)).status_code == 404


@pytest_db
def test_empty_questions_show_the_list():
    letter = a_letter()
    plain = Client().get(versions_of(letter))
    for query in ("?version=", "?from=&to=", "?text=xx", "?other=1"):
        assert Client().get(versions_of(letter, query))["ETag"] == plain["ETag"]


@pytest_db
def test_the_page_is_made_anew_when_the_letter_changes_and_not_before():
    letter = a_letter()
    page = Client().get(versions_of(letter))
    known = {"If-None-Match": page["ETag"]}
    assert Client().get(versions_of(letter), headers=known).status_code == 304
    an_amendment(letter)
    assert Client().get(versions_of(letter), headers=known).status_code == 200
    assert "public" in page["Cache-Control"]
    assert not page.cookies


@pytest_db
def test_the_page_costs_the_same_however_many_versions_and_names_there_are():
    letter = a_letter(texts={"fr": "Des données publiques"})
    an_amendment(letter, change="typo", title="First")

    def asked(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(versions_of(letter, query)).status_code == 200
        return len(queries)

    before = asked(""), asked("?from=1&to=2"), asked("?version=1")
    for title in ("Second", "Third", "Fourth"):
        an_amendment(letter, change="typo", title=title)
        an_endorsement(letter)
    after = asked(""), asked("?from=1&to=2"), asked("?version=1")
    assert before == after
    assert max(after) <= 6


@pytest_db
def test_versions_of_what_is_not_public_do_not_exist():
    now = timezone.now()
    taken_down = a_letter()
    lifecycle.take_down(taken_down, by=None, note="Why.")
    hidden = [
        a_letter(state="draft"),
        a_letter(audience="team"),
        a_letter(public_from=now + timedelta(hours=1)),
        taken_down,
    ]
    for letter in hidden:
        assert Client().get(versions_of(letter)).status_code == 404
        assert Client().get(f"/letters/{letter.slug}/versions/1.json").status_code == 404


@pytest_db
@pytest.mark.parametrize("ui", ["fr", "es", "ar", "zh-hans", "ru"])
def test_the_page_stands_in_every_language(ui):
    letter = a_letter(texts={"ar": "بيانات الأنهار"})
    an_amendment(letter, title="بيانات كل الأنهار")
    page = Client().get(f"/{ui}/letters/{letter.slug}/versions/?from=1&to=2&text=ar")
    assert page.status_code == 200
    assert re.search(r'class="prose changes" lang="ar" dir="rtl"', page.content.decode())
