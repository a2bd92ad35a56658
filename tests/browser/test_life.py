"""The whole life of a letter in a real browser, as each person in it has it, with JavaScript and without.

Amina convenes and moderates at the desk, five sign under embargo by the links mailed to them, and the public reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import time_machine
from django.utils import timezone, translation
from playwright.sync_api import Page, expect

from letters.models import Letter
from letters.tasks import keep_the_clock, render_what_is_missing, write_records
from tests.factories import PASSWORD, UserFactory, an_organisation
from tests.reading import address_in, count_in_pdf, count_in_record, words_of

WORDS = {
    "en": ("Keep river data public", "We live with the rivers.\n\nWe ask to be tolt.", "Publish by default."),
    "fr": ("Des données publiques", "Nous vivons avec les rivières.\n\nNous demandons à savoir.", "Publiez."),
    "ar": ("انشروا بيانات الأنهار", "نعيش مع الأنهار.\n\nنطلب أن نعرف.", "النشر أولا."),
}
PUBLIC = "/en/letters/rivers/"
Post = Callable[..., dict[str, EmailMessage]]


@dataclass(frozen=True)
class Signer:
    """Who signs for one organisation, in a browser and a language of their own."""

    name: str
    country: str
    email: str
    language: str
    page: Page


def test_a_letter_lives_from_its_draft_to_its_conclusion(somebody: Callable[[], Page], run_jobs, outbox):
    person = UserFactory(administrator=True, email="amina@coalition.example", name="Amina")
    amina, reader = Desk(somebody(), person.email), somebody()
    five = [
        Signer("Amani Water Trust", "KE", "bruno@amani.example.org", "en", somebody()),
        Signer("جمعية أصدقاء النهر", "JO", "dalia@nahr.example.org", "ar", somebody()),
        Signer("Réseau des Sources", "FR", "elise@sources.example.org", "fr", somebody()),
        Signer("Wells Union", "UG", "fumo@wells.example.org", "en", somebody()),
        Signer("Collectif des Lacs", "CD", "grace@lacs.example.org", "fr", somebody()),
    ]
    dalia, fumo, grace = five[1], five[3], five[4]
    for known in (five[0], dalia):
        an_organisation(known.name, country=known.country)

    def post(*, documents: bool = False) -> dict[str, EmailMessage]:
        """Does the jobs that wait; the mails that left, by address."""
        before = len(outbox())
        run_jobs(documents=documents)
        return {str(mail["To"]): mail for mail in outbox()[before:]}

    def night() -> dict[str, EmailMessage]:
        """The same, after what the clock does by itself; documents are made too."""
        for kept in (keep_the_clock, write_records, render_what_is_missing):
            kept.func(0)
        return post(documents=True)

    with time_machine.travel(timezone.now(), tick=True) as clock:
        embargo = (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)

        # Amina writes it in three languages, and looks at it as it will be. Nobody else sees it.
        amina.starts_a_letter()
        amina.writes_in_three_languages()
        amina.sets_the_facts(closes_at=embargo + timedelta(days=10), public_from=embargo)
        amina.previews("ar")
        assert public_answers(reader) == {404}

        # She opens it, under embargo, and invites five. Each gets a link of their own, in their language.
        amina.takes("Open for signature")
        for signer in five:
            amina.invites(signer)
        mails = post()
        assert set(mails) == {signer.email for signer in five}
        invitations = {signer: address_in(mails[signer.email], "invitations") for signer in five}
        assert count_of_the_invited(five[0], invitations) == 0
        assert public_answers(reader) == {404}

        # They sign, and nothing counts before Amina has approved.
        for signer in five:
            signs_by_invitation(signer, invitations[signer], post)
        assert count_of_the_invited(five[0], invitations) == 0
        amina.approves(5)
        assert set(post()) == {signer.email for signer in five}
        assert {count_of_the_invited(signer, invitations) for signer in five} == {5}
        expect(five[0].page.get_by_text("Wells Union")).to_have_count(0)
        expect(five[0].page.get_by_text("Who has signed is shown when the letter is public")).to_be_visible()

        # A slip is corrected: everybody is told, and the signatures stand.
        clock.shift(timedelta(days=1))
        amina.changes("en", "We ask to be told.", kind="It corrects a slip", why="A slip of the pen.")
        mails = post()
        assert set(mails) == {signer.email for signer in five}
        assert "corrected a slip" in words_of(mails[fumo.email])
        assert count_of_the_invited(five[0], invitations) == 5
        expect(five[0].page.get_by_text("We ask to be told.")).to_be_visible()

        # The substance changes: all are asked again, three keep the signature, Fumo withdraws, Grace stays silent.
        clock.shift(timedelta(days=1))
        until = embargo - timedelta(days=3)
        amina.changes("en", "We ask to be heard.", kind="It changes the substance", why="More is asked.", until=until)
        mails = post()
        assert set(mails) == {signer.email for signer in five}
        assert count_of_the_invited(five[0], invitations) == 0
        expect(five[0].page.get_by_text("We ask to be heard.")).to_be_visible()
        asked = {signer: address_in(mails[signer.email], "endorsements") for signer in five}
        for number, signer in enumerate(five[:3], 1):
            answers(signer, asked[signer], "Keep the signature")
            assert count_of_the_invited(signer, invitations) == number
        answers(fumo, asked[fumo], "Withdraw")
        assert set(post()) == {signer.email for signer in five[:4]}
        clock.move_to(until + timedelta(minutes=1))
        assert set(night()) == {grace.email}
        grace.page.goto(asked[grace])
        expect(grace.page.get_by_role("button", name=said(grace.page, "Keep the signature"))).to_have_count(0)
        assert count_of_the_invited(grace, invitations) == 3

        # The embargo passes. No job runs in that instant, and everything is there.
        clock.move_to(embargo - timedelta(minutes=2))
        assert public_answers(reader) == {404}
        clock.move_to(embargo)
        assert public_answers(reader) == {200}
        assert public_counts(reader) == {3}
        reader.goto(PUBLIC)
        for signer in five:
            expect(reader.locator("#signatories").get_by_text(signer.name)).to_have_count(int(signer in five[:3]))
        dalia.page.goto(invitations[dalia])
        dalia.page.get_by_role("link", name=said(dalia.page, "The public page of this letter")).click()
        expect(dalia.page.locator("#signatories").get_by_text(dalia.name)).to_be_visible()

        # It is delivered by post.
        amina.delivers()
        assert set(post(documents=True)) == {signer.email for signer in five[:3]}
        assert public_counts(reader) == {3}
        reader.goto(PUBLIC)
        expect(reader.locator("#deliveries").get_by_text("With 3 organisations.")).to_be_visible()

        # Hana signs late, by the page that everybody reads, and makes a second delivery.
        clock.shift(timedelta(days=2))
        hana = Signer("Late Forum", "FR", "hana@late.example.org", "en", reader)
        signs_on_the_public_page(hana, post)
        assert public_counts(reader) == {3}
        amina.approves(1)
        assert set(night()) == {hana.email}
        assert public_counts(reader) == {4}
        reader.goto(PUBLIC)
        expect(reader.get_by_text("signed after delivery 1")).to_be_visible()
        amina.delivers()
        assert set(post(documents=True)) == {signer.email for signer in (*five[:3], hana)}
        assert public_counts(reader) == {4}
        reader.goto(PUBLIC)
        expect(reader.locator("#deliveries").get_by_text("With 3 organisations.")).to_be_visible()
        expect(reader.locator("#deliveries").get_by_text("With 4 organisations.")).to_be_visible()

        # The addressee answers, Amina judges what it is worth, and concludes.
        clock.shift(timedelta(days=3))
        amina.records_a_response("We shall publish.")
        amina.takes("Conclude")
        night()
        assert public_answers(reader) == {200}
        assert public_counts(reader) == {4}
        reader.goto(PUBLIC)
        expect(reader.get_by_text("We shall publish.")).to_be_visible()
        expect(reader.get_by_text("partly met")).to_be_visible()
        expect(reader.get_by_role("link", name="Sign as an organisation")).to_have_count(0)
        expect(reader.locator("#signatories").get_by_role("listitem")).to_have_count(4)


@dataclass
class Desk:
    """Amina at the desk, who may do all that a convener and a moderator may."""

    page: Page
    email: str

    def goes_to(self, path: str) -> Page:
        """She signs in again where a night has passed."""
        self.page.goto(f"/admin/letters/{path}")
        if "/admin/login/" in self.page.url:
            self.page.get_by_label("Email address").fill(self.email)
            self.page.get_by_label("Password").fill(PASSWORD)
            self.page.get_by_role("button", name="Log in").click()
            self.page.wait_for_url(f"**/admin/letters/{path}")
        return self.page

    @property
    def letter(self) -> str:
        return f"letter/{Letter.objects.get().pk}/"

    def presses(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def starts_a_letter(self) -> None:
        self.goes_to("letter/").get_by_role("link", name="Start a letter").click()
        self.page.get_by_label("Reference").fill("2026-07")
        self.page.get_by_label("Address").fill("rivers")
        self.page.get_by_label("Authoritative language").fill("en")
        self.page.get_by_label("Title").fill(WORDS["en"][0])
        self.presses("Start it")
        expect(self.page.get_by_role("link", name="Write the texts")).to_be_visible()

    def writes_in_three_languages(self) -> None:
        page = self.goes_to(f"{self.letter}texts/")
        for language in ("fr", "ar"):
            page.get_by_label("Add a language").fill(language)
            self.presses("Add")
        for language, (title, body, demands) in WORDS.items():
            page.locator(f"[name=text-{language}-title]").fill(title)
            page.locator(f"[name=text-{language}-body]").fill(body)
            page.locator(f"[name=text-{language}-demands]").fill(demands)
        self.presses("Save")
        expect(page.get_by_role("link", name="Remove")).to_have_count(2)

    def sets_the_facts(self, *, closes_at: datetime, public_from: datetime) -> None:
        page = self.goes_to(f"{self.letter}change/")
        page.get_by_label("Closes at").fill(typed(closes_at))
        page.get_by_label("Late signatures until").fill(typed(closes_at + timedelta(days=90)))
        page.get_by_label("Public from").fill(typed(public_from))
        page.get_by_label("Who may see it").select_option("public")
        page.get_by_label("Office").first.fill("Commission on Shared Rivers")
        self.presses("Save")
        expect(page.get_by_role("link", name="Open for signature")).to_be_visible()

    def previews(self, language: str) -> None:
        page = self.goes_to(f"{self.letter}preview/?text={language}")
        expect(page.get_by_text("Preview: not public")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[language][0])

    def invites(self, signer: Signer) -> None:
        page = self.goes_to(f"{self.letter}invitations/")
        page.get_by_label("Name of the organisation").fill(signer.name)
        page.get_by_label("Email address").fill(signer.email)
        page.get_by_label("Language of the mail").select_option(signer.language)
        self.presses("Invite")
        expect(page.get_by_role("listitem").filter(has_text=signer.email)).to_contain_text("no answer yet")

    def approves(self, number: int) -> None:
        """All that wait, at once: first who they are, then the button."""
        page = self.goes_to("endorsement/")
        page.get_by_role("link", name="Tick all on this page").click()
        self.presses("Approve…")
        self.presses(f"Approve: {number}")
        expect(page.get_by_text(f"{number} approved")).to_be_visible()

    def changes(self, language: str, last: str, *, kind: str, why: str, until: datetime | None = None) -> None:
        """A new version of the letter, in which the last paragraph of one text is another."""
        page = self.goes_to(f"{self.letter}change/")
        self.presses("Prepare a new version")
        self.goes_to(f"{self.letter}texts/")
        body = page.locator(f"[name=text-{language}-body]")
        body.fill(body.input_value().rpartition("\n")[0] + f"\n{last}")
        self.presses("Save")

        def say_what() -> None:
            page.get_by_label(kind).check()
            page.get_by_label("What changed").fill(why)
            if until is not None:
                page.get_by_label("answers are taken until").fill(typed(until))

        self.takes("Seal the new version", say_what)

    def delivers(self) -> None:
        self.takes("Deliver", lambda: self.page.get_by_label("by post").check())

    def records_a_response(self, text: str) -> None:
        page = self.goes_to(f"{self.letter}respond/")
        page.get_by_label("From").select_option(index=1)
        page.locator("[name=kind][value=substantive]").check()
        page.locator("[name=dated_on]").fill(f"{timezone.now():%Y-%m-%d}")
        page.locator("[name=text]").fill(text)
        page.locator("[name=verdict_1][value=partly]").check()
        self.presses("Put on record")
        expect(page.get_by_text("On record. The public page shows it now.")).to_be_visible()

    def takes(self, step: str, fill: Callable[[], None] = lambda: None) -> None:
        """The button on the letter's page, what is asked on the page behind it, and the button there."""
        page = self.goes_to(f"{self.letter}change/")
        page.get_by_role("link", name=f"{step}…", exact=True).click()
        fill()
        self.presses(step)
        page.wait_for_url(f"**/admin/letters/{self.letter}change/")


