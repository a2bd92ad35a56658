"""Whose mailboxes anybody can have: an address there says nothing about the organisation."""

from __future__ import annotations

#: The larger providers; for finding an organisation by its mail's domain it is enough to leave out the common ones.
_LISTED = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com mac.com
aol.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de posteo.de mailbox.org proton.me
protonmail.com pm.me tutanota.com tuta.io tuta.com riseup.net disroot.org autistici.org hey.com zoho.com
fastmail.com mail.com mail.ru yandex.ru yandex.com rambler.ru ukr.net orange.fr free.fr wanadoo.fr laposte.net
sfr.fr libero.it virgilio.it tiscali.it uol.com.br bol.com.br terra.com.br ig.com.br globo.com qq.com 163.com
126.com sina.com naver.com daum.net hanmail.net rediffmail.com btinternet.com btconnect.com sky.com
virginmedia.com comcast.net verizon.net att.net cox.net bigpond.com optusnet.com.au shaw.ca rogers.com seznam.cz
wp.pl o2.pl interia.pl onet.pl abv.bg yahoo.fr yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.com.br yahoo.es
yahoo.de hotmail.fr hotmail.co.uk hotmail.es hotmail.it outlook.fr outlook.es live.fr live.co.uk
"""
_PROVIDERS = frozenset(_LISTED.split())


def is_shared(domain: str) -> bool:
    """Whether a registrable domain is a mail provider's, and not an organisation's."""
    return domain in _PROVIDERS
