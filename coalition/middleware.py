"""The porch: what every answer carries, and what we take a visitor's address to be."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, cast

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from coalition.fields import digest_of_the_day

GetResponse = Callable[[HttpRequest], HttpResponse]

#: What a page of ours could ask of a browser, and never does: all that Chromium 156 knows (document.featurePolicy.
#: features(), without client hints), with bluetooth and web-share, which it knows on other systems.
FEATURES = """
    accelerometer aria-notify autoplay bluetooth browsing-topics camera captured-surface-control clipboard-read
    clipboard-write compute-pressure cross-origin-isolated deferred-fetch deferred-fetch-minimal
    digital-credentials-create digital-credentials-get display-capture encrypted-media fullscreen gamepad geolocation
    gyroscope hid identity-credentials-get idle-detection keyboard-map language-detector language-model local-fonts
    local-network local-network-access loopback-network magnetometer media-playback-while-not-visible microphone midi
    on-device-speech-recognition otp-credentials payment picture-in-picture private-state-token-issuance
    private-state-token-redemption publickey-credentials-create publickey-credentials-get screen-wake-lock serial
    speaker-selection storage-access summarizer sync-xhr translator unload usb web-share window-management
    xr-spatial-tracking
"""


class Visit(HttpRequest):
    """A request once it has passed ClientAddress; for the annotations of views that count."""

    client_network: str


class Headers:
    """Completes every answer, also those that an inner middleware refused; what a view has set stays."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.defaults = {secure: default_headers(secure) for secure in (False, True)}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.defaults[request.is_secure()].items():
            response.headers.setdefault(name, value)
        match = request.resolver_match
        if match is not None and match.app_name == "files":
            _answer_in_no_language(response)
        return response


def _answer_in_no_language(response: HttpResponse) -> None:
    """A file is the same whatever language its reader's browser asks for, and one copy in a cache will do."""
    kept = [name for name in response.get("Vary", "").split(", ") if name not in ("", "Accept-Language")]
    del response["Vary"]
    if kept:
        response["Vary"] = ", ".join(kept)


def default_headers(secure: bool) -> dict[str, str]:
    """Names and values that an answer carries unless its view says otherwise; `secure` if it goes over https.

    What nobody has called public, no cache keeps.
    """
    hsts = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains; preload"
    return ({"Strict-Transport-Security": hsts} if secure and settings.SECURE_HSTS_SECONDS else {}) | {
        "Content-Security-Policy": build_policy(),
        "Cross-Origin-Opener-Policy": str(settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES.split()),
        "Referrer-Policy": str(settings.SECURE_REFERRER_POLICY),
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


class ClientAddress:
    """Decides who is asking, and removes what anybody could have written about it.

    REMOTE_ADDR becomes the client's address; `request.client_network` names its network for today (see Visit), for
    the limits. Nothing else about the address is kept.
    """

    #: Beside every X-Forwarded-*; X-Forwarded-Proto stays where a trusted proxy sets it.
    HEADERS = {
        *("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_CLIENT_IP", "HTTP_X_CLIENT_IP", "HTTP_X_CLUSTER_CLIENT_IP"),
        *("HTTP_TRUE_CLIENT_IP", "HTTP_CF_CONNECTING_IP", "HTTP_FASTLY_CLIENT_IP", "HTTP_X_ORIGINATING_IP"),
        *("HTTP_X_REMOTE_IP", "HTTP_X_REMOTE_ADDR", "HTTP_X_ORIGINAL_FORWARDED_FOR"),
    }

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = client_address(request.META)
        for name in [name for name in request.META if self.is_hearsay(name)]:
            del request.META[name]
        request.META["REMOTE_ADDR"] = str(address or "")
        cast(Visit, request).client_network = digest_of_the_day("network", network(address), timezone.now().date())
        return self.get_response(request)

    def is_hearsay(self, name: str) -> bool:
        if name == "HTTP_X_FORWARDED_PROTO" and settings.TRUSTED_PROXY_COUNT:
            return False
        return name in self.HEADERS or name.startswith("HTTP_X_FORWARDED")


def client_address(meta: dict[str, Any]) -> IPv4Address | IPv6Address | None:
    """What the outermost of TRUSTED_PROXY_COUNT proxies saw; the peer's own address where that many did not write.

    Each proxy adds its peer at the end of X-Forwarded-For, so what stands further left is the client's own claim.
    None where there is no address, as behind a Unix socket.
    """
    hops = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    count = settings.TRUSTED_PROXY_COUNT
    trusted = hops[-count] if 0 < count <= len(hops) else ""
    return _parsed(trusted) or _parsed(meta.get("REMOTE_ADDR", ""))


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network(address: IPv4Address | IPv6Address | None) -> str:
    """The first 24 bits of an IPv4 address or 48 of an IPv6 address, in hexadecimal digits; empty without one."""
    if address is None:
        return ""
    return address.packed[: 3 if address.version == 4 else 6].hex()
