"""Doors to files: without an interface language in front, as other programs know them."""

from django.urls import path

from letters.views import attachments, documents, record, versions

app_name = "files"
urlpatterns = [
    # letters/<slug>/
    *(
        path(f"letters/<slug:slug>/letter.{kind}", documents.document, {"file_format": kind}, name=f"letter-{kind}")
        for kind in documents.TYPES
    ),
    path("letters/<slug:slug>/record.json", record.record_file, name="record"),
    path("letters/<slug:slug>/versions/<int:number>.json", versions.canonical, name="version"),
    path("letters/<slug:slug>/attachments/<slug:public_id>/", attachments.attachment, name="attachment"),
]
