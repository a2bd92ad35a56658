"""What a browser makes of our headers: values are parsed by their own rules, and what no browser knows is an error.

Rules: CSP level 3 section 2.2.1, RFC 8941 (dictionaries) and Permissions Policy 5, RFC 6797 6.1, RFC 9111 5.2,
HTML 7.1.3, Fetch 3.6 and 3.7, Referrer Policy 8.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CSP_DIRECTIVES = (
    "default-src script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr img-src font-src"
    " connect-src media-src object-src frame-src child-src worker-src manifest-src base-uri form-action frame-ancestors"
    " sandbox report-to report-uri upgrade-insecure-requests require-trusted-types-for trusted-types"
)
CSP_SOURCE = re.compile(
    r"'(none|self|strict-dynamic|report-sample|nonce-[\w+/=-]+|sha(256|384|512)-[\w+/=-]+)'|[a-z][a-z0-9+.-]*:|\*"
)
REFERRER_POLICIES = {
    *("no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin"),
    *("origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url"),
}


def content_security_policy(value: str) -> dict[str, list[str]]:
    """Directive to sources; of a directive named twice the first counts."""
    policy: dict[str, list[str]] = {}
    for directive in filter(None, (part.split() for part in value.split(";"))):
        name = directive[0].lower()
        assert name in CSP_DIRECTIVES.split(), f"No browser knows {name}."
        for source in directive[1:]:
            assert CSP_SOURCE.fullmatch(source), f"No source: {source}"
        policy.setdefault(name, directive[1:])
    return policy


def permissions_policy(value: str) -> dict[str, list[str]]:
    """Feature to allowed origins. A dictionary with one fault is ignored as a whole, so each member must parse."""
    policy = {}
    for member in value.split(","):
        found = re.fullmatch(r"([a-z*][a-z0-9_.*-]*)=\(([^()]*)\)", member.strip(" \t"))
        assert found, f"No member of a structured dictionary: {member!r}"
        policy[found[1]] = found[2].split()
    return policy


def directives(value: str, separator: str) -> dict[str, str]:
    """Name, in lower case, to value (empty without one): Cache-Control and Strict-Transport-Security."""
    parts = (part.strip().partition("=") for part in value.split(separator))
    return {name.lower(): setting.strip('"') for name, _, setting in parts if name}


def referrer_policy(value: str) -> str:
    """The last policy in the list that the browser knows."""
    known = [word.strip().lower() for word in value.split(",") if word.strip().lower() in REFERRER_POLICIES]
    assert known, f"No browser knows {value}."
    return known[-1]


def is_nosniff(value: str) -> bool:
    return value.split(",")[0].strip().lower() == "nosniff"


def assert_complete(headers: Mapping[str, str]) -> None:
    """All that each of our answers tells a browser, a public page or an error."""
    csp = content_security_policy(headers["Content-Security-Policy"])
    for name in ("default-src", "base-uri", "frame-ancestors"):
        assert csp[name] == ["'none'"]
    assert csp["script-src"] == csp["style-src"] == csp["form-action"] == ["'self'"]
    assert "object-src" not in csp
    permissions = permissions_policy(headers["Permissions-Policy"])
    assert {"camera", "microphone", "geolocation", "browsing-topics", "usb"} <= permissions.keys()
    assert not any(permissions.values())
    assert is_nosniff(headers["X-Content-Type-Options"])
    assert headers["Cross-Origin-Opener-Policy"].strip() == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"].strip() == "same-origin"
    assert referrer_policy(headers["Referrer-Policy"]) in {"no-referrer", "strict-origin-when-cross-origin"}