def signs_by_invitation(signer: Signer, invitation: str, post: Post) -> None:
    page = signer.page
    page.goto(invitation)
    expect(page.locator(".seal.soon")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[signer.language][0])
    page.get_by_role("link", name=said(page, "Sign as an organisation")).click()
    expect(page.get_by_label(said(page, "Name of your organisation"))).to_have_value(signer.name)
    expect(page.get_by_label(said(page, "Your email address at the organisation"))).to_have_value(signer.email)
    fills_in(signer)
    confirms(signer, post)


def signs_on_the_public_page(signer: Signer, post: Post) -> None:
    page = signer.page
    page.goto(PUBLIC)
    page.get_by_role("link", name="Sign as an organisation").first.click()
    page.get_by_label("Name of your organisation").fill(signer.name)
    page.get_by_role("button", name="Find").click()
    page.get_by_label("Your email address at the organisation").fill(signer.email)
    fills_in(signer)
    confirms(signer, post)


def fills_in(signer: Signer) -> None:
    page = signer.page
    if page.locator("[name=country]").is_visible():
        page.locator("[name=country]").select_option(signer.country)
    page.get_by_label(said(page, "Your full name")).fill(signer.email.partition("@")[0].capitalize())
    page.get_by_label(said(page, "Your role")).fill("Director")
    page.get_by_label(said(page, "I may sign for this organisation")).check()
    page.get_by_label(said(page, "The organisation agrees to appear with this letter in the way chosen above")).check()
    page.get_by_role("button", name=said(page, "Send me the confirmation email")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said(page, "Confirm from your inbox"))


