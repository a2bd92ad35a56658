"""A letter as tagged PDF (PDF/UA): HTML and CSS of our own, laid out by WeasyPrint, which may fetch nothing."""

from __future__ import annotations

import gc
import re
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from letters.documents import copying
from letters.documents.content import Sheet

TEMPLATE = "letters/documents/letter.html"
STYLE = Path(settings.BASE_DIR) / "templates" / "letters" / "documents" / "letter.css"
#: A link whose words are its address; behind others the address is printed.
_BARE_LINK = re.compile(r'<a href="([^"]+)"(?=[^>]*>\1</a>)')


class Unavailable(Exception):
    """Pango or WeasyPrint can't be loaded on this machine."""


def make(sheet: Sheet) -> bytes:
    try:
        # Loaded when needed only: it takes a second, and fails where Pango is missing.
        import weasyprint  # type: ignore[import-untyped]  # it has no types
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # nor here
    except (ImportError, OSError) as error:
        raise Unavailable(str(error)) from error
    nothing = URLFetcher(allowed_protocols=(), allow_redirects=False)
    style = weasyprint.CSS(string=STYLE.read_text(), url_fetcher=nothing)
    html = _BARE_LINK.sub(r'<a class="bare" href="\1"', render_to_string(TEMPLATE, {"sheet": sheet}))
    laid_out = weasyprint.HTML(string=html, url_fetcher=nothing).render(stylesheets=[style], pdf_variant="pdf/ua-1")
    with copying.exact() as finish:
        made: bytes = laid_out.write_pdf(finisher=finish, pdf_variant="pdf/ua-1")
    del laid_out
    # The pages hold fonts of 100 MB in circles: a worker that prints several languages would hold all of them.
    gc.collect()
    return made
