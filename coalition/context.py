"""What every template knows: the coalition's own details, the languages of the interface."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, get_language_bidi, get_language_info

from coalition.models import SiteSettings


def site(request: HttpRequest | None = None) -> dict[str, Any]:
    language = get_language() or "en"
    return {
        "site": SimpleLazyObject(SiteSettings.load),
        "site_url": settings.SITE_URL,
        "interface_language": language,
        "interface_direction": "rtl" if get_language_bidi() else "ltr",
        "is_local": settings.COALITION_LOCAL,
        "interface_languages": [get_language_info(code) for code, _ in settings.LANGUAGES],
    }
