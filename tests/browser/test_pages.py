"""Pages as browsers and assistive technology have them: no rule broken, nothing cut off, little weight."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser

from coalition import links
from letters import amending, delivering, inviting, responding
from letters.models import Endorsement, Letter
from tests.factories import PASSWORD, UserFactory, a_letter, an_endorsement, an_organisation

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = (1280, 390, 320)
SCHEMES = ("light", "dark")


@pytest.fixture
def letter() -> Letter:
    """An open letter in two directions of writing, with short and long names in many scripts, named and withheld."""
    letter = a_letter(slug="rivers", texts={"ar": "أبقوا بيانات الأنهار علنية"})
    names = [
        "Amani Water Trust", "جمعية أصدقاء النهر", "藏人行政中央", "Žižek Society",
        "Association pour la Mémoire et la Protection des Sources, Zones Humides et Bassins Versants du Haut-Plateau",
    ]  # fmt: skip
    for name in names + [f"Water Forum of Place {number}" for number in range(12)]:
        an_endorsement(letter, an_organisation(name))
    an_endorsement(letter, visibility="country")
    an_endorsement(letter, visibility="counted")
    return letter


def _a_letter_with_a_past() -> None:
    """Corrected, delivered, signed late, answered, with news."""
    letter = a_letter(slug="past", late_until=timezone.now() + timedelta(days=60))
    an_endorsement(letter, an_organisation("Wells Union"))
    amending.prepare(letter, by=None)
    letter.versions.get(sealed_at=None).texts.update(body="We live by the rivers.")
    amending.amend(letter, by=None, change="typo", note="A slip.")
    delivering.deliver(letter, by=None, channel="post")
    delivering.make_files(letter.deliveries.get())
    an_endorsement(letter, an_organisation("Late Forum"))
    said = {"by": None, "dated_on": timezone.now().date(), "language": "en", "files": []}
    addressee = letter.addressees.get()
    responding.respond(
        letter, addressee=addressee, kind="partial", text="We *shall*.", is_published=True, verdicts={1: "met"}, **said
    )
    responding.post_update(letter, title="We were heard", body="In the plenary.", **said)


def _an_invitation() -> str:
    """The address of the page that opens a letter under embargo."""
    letter = a_letter(slug="embargoed", public_from=timezone.now() + timedelta(days=1), texts={"fr": "Des données"})
    inviting.invite(letter, by=None, name="Wells Union", email="office@wells.example.org", language="en")
    invitation = letter.invitations.get()
    return f"invitations/{links.make(invitation.public_id, links.Purpose.INVITATION, 0, invitation.invited_at)}/"


def link_to(endorsement: Endorsement, purpose: links.Purpose) -> str:
    assert endorsement.submitted_at
    return f"endorsements/{links.make(endorsement.public_id, purpose, 0, endorsement.submitted_at)}/"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_breaks_a_rule_of_accessibility_or_scrolls_sideways(browser: Browser, live_server, letter, language):
    waiting = an_endorsement(letter, state="submitted")
    asked = an_endorsement(letter, state="asked")
    public = Endorsement.objects.filter(status="approved", visibility="named").first()
    _a_letter_with_a_past()
    invited = _an_invitation()
    assert public
    assert public.organisation
    pages = [
        "",
        "letters/rivers/",
        "letters/rivers/signatories/?q=water",
        "letters/rivers/sign/",
        "letters/past/",
        invited,
        f"{invited}sign/",
        "letters/past/versions/?from=1&to=2",
        "record/",
        "organisations/",
        "organisations/?q=water&country=KE",
        f"organisations/{public.organisation.slug}/",
        f"organisations/{public.organisation.slug}/correct/",
        "about/",
        "nowhere/",
        link_to(waiting, links.Purpose.CONFIRM),
        link_to(asked, links.Purpose.MANAGE),
    ]
    faults = []
    for width, scheme in product(SIZES, SCHEMES):
        page = browser.new_context(
            base_url=live_server.url, color_scheme=scheme, viewport={"width": width, "height": 900}
        ).new_page()
        for path in [*pages, "the form with errors"]:
            if path == "the form with errors":
                page.goto(f"/{language}/letters/rivers/sign/")
                page.locator("[name=organisation_name]").fill("water")
                page.locator(".form > button.btn").click()
                page.locator("#errors").wait_for()
            else:
                page.goto(f"/{language}/{path}")
            page.wait_for_load_state()
            found = Axe().run(page, options=RULES).response["violations"]
            faults += [f"{path} {width} {scheme}: {rule['id']} {rule['nodes'][0]['html'][:150]}" for rule in found]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                faults.append(f"{path} {width}: scrolls sideways")
        page.context.close()
    assert not faults, "\n".join(faults)


def test_the_desks_queue_breaks_no_rule_of_accessibility(browser: Browser, live_server, letter):
    an_endorsement(letter, state="confirmed", signals=("fast",), representative_email="bruno@mailinator.com")
    person = UserFactory(administrator=True)
    faults = []
    for width, scheme in product((1280, 390), SCHEMES):
        page = browser.new_context(
            base_url=live_server.url, color_scheme=scheme, viewport={"width": width, "height": 900}
        ).new_page()
        page.goto("/admin/login/?next=/admin/letters/endorsement/")
        page.locator("[name=username]").fill(person.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[type=submit]").click()
        page.wait_for_url("**/admin/letters/endorsement/")
        for path in (
            "/admin/letters/endorsement/",
            f"/admin/letters/endorsement/{Endorsement.objects.last().pk}/change/",
        ):
            page.goto(path)
            found = Axe().run(page, options=RULES).response["violations"]
            faults += [f"{path} {width} {scheme}: {rule['id']} {rule['nodes'][0]['html'][:150]}" for rule in found]
        page.context.close()
    assert not faults, "\n".join(faults)


def test_a_letter_with_64_names_weighs_at_most_20_kilobytes_and_asks_for_no_script(browser: Browser, live_server):
    letter = a_letter()
    for number in range(64):
        an_endorsement(letter, an_organisation(f"Forum for Water and Rivers {number}"))
    page = browser.new_context(base_url=live_server.url).new_page()
    asked: list[tuple[str, int]] = []
    page.on("requestfinished", lambda sent: asked.append((sent.resource_type, sent.sizes()["responseBodySize"])))
    page.goto(letter.get_absolute_url())
    page.wait_for_load_state("networkidle")
    assert {kind for kind, _ in asked} == {"document", "stylesheet"}
    document = next(size for kind, size in asked if kind == "document")
    import gzip
    from pathlib import Path

    from django.conf import settings

    style = len(gzip.compress((Path(settings.BASE_DIR) / "coalition/static/coalition/letters.css").read_bytes()))
    assert style <= 8 * 1024
    assert document + style <= 20 * 1024
