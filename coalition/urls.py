"""The front door: which address is whose."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from coalition import outbox, views

handler400 = "coalition.views.bad_request"
handler403 = "coalition.views.forbidden"
handler404 = "coalition.views.not_found"
handler500 = "coalition.views.broken"

urlpatterns = [
    # For operators
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("robots.txt", views.robots, name="robots"),
    # Files, the same for every language
    path("", include("letters.files_urls")),
    # The desk
    path("admin/", admin.site.urls),
    # Public pages, each in the six languages of the interface
    *i18n_patterns(path("", include("letters.urls"))),
]

if settings.COALITION_LOCAL:
    urlpatterns += [
        path("outbox/", outbox.outbox, name="outbox"),
        path("outbox/<str:name>/", outbox.message, name="outbox-message"),
    ]
