"""A moderator merges two entries of the register and takes it back, in a real browser, with JavaScript and without."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from letters.models import Endorsement
from tests.factories import PASSWORD, a_letter, a_moderator, an_endorsement, an_organisation


def test_two_entries_are_merged_and_parted_again(visitor: Page):
    page = visitor
    kept = an_organisation("Mawingu Forum", country="KE", website="https://mawingu.example")
    gone = an_organisation("Mawingu Water Forum", country="UG", acronym="MWF")
    letter = a_letter()
    mine, theirs = an_endorsement(letter, kept), an_endorsement(letter, gone)
    page.goto("/admin/")
    page.get_by_label("Email address").fill(a_moderator(letter).email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.goto(f"/admin/signatories/organisation/{kept.pk}/change/")
    page.get_by_role("link", name="Merge with another entry").click()
    page.get_by_role("link", name="Mawingu Water Forum").click()
    expect(page.get_by_text("1 letter carries both")).to_be_visible()
    page.get_by_label("Uganda").check()
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("Merged: Mawingu Water Forum into Mawingu Forum.")).to_be_visible()
    kept.refresh_from_db()
    assert kept.country == "UG"
    assert Endorsement.objects.get(pk=theirs.pk).status == "folded"

    page.goto(gone.get_absolute_url())
    expect(page).to_have_url(kept.get_absolute_url())
    page.goto(f"/admin/signatories/organisation/{kept.pk}/change/")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Mawingu Water Forum is an entry again.")).to_be_visible()
    assert {Endorsement.objects.get(pk=row.pk).status for row in (mine, theirs)} == {"approved"}
    page.goto(gone.get_absolute_url())
    expect(page.get_by_role("heading", name="Mawingu Water Forum")).to_be_visible()
