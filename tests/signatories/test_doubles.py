"""Likely doubles: found among what came or changed, shown the likeliest first, gone when they are decided."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from letters.models import LetterRole
from signatories import doubles, merging, vetting
from signatories.models import Likeness
from signatories.tasks import compare_changed, look_for_doubles
from tests.factories import UserFactory, a_letter, a_moderator, an_organisation
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

DOUBLES = "/admin/signatories/organisation/doubles/"


@pytest.fixture
def keeper():
    return a_moderator(a_letter(title="Another letter"), name="Chiara")


@pytest.fixture
def desk(client, keeper) -> Client:
    client.force_login(keeper)
    return client


@pytest.fixture
def two():
    return an_organisation("Amani Water Trust"), an_organisation("The Amani Water Trust, e.V.", verified=False)


def compare() -> None:
    while doubles.compare_some():
        pass


def pairs() -> list[tuple[int, int]]:
    return list(Likeness.objects.open().values_list("one", "other"))


def test_two_entries_of_nearly_one_name_are_a_pair_and_others_are_not(two):
    one, other = two
    an_organisation("Mawingu Forum")
    compare()
    assert pairs() == [(one.pk, other.pk)]
    assert "same country" in Likeness.objects.get().reasons


def test_one_domain_makes_a_pair_whatever_the_names():
    one = an_organisation("Amani Water Trust", website="https://amani.example.org")
    other = an_organisation("Mawingu Forum", website="https://www.amani.example.org/forum")
    compare()
    assert pairs() == [(one.pk, other.pk)]
    assert "same domain" in Likeness.objects.get().reasons


def test_only_what_came_or_changed_is_compared(two):
    compare()
    assert not doubles.compare_some()
    with CaptureQueriesContext(connection) as queries:
        doubles.compare_some()
    assert len(queries) == 1


def test_a_name_that_changes_takes_the_pair_away_and_brings_another(two):
    _one, other = two
    third = an_organisation("Mawingu Forum")
    compare()
    name = other.names.get(is_main=True)
    vetting.correct_name(other, name=name.pk, text="The Mawingu Forum", kind="official", by=None)
    compare()
    assert pairs() == [(other.pk, third.pk)]


def test_the_page_shows_both_with_reasons_and_the_ways_to_decide(desk, two):
    one, other = two
    compare()
    page = desk.get(DOUBLES)
    assert "Amani Water Trust Kenya · verified The Amani Water Trust, e.V. Kenya · provisional" in text_of(page)
    assert "Probably the same: name" in text_of(page)
    assert f"/admin/signatories/organisation/{one.pk}/merge/{other.pk}/" in links_of(page)
    assert DOUBLES in links_of(desk.get("/admin/signatories/organisation/"))


def test_the_verified_one_stays_though_it_came_later(desk):
    late = an_organisation("Amani Water Trust", verified=False), an_organisation("The Amani Water Trust")
    compare()
    assert f"/admin/signatories/organisation/{late[1].pk}/merge/{late[0].pk}/" in links_of(desk.get(DOUBLES))


def test_said_to_be_different_they_are_gone_and_come_back_when_that_is_taken_back(desk, keeper, two):
    one, other = two
    compare()
    said = {"action": "different", "from": "doubles"}
    answer = desk.post(f"/admin/signatories/organisation/{one.pk}/merge/{other.pk}/", said, follow=True)
    assert answer.request["PATH_INFO"] == DOUBLES
    assert "Remembered: The Amani Water Trust, e.V. and Amani Water Trust are two organisations." in text_of(answer)
    assert "No two entries are like each other" in text_of(answer)
    compare()
    assert not pairs()
    merging.take_difference_back(one, other, by=keeper, at=timezone.now())
    assert pairs() == [(one.pk, other.pk)]


def test_merged_they_are_gone_and_come_back_when_the_merge_is_undone(keeper, two):
    one, other = two
    compare()
    merge = merging.merge(one, other, by=keeper, at=timezone.now())
    assert not pairs()
    compare()
    assert not Likeness.objects.exists()
    merging.undo(merge, by=keeper, at=timezone.now())
    compare()
    assert pairs() == [(one.pk, other.pk)]


def test_what_was_told_apart_before_a_merge_stays_apart_from_the_survivor(keeper, two):
    one, other = two
    third = an_organisation("Amani Water Trust e.V.")
    merging.declare_different(one, third, by=keeper, at=timezone.now())
    merging.declare_different(other, third, by=keeper, at=timezone.now())
    merging.merge(third, an_organisation("Amani Trust of Water"), by=keeper, at=timezone.now())
    compare()
    assert pairs() == [(one.pk, other.pk)]


def test_the_job_goes_on_by_parts_until_all_is_compared(two, monkeypatch):
    monkeypatch.setattr(doubles, "CHUNK", 1)
    look_for_doubles.func(0)
    waiting = ProcrastinateJob.objects.filter(task_name="signatories.tasks.compare_changed", status="todo")
    assert waiting.count() == 1
    compare_changed.func()
    compare_changed.func()
    assert waiting.count() == 1
    assert len(pairs()) == 1


def test_only_who_keeps_the_register(client):
    observer = UserFactory(is_staff=True)
    a_letter().roles.create(user=observer, role=LetterRole.Role.OBSERVER)
    client.force_login(observer)
    assert client.get(DOUBLES).status_code == 403
    assert client.post(DOUBLES).status_code == 403


@pytest.mark.parametrize("page", ["2", "x", "-1"])
def test_a_page_that_there_is_not_shows_one_that_there_is(desk, two, page):
    compare()
    assert "Probably the same" in text_of(desk.get(DOUBLES, {"page": page}))


def test_the_number_of_queries_does_not_grow(desk, two):
    def number_of_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(DOUBLES)
        return len(queries)

    compare()
    number_of_queries()
    before = number_of_queries()
    an_organisation("Amani Water Trust")
    compare()
    assert len(pairs()) > 1
    assert number_of_queries() == before
