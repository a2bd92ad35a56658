"""Doors to the letters."""

from django.urls import path, register_converter

from coalition.links import TokenConverter
from letters.views import correcting, invited, news, organisations, reading, representative, signing, versions
from letters.views.record import record_help

register_converter(TokenConverter, "token")

app_name = "letters"
urlpatterns = [
    path("", reading.home, name="home"),
    path("about/", reading.about, name="about"),
    path("record/", record_help, name="record-help"),
    # letters/<slug>/
    path("letters/<slug:slug>/", reading.letter, name="letter"),
    path("letters/<slug:slug>/in/<slug:language>/", reading.letter, name="letter-in"),
    path("letters/<slug:slug>/signatories/", reading.signatories, name="signatories"),
    path("letters/<slug:slug>/sign/", signing.sign, name="sign"),
    path("letters/<slug:slug>/sign/sent/", signing.sent, name="sign-sent"),
    path("letters/<slug:slug>/versions/", versions.versions, name="versions"),
    # organisations/
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/<slug:slug>/", organisations.organisation, name="organisation"),
    path("organisations/<slug:slug>/logo.png", organisations.logo, name="organisation-logo"),
    path("organisations/<slug:slug>/correct/", correcting.correct, name="organisation-correct"),
    # invitations/<token>/
    path("invitations/<token:token>/", invited.invitation, name="invitation"),
    path("invitations/<token:token>/sign/", invited.sign, name="invitation-sign"),
    path("invitations/<token:token>/sign/sent/", invited.sent, name="invitation-sent"),
    # endorsements/<token>/
    path("endorsements/<token:token>/", representative.endorsement, name="endorsement"),
    path("endorsements/<token:token>/news/", news.news, name="news"),
]
