"""What a confirmed mailbox proves: little by itself, more at a domain that somebody has verified."""

from __future__ import annotations

import pytest
from django.utils import timezone

from letters import endorsing
from signatories import vetting
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation

pytestmark = pytest.mark.django_db


def verified(website: str, **said):
    """An organisation that a moderator has verified, with the website that it states."""
    organisation = an_organisation(website=website, verified=False, **said)
    return vetting.verify(organisation, by=a_moderator(a_letter()))


def evidence(organisation, address: str) -> str:
    return an_endorsement(a_letter(), organisation, state="confirmed", representative_email=address).evidence


def test_an_address_at_the_website_that_a_moderator_has_verified_is_evidence():
    organisation = verified("https://www.mawingu.example.org/about")
    assert evidence(organisation, "bruno@example.org") == "domain"
    assert evidence(organisation, "bruno@mail.example.org") == "domain"
    assert evidence(organisation, "bruno@example.net") == "mailbox"


def test_a_website_that_nobody_has_looked_at_is_none():
    provisional = an_organisation(website="https://mawingu.example", verified=False)
    by_a_program = an_organisation(website="https://wells.example")
    assert evidence(provisional, "bruno@mawingu.example") == "mailbox"
    assert evidence(by_a_program, "bruno@wells.example") == "mailbox"


def test_who_approves_a_new_organisation_verifies_its_website():
    letter = a_letter()
    organisation = an_organisation(website="https://mawingu.example", verified=False)
    first = an_endorsement(letter, organisation, state="confirmed", representative_email="bruno@mawingu.example")
    assert first.evidence == "mailbox"
    endorsing.approve(first, by=a_moderator(letter))
    assert evidence(organisation, "wanjiru@mawingu.example") == "domain"
    assert evidence(organisation, "bruno@mawingu.example") == "known"


def test_a_domain_that_others_have_too_is_none():
    organisation = verified("https://network.example/kenya")
    assert evidence(organisation, "bruno@network.example") == "domain"
    other = an_organisation(website="https://network.example/uganda", verified=False)
    assert evidence(organisation, "bruno@network.example") == "mailbox"
    vetting.suspend(other, by=None, note="Nobody.")
    assert evidence(organisation, "bruno@network.example") == "domain"


@pytest.mark.parametrize("domain", ["gmail.com", "riseup.net", "mailinator.com", "facebook.com"])
def test_a_domain_for_anybody_is_none(domain):
    assert evidence(verified(f"https://{domain}/mawingu"), f"mawingu@{domain}") == "mailbox"


def test_a_public_suffix_is_none():
    organisation = verified("https://or.ke/")
    organisation.domains.create(name="or.ke", how="checked", verified_at=timezone.now())
    assert evidence(organisation, "mawingu@or.ke") == "mailbox"
    assert evidence(organisation, "mawingu@amani.or.ke") == "mailbox"


@pytest.mark.parametrize(
    ("website", "address", "expected"),
    [
        ("https://müller.de", "a@xn--mller-kva.de", "domain"),
        ("https://xn--mller-kva.de", "a@müller.de", "domain"),
        ("https://Straße.de", "a@xn--strae-oqa.de", "domain"),
        ("https://strasse.de", "a@straße.de", "mailbox"),
        ("https://例子.中国", "a@xn--fsqu00a.xn--fiqs8s", "domain"),
        ("https://www.MAWINGU.example.", "a@Mawingu.Example", "domain"),
    ],
)
def test_domains_of_other_scripts_are_compared_as_mail_servers_write_them(website, address, expected):
    assert evidence(verified(website), address) == expected


def test_a_disposable_mailbox_is_accepted_and_proves_no_more_when_it_answers_again():
    organisation = an_organisation()
    an_endorsement(a_letter(), organisation, representative_email="mawingu@yopmail.com")
    assert evidence(organisation, "mawingu@yopmail.com") == "mailbox"
    an_endorsement(a_letter(), organisation, representative_email="mawingu@gmail.com")
    assert evidence(organisation, "mawingu@gmail.com") == "known"
