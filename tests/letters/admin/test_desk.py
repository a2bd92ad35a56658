"""What every page of the desk keeps."""

from __future__ import annotations

import re

import pytest

from letters.admin.endorsements import EndorsementAdmin
from tests.factories import UserFactory, an_endorsement, an_organisation
from tests.letters.admin.steps import LETTERS, QUEUE, as_, page_of, tick
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def desk_pages(letter) -> list[str]:
    endorsement = letter.endorsements.first()
    return [
        *("/admin/", QUEUE, f"{QUEUE}?queue=all&ticked=1&q=x", page_of(endorsement), f"{QUEUE}record/{letter.pk}/"),
        *(f"{QUEUE}{endorsement.pk}/step/{verb}/" for verb in EndorsementAdmin.verbs),
        *(LETTERS, f"{LETTERS}{letter.pk}/change/", f"{LETTERS}{letter.pk}/step/close/"),
        *("/admin/letters/letterrole/", "/admin/letters/letterrole/add/", f"{QUEUE}record/"),
    ]


def test_no_page_needs_an_inline_style_or_script(letter):
    administrator = as_(UserFactory(administrator=True))
    rows = [an_endorsement(letter, state="confirmed", signals=("fast",)) for _ in range(2)]
    answers = [administrator.get(address, follow=True) for address in desk_pages(letter)]
    answers.append(tick(administrator, "reject", *rows))
    for answer in answers:
        page = answer.content.decode()
        assert answer.status_code == 200, answer.request["PATH_INFO"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", page), answer.request
        assert "desk.css" in page


def test_strangers_are_sent_to_the_sign_in_and_others_get_nothing(client, letter):
    an_endorsement(letter, an_organisation("Mawingu"), state="confirmed")
    for address in desk_pages(letter):
        assert "/admin/login/" in client.get(address)["Location"]
    client.force_login(UserFactory())
    for address in desk_pages(letter):
        assert "Mawingu" not in text_of(client.get(address, follow=True))


def test_no_cache_keeps_a_page_of_the_desk(desk, letter):
    assert "no-store" in desk.get(QUEUE)["Cache-Control"]
