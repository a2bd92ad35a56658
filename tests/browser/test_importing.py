"""A moderator pastes a list, decides line by line, imports it and takes it back, in a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from signatories.models import Import, Organisation
from tests.browser.test_pages import RULES
from tests.factories import PASSWORD, a_letter, a_moderator, an_organisation

SIZES = (1280, 320)


@pytest.mark.parametrize("somebody", ["without JavaScript"], indirect=True)
def test_a_pasted_list_is_decided_imported_and_undone(
    somebody: Callable[[], Page], browser: Browser, run_jobs: Callable[[], None]
):
    page = somebody()
    known = an_organisation("Wells Union", country="KE")
    page.goto("/admin/signatories/organisation/imports/")
    page.get_by_label("Email address").fill(a_moderator(a_letter()).email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    page.get_by_label("Or a list pasted here").fill("Wells Union, Kenya\nForum Mawingu (FM), Kenya\nSignatories:")
    page.get_by_label("Where it came from").fill("Form of 2025")
    page.get_by_role("button", name="Compare with the register").click()
    expect(page.get_by_text("0 of 3 lines are compared.")).to_be_visible()
    run_jobs()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("combobox", name="Wells Union")).to_have_value(str(known.pk))
    _look_at(browser, page)

    expect(page.get_by_role("button", name="Import 2 lines")).not_to_be_visible()
    page.get_by_role("link", name="1 line is to be decided").click()
    page.get_by_role("combobox", name="Signatories").select_option("skip")
    page.get_by_role("button", name="Keep these decisions").first.click()
    page.get_by_role("button", name="Import 2 lines").click()
    run_jobs()
    page.get_by_role("link", name="Look again").click()
    page.get_by_role("link", name="Forum Mawingu").click()
    expect(page.get_by_role("heading", name="Forum Mawingu", level=1)).to_be_visible()
    mawingu = Organisation.objects.exclude(pk=known.pk).get()
    assert (mawingu.country, mawingu.standing) == ("KE", "provisional")
    _look_at(browser, page)

    page.go_back()
    page.get_by_role("button", name="Undo this import").click()
    run_jobs()
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".seal")).to_have_text("undone")
    mawingu.refresh_from_db()
    known.refresh_from_db()
    assert (mawingu.standing, known.standing) == ("suspended", "verified")
    assert Import.objects.get().status == "undone"


def _look_at(browser: Browser, page: Page) -> None:
    """The same page at a browser with JavaScript, which axe needs: no rule broken, nothing cut off."""
    context = browser.new_context(storage_state=page.context.storage_state())
    seen = context.new_page()
    seen.goto(page.url)
    for width in SIZES:
        seen.set_viewport_size({"width": width, "height": 900})
        assert not Axe().run(seen, options=RULES).response["violations"], width
        assert seen.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