def confirms(signer: Signer, post: Post) -> None:
    page = signer.page
    page.goto(address_in(post()[signer.email], "endorsements"))
    page.get_by_role("button", name=said(page, "Confirm and sign")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(said(page, "Your signature"))
    assert set(post()) == {signer.email}


def answers(signer: Signer, link: str, button: str) -> None:
    """On the page behind the link that was mailed, which shows what has changed."""
    page = signer.page
    page.goto(link)
    expect(page.get_by_text("More is asked.")).to_be_visible()
    page.get_by_role("button", name=said(page, button)).first.click()
    expect(page.get_by_role("button", name=said(page, "Keep the signature"))).to_have_count(0)


def count_of_the_invited(signer: Signer, invitations: dict[Signer, str]) -> int:
    """The figure on the page behind an invitation, under embargo."""
    signer.page.goto(invitations[signer])
    expect(signer.page.locator(".seal.soon")).to_be_visible()
    return count_on(signer.page)


def public_answers(reader: Page) -> set[int]:
    """What the public's addresses answer."""
    files = [f"/letters/rivers/{name}" for name in ("letter.pdf?lang=en", "letter.txt?lang=ar", "record.json")]
    pages = [PUBLIC, f"{PUBLIC}in/ar/", f"{PUBLIC}signatories/", f"{PUBLIC}versions/"]
    return {reader.request.get(address).status for address in pages + files}


def public_counts(reader: Page) -> set[int]:
    """The figure on the page, in two languages, on the list, in the PDF and in the record."""
    found = set()
    for address in (PUBLIC, "/ar/letters/rivers/", f"{PUBLIC}signatories/"):
        reader.goto(address)
        found.add(count_on(reader))
    pdf = reader.request.get("/letters/rivers/letter.pdf?lang=en")
    record = reader.request.get("/letters/rivers/record.json")
    return found | {count_in_pdf(pdf.body()), count_in_record(record.body())}


def count_on(page: Page) -> int:
    return int(page.locator("#signatory-count").get_attribute("value") or -1)


def said(page: Page, words: str) -> str:
    """The words in the language of the page."""
    with translation.override(page.locator("html").get_attribute("lang")):
        return translation.gettext(words)


def typed(instant: datetime) -> str:
    """As it is typed by the letter's clock, which is UTC."""
    return f"{instant:%Y-%m-%dT%H:%M}"
