"""The register as a file: all of it, or what a search at the desk has found."""

from __future__ import annotations

import csv
import json
import logging
import re
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from coalition import countries
from coalition.desk import staff
from coalition.roles import keeps_the_register
from signatories.importing.csvs import MADE_SAFE
from signatories.models import Membership, Organisation, OrganisationName

if TYPE_CHECKING:
    from signatories.admin import OrganisationAdmin

logger = logging.getLogger(__name__)

#: Organisations that are in memory at a time.
CHUNK = 500
COLUMNS = (
    *("id", "name", "acronym", "other names", "country", "country name", "website", "domains", "standing"),
    *("scope", "kind", "consultative status", "since", "at risk", "listed", "registered"),
    *("about", "networks", "merged into"),
)
#: Between several values in one cell.
BETWEEN = " | "
#: What a spreadsheet may take for the beginning of a formula, with the apostrophes that stand before it already. One
#: that parts at semicolons, as in much of Europe, takes so what stands behind one of them, too.
_FORMULA = re.compile(r"(^|;\s*)('*[=+\-@\t\r])")


def safe(cell: str) -> str:
    """`cell` so that no spreadsheet works it out: one apostrophe before whatever may begin a formula. `plain` takes
    it off again, as the reading of a CSV does, so that every value comes back as it was."""
    return _FORMULA.sub(r"\1'\2", cell)


def plain(cell: str) -> str:
    return MADE_SAFE.sub(r"\1\2", cell)


def urls(desk: OrganisationAdmin) -> list[URLPattern]:
    """Doors below admin/signatories/organisation/."""
    site: admin.AdminSite = desk.admin_site

    def export(request: HttpRequest, form: str) -> HttpResponseBase:
        if not keeps_the_register(staff(request), None):
            raise PermissionDenied
        if form not in FORMS:
            raise Http404
        try:
            found = desk.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise Http404 from error
        logger.warning("The register was exported as %s by account %d", form, staff(request).pk)
        response = FORMS[form](found)
        name = f"organisations-{timezone.now():%Y-%m-%d}.{form}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response

    return [path("export/<slug:form>/", site.admin_view(export), name="signatories_export")]


def as_csv(organisations: QuerySet[Organisation]) -> StreamingHttpResponse:
    """UTF-8 with its mark, by which Excel knows it."""

    def lines() -> Iterator[str]:
        writer = csv.writer(_Passed())
        yield "\ufeff" + writer.writerow(COLUMNS)
        for organisation in _all(organisations):
            yield writer.writerow(map(safe, _cells(organisation)))

    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")


def as_json(organisations: QuerySet[Organisation]) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        before = '{"organisations": [\n'
        for organisation in _all(organisations):
            yield before + json.dumps(_facts(organisation), ensure_ascii=False)
            before = ",\n"
        yield "\n]}\n" if before == ",\n" else '{"organisations": []}\n'

    return StreamingHttpResponse(pieces(), content_type="application/json; charset=utf-8")


def as_xlsx(organisations: QuerySet[Organisation]) -> FileResponse:
    """Written to the disk row by row. Every cell is a string, whatever it begins with."""
    # Loaded when needed only: it takes a tenth of a second, and most processes never write a workbook.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Organisations")

    def string(value: str) -> Any:
        cell = WriteOnlyCell(sheet, value="")
        cell.value, cell.data_type = value, "s"
        return cell

    sheet.append([string(title) for title in COLUMNS])
    for organisation in _all(organisations):
        sheet.append([string(cell) for cell in _cells(organisation)])
    file = TemporaryFile()  # noqa: SIM115  the answer closes it
    book.save(file)
    file.seek(0)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return FileResponse(file, content_type=kind)


FORMS = {"csv": as_csv, "xlsx": as_xlsx, "json": as_json}


class _Passed:
    """A file that keeps nothing: what is written comes back to whoever writes it."""

    def write(self, line: str) -> str:
        return line


def _all(organisations: QuerySet[Organisation]) -> Iterator[Organisation]:
    networks = Membership.objects.order_by("pk").prefetch_related(Prefetch("network", Organisation.objects.with_name()))
    beside = ("names", "domains", "merged_into", Prefetch("memberships", networks))
    return organisations.prefetch_related(*beside).iterator(chunk_size=CHUNK)


def _names(organisation: Organisation) -> list[OrganisationName]:
    return sorted(organisation.names.all(), key=lambda name: (not name.is_main, name.pk))


def _cells(organisation: Organisation) -> list[str]:
    names = _names(organisation)
    acronyms = [name.text for name in names if name.kind == OrganisationName.Kind.ACRONYM]
    others = [name.text for name in names if not name.is_main and name.text not in acronyms]
    country = organisation.country
    return [
        organisation.public_id,
        next((name.text for name in names if name.is_main), ""),
        BETWEEN.join(acronyms),
        BETWEEN.join(others),
        country,
        countries.name(country, "en") if country else "",
        organisation.website,
        BETWEEN.join(sorted(domain.name for domain in organisation.domains.all())),
        organisation.standing,
        organisation.scope,
        organisation.kind,
        organisation.ecosoc_status,
        str(organisation.ecosoc_since or ""),
        "yes" if organisation.at_risk else "",
        "yes" if organisation.is_listed else "",
        organisation.created_at.date().isoformat(),
        organisation.about,
        BETWEEN.join(f"{one.network.name} ({one.role})" for one in organisation.memberships.all()),
        organisation.merged_into.public_id if organisation.merged_into else "",
    ]


def _facts(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": organisation.public_id,
        "names": [
            {"text": name.text, "kind": name.kind, "language": name.language, "is_main": name.is_main}
            for name in _names(organisation)
        ],
        "country": organisation.country,
        "website": organisation.website,
        "domains": [
            {"name": domain.name, "how": domain.how}
            for domain in sorted(organisation.domains.all(), key=lambda domain: domain.name)
        ],
        "standing": organisation.standing,
        "scope": organisation.scope,
        "kind": organisation.kind,
        "ecosoc_status": organisation.ecosoc_status,
        "ecosoc_since": organisation.ecosoc_since,
        "at_risk": organisation.at_risk,
        "is_listed": organisation.is_listed,
        "created_at": organisation.created_at.isoformat(),
        "about": organisation.about,
        "networks": [
            {"id": one.network.public_id, "name": one.network.name, "role": one.role}
            for one in organisation.memberships.all()
        ],
        "merged_into": organisation.merged_into.public_id if organisation.merged_into else None,
    }
