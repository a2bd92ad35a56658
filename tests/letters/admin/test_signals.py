"""What the desk is told of an endorsement: of its address, its names and domains, and what else is signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from letters import endorsing, inviting
from letters.models import LetterRole
from signatories import vetting
from tests.factories import a_letter, a_moderator, a_sign_on, an_endorsement, an_organisation
from tests.letters.admin.steps import QUEUE, as_, page_of, tick
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def row_of(client, endorsement) -> list[str]:
    """The signs and sentences beside an endorsement in the queue, its evidence first."""
    rows = client.get(QUEUE, {"queue": "all"}).context["cl"].rows
    row = next(row for row in rows if row.endorsement.pk == endorsement.pk)
    return [f"{one.glyph} {one}".strip() for one in ([row.proof] if row.proof else []) + row.signals]


def signed(letter, organisation, address, state="confirmed", **said):
    return an_endorsement(letter, organisation, state=state, representative_email=address, **said)


def checked(website, name="", **said):
    """An organisation that a moderator has verified, with the website that it states."""
    return vetting.verify(an_organisation(name, website=website, verified=False, **said), by=a_moderator(a_letter()))


# The address


@pytest.mark.parametrize(
    ("website", "address", "told"),
    [
        (
            "https://mawingu.example/",
            "bruno@mawingu.example",
            ["= confirmed from an address at mawingu.example, the domain of its website"],
        ),
        (
            "https://mawingu.example/",
            "bruno@wells.example",
            [
                "confirmed from an address at wells.example",
                "! address at wells.example, but the organisation’s domain is mawingu.example",
            ],
        ),
        (
            "",
            "bruno@wells.example",
            [
                "confirmed from an address at wells.example",
                "? address at wells.example; we know no domain of the organisation",
            ],
        ),
        (
            "https://mawingu.example/",
            "bruno@gmail.com",
            ["confirmed from an address at gmail.com", "~ address at a free mail provider"],
        ),
        (
            "https://mawingu.example/",
            "bruno@mailinator.com",
            ["confirmed from an address at mailinator.com", "! address at a provider of disposable mailboxes"],
        ),
        (
            "https://linktr.ee/mawingu",
            "bruno@wells.example",
            [
                "confirmed from an address at wells.example",
                "? address at wells.example; we know no domain of the organisation",
                "~ its website is in a house where anybody can have a page",
            ],
        ),
        (
            "https://müller.de/",
            "bruno@müller.de",
            ["= confirmed from an address at müller.de (xn--mller-kva.de), the domain of its website"],
        ),
        ("", "bruno@or.ke", ["a mailbox answered", "? address at a domain below which anybody can have one"]),
    ],
)
def test_a_row_says_what_the_address_tells_of_the_organisation(desk, letter, website, address, told):
    endorsement = signed(letter, checked(website), address)
    assert row_of(desk, endorsement) == told
    page = text_of(desk.get(page_of(endorsement)))
    for sentence in told:
        words = sentence.lstrip("=?!~ ")
        assert words[:1].upper() + words[1:] in page


def test_a_website_that_nobody_has_checked_is_told_so(desk, letter):
    new = an_organisation(website="https://mawingu.example", verified=False)
    told = row_of(desk, signed(letter, new, "bruno@mawingu.example"))
    assert told == [
        "confirmed from an address at mawingu.example",
        "? new on the register: nobody has checked it yet",
        "? address at mawingu.example, the domain of its website; nobody has checked that yet",
    ]


def test_before_it_is_confirmed_a_fitting_address_is_a_signal(desk, letter):
    organisation = checked("https://mawingu.example")
    assert row_of(desk, signed(letter, organisation, "bruno@mawingu.example", "submitted")) == [
        "= address at mawingu.example, the domain of its website"
    ]


def test_how_a_domain_is_known_is_told(desk, letter):
    for how, words in (("checked", "a domain that a moderator has checked"), ("published", "published list")):
        organisation = an_organisation()
        organisation.domains.create(name=f"{how}.example", how=how, verified_at=timezone.now())
        endorsement = signed(letter, organisation, f"bruno@{how}.example")
        assert endorsement.evidence == "domain"
        assert words in row_of(desk, endorsement)[0]
        organisation.domains.all().delete()
        assert "its domain at that time" in row_of(desk, endorsement)[0]


def test_a_domain_that_others_have_is_told_with_their_names(desk, letter):
    kenya = checked("https://network.example/kenya")
    an_organisation("Network Uganda", website="https://network.example/uganda", verified=False)
    gone = an_organisation("Network Nowhere", website="https://network.example", verified=False)
    vetting.suspend(gone, by=None, note="Nobody.")
    assert row_of(desk, signed(letter, kenya, "bruno@network.example")) == [
        "confirmed from an address at network.example",
        "! the domain network.example is that of others too: Network Uganda",
        "= address at network.example, the domain of its website",
    ]
    other = row_of(desk, signed(letter, checked("https://wells.example"), "bruno@network.example"))
    assert other[-1] == f"! the domain network.example is that of {kenya.name} and Network Uganda"


def test_an_address_that_was_approved_before_is_told(desk, letter):
    organisation = checked("https://mawingu.example")
    signed(a_letter(), organisation, "bruno@gmail.com", "approved")
    assert row_of(desk, signed(letter, organisation, "bruno@gmail.com")) == [
        "* confirmed from an address that was approved for it before, at gmail.com",
        "~ address at a free mail provider",
    ]


def test_what_staff_recorded_is_told_as_they_said_it(desk, letter):
    organisation = checked("https://mawingu.example")
    sign_on = a_sign_on(organisation, representative_email="bruno@mawingu.example")
    recorded = endorsing.record(letter, organisation, sign_on, by=None, evidence="checked")
    assert row_of(desk, recorded)[0] == "a moderator verified it otherwise"


# What else is signed


def test_it_came_by_an_invitation_to_this_address_or_to_another(desk, letter):
    at = timezone.now()
    for address in ("bruno@wells.example", "amina@wells.example"):
        organisation = checked("https://wells.example")
        inviting.invite(letter, by=None, name="Wells", email=address, language="en", organisation=organisation)
        sign_on = a_sign_on(organisation, representative_email="bruno@wells.example")
        endorsement = inviting.accept(letter.invitations.latest("pk"), sign_on, at=at)
        here = "= came by an invitation to this address" in row_of(desk, endorsement)
        other = "? came by an invitation that was sent to another address" in row_of(desk, endorsement)
        assert (here, other) == (address[0] == "b", address[0] == "a")
    assert "invitation" not in " ".join(row_of(desk, signed(letter, checked("https://x.example"), "b@x.example")))


def test_a_colleague_has_signed_too(desk, letter):
    organisation = checked("https://wells.example")
    first = signed(letter, organisation, "bruno@wells.example")
    assert len(row_of(desk, first)) == 1
    second = signed(letter, organisation, "amina@wells.example")
    for one in (first, second):
        assert row_of(desk, one)[1:] == [
            "! another sign-on of this organisation for this letter waits too",
            "! a colleague has signed this letter for it too, from another address",
        ]
    endorsing.approve(first, by=None)
    assert "! already approved: another endorsement of this organisation on this letter" in row_of(desk, second)
    endorsing.reject(second, by=None, code="duplicate")
    assert row_of(desk, first)[1:] == []


def test_the_address_signs_for_others_too_where_the_visitor_may_know(desk, letter, chiara):
    wells, amani, lake = (an_organisation(name) for name in ("Wells Union", "Amani Trust", "Lake Watch"))
    one = signed(letter, wells, "bruno@example.org")
    signed(letter, amani, "Bruno+letters@example.org")
    secret = signed(a_letter(), lake, "bruno@example.org", "approved")
    assert "! the same address signs for others too: Amani Trust" in row_of(desk, one)
    LetterRole.objects.create(user=chiara, letter=secret.letter, role="moderator")
    assert "! the same address signs for others too: Amani Trust and Lake Watch" in row_of(desk, one)


def test_on_how_many_letters_it_was_approved(desk, letter, chiara):
    organisation = checked("https://wells.example")
    endorsement = signed(letter, organisation, "bruno@wells.example")
    for _ in range(2):
        other = a_letter()
        signed(other, organisation, "amina@wells.example", "approved")
        LetterRole.objects.create(user=chiara, letter=other, role="moderator")
    signed(a_letter(), organisation, "amina@wells.example", "approved")
    assert row_of(desk, endorsement)[1:] == ["* approved on 2 other letters"]


# What may pose as something else


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("\u0410mnesty International", "! the name mixes scripts in one word"),
        ("Maria Otieno", "? the name may be a person, not an organisation"),
        ("THE UNION OF TYPISTS", "? the name is written in capitals only"),
        ("Wells Union www.wells.example", "? the name holds the address of a website"),
        ("Tibet 藏人", ""),
    ],
)
def test_a_name_that_is_to_be_looked_at(desk, letter, name, told):
    endorsement = signed(letter, checked("https://wells.example", name), "bruno@wells.example")
    found = row_of(desk, endorsement)[1:]
    assert [words.startswith(told) for words in found] == [True] * bool(told)


def test_a_domain_that_looks_like_a_known_one(desk, letter):
    an_organisation("Wells Union", website="https://wells.example")
    an_organisation("River Keepers", website="https://riverkeepers.example")
    posing = signed(letter, checked(""), "bruno@we11s.example")
    slip = signed(letter, an_organisation(website="https://riverkeeper.example"), "bruno@gmail.com")
    greek = signed(letter, checked(""), "bruno@xn--80ak6aa92e.example")
    assert "! the domain we11s.example looks like wells.example, that of Wells Union" in row_of(desk, posing)
    assert "riverkeepers" not in " ".join(row_of(desk, slip)), "a letter more or less is looked for on its own page"
    page = text_of(desk.get(page_of(slip)))
    assert "The domain riverkeeper.example looks like riverkeepers.example, that of River Keepers" in page
    assert "аррӏе.example (xn--80ak6aa92e.example) has words that only look like Latin" in " ".join(row_of(desk, greek))


def test_the_page_of_a_new_organisation_says_which_it_may_be_and_why(desk, letter):
    an_organisation("Amnesty International", acronym="AI", country="KE")
    endorsement = signed(letter, an_organisation("\u0410mnesty Internationale", verified=False), "a@gmail.com")
    page = text_of(desk.get(page_of(endorsement)))
    assert "! Probably the same: Amnesty International, Kenya (name 0." in page
    assert "Amnesty International Kenya · verified Probably the same: name 0." in page
    known = signed(letter, an_organisation("Amnesty Internationale"), "b@gmail.com")
    page = text_of(desk.get(page_of(known)))
    assert "! Probably the same" not in page
    assert "Amnesty International Kenya · verified Probably the same" in page


# Who may know


def test_without_the_contact_nothing_tells_of_the_address(letter):
    wells = checked("https://wells.example", "Wells Union")
    an_organisation("Network", website="https://network.example")
    rows = [
        signed(letter, wells, "bruno@wells.example"),
        signed(letter, checked("https://amani.example"), "bruno@network.example"),
        signed(letter, an_organisation(), "bruno@we11s.example"),
        signed(letter, an_organisation(), "bruno@mailinator.com"),
        signed(letter, an_organisation(), "bruno@gmail.com"),
        signed(letter, wells, "amina@wells.example"),
    ]
    inviting.invite(letter, by=None, name="Lake", email="lake@x.example", language="en")
    sign_on = a_sign_on(an_organisation(), representative_email="lake@x.example")
    rows.append(inviting.accept(letter.invitations.get(), sign_on, at=timezone.now()))
    observer, convener = (as_(a_moderator(letter, role)) for role in ("observer", "convener"))
    pages = [observer.get(QUEUE), convener.get(QUEUE), *(observer.get(page_of(row)) for row in rows)]
    for told in (text_of(page).replace("whole email address", "") for page in pages):
        for private in ("address", "bruno", "network", "we11s", "mailbox", "gmail", "provider", "colleague", "by an"):
            assert private not in told
    waits = "! another sign-on of this organisation for this letter waits too"
    assert row_of(observer, rows[0]) == ["confirmed by mail", waits]


def test_the_page_of_a_decision_on_several_shows_them_too(desk, letter):
    endorsement = signed(letter, checked("https://wells.example"), "bruno@mailinator.com")
    assert "! address at a provider of disposable mailboxes" in text_of(tick(desk, "approve", endorsement))


def test_when_the_contact_is_forgotten_the_kind_of_evidence_stays(desk, letter):
    endorsement = signed(letter, checked("https://wells.example"), "bruno@wells.example", "approved")
    endorsement.representative.delete()
    assert row_of(desk, endorsement) == ["an address at the organisation’s verified domain"]


def test_one_page_asks_few_questions(desk, letter, django_assert_max_num_queries):
    endorsement = signed(letter, an_organisation("Wells Union", verified=False), "bruno@river-keepers.example")
    letter.closes_at = timezone.now() + timedelta(days=2)
    letter.save()
    with django_assert_max_num_queries(40):
        desk.get(page_of(endorsement))
