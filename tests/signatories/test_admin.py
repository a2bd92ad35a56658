"""The register at the desk: found by any name, shown as it is, changed by its verbs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coalition.templatetags.words import day
from coalition.workflow import NotAllowed
from letters.models import Letter
from signatories import correcting, merging, vetting
from signatories.admin import OrganisationAdmin
from signatories.models import Organisation
from tests.factories import UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db

REGISTER = "/admin/signatories/organisation/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(title="Another letter"), name="Chiara"))
    return client


def step(client, organisation, verb, **said):
    was = Organisation.objects.get(pk=organisation.pk).standing
    return client.post(f"{REGISTER}{organisation.pk}/step/{verb}/", {"was": was, **said})


def describe(client, organisation, **said):
    """Changes details at the desk; what is not said stays, as the form comes filled in."""
    form = client.get(f"{REGISTER}{organisation.pk}/step/describe/").context["form"]
    filled = {name: value for name in form.DETAILS if (value := form[name].value()) not in (None, False, "")}
    posted = {name: value for name, value in (filled | said).items() if value is not False}
    return step(client, organisation, "describe", **posted)


def test_the_list_shows_all_of_the_register_newest_first(desk):
    an_organisation("Mawingu Forum", country="KE")
    an_organisation("Amani Water Trust", verified=False, country="UG")
    page = text_of(desk.get(REGISTER))
    assert "Amani Water Trust Uganda provisional Mawingu Forum Kenya verified" in page


@pytest.mark.parametrize("typed", ["mawingu", "MWF", "FORUM MAWÍNGU", "Forum", "example.org", "Forun Mawingo"])
def test_search_by_any_name_or_website_misspelt_too(desk, typed):
    mawingu = an_organisation("Forum Mawingu", acronym="MWF", website="https://www.mawingu.example.org")
    an_organisation("Amani Water Trust")
    found = desk.get(REGISTER, {"q": typed}).context["cl"].result_list
    assert list(found) == [mawingu]


def test_the_number_of_queries_does_not_grow(desk):
    def number_of_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(REGISTER)
        return len(queries)

    for _ in range(3):
        an_organisation(acronym="ABC")
    few = number_of_queries()
    for _ in range(30):
        an_organisation(acronym="ABC")
    assert number_of_queries() == few <= 9


def test_the_page_shows_names_domains_and_what_happened(desk):
    organisation = an_organisation("Mawingu Forum", acronym="MWF", website="https://mawingu.org")
    page = text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))
    for words in (
        "Mawingu Forum",
        "MWF acronym",
        "mawingu.org stated as its website",
        "Came onto the register",
        "Verified",
    ):
        assert words in page


def test_verify_suspend_and_reinstate(desk):
    organisation = an_organisation(verified=False, is_listed=True)
    for verb, words, standing in (
        ("verify", {}, "verified"),
        ("suspend", {"note": "Under review."}, "suspended"),
        ("reinstate", {"note": "All is well."}, "verified"),
    ):
        before = Organisation.objects.get(pk=organisation.pk)
        if words:
            assert step(desk, organisation, verb).status_code == 422
        assert step(desk, organisation, verb, **words).status_code == 302
        organisation.refresh_from_db()
        assert organisation.standing == standing
        assert organisation.revision > before.revision
        event = organisation.events.last()
        assert (event.verb, event.by.name) == (verb, "Chiara")
    assert "Under review." in text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))


def test_a_standing_that_changed_meanwhile_is_not_changed_again(desk):
    organisation = an_organisation()
    vetting.suspend(organisation, by=None, note="First.")
    answer = desk.post(
        f"{REGISTER}{organisation.pk}/step/suspend/", {"was": "verified", "note": "Second."}, follow=True
    )
    assert "Somebody changed this meanwhile: now it is “suspended”." in text_of(answer)
    assert organisation.events.filter(verb="suspend").count() == 1


def test_at_risk_takes_its_page_and_its_links_away_at_once(desk):
    organisation = an_organisation("Mawingu Forum")
    letter = an_endorsement(a_letter(), organisation).letter
    reader = Client()
    page, letter_page = organisation.get_absolute_url(), letter.get_absolute_url()
    assert reader.get(page).status_code == 200
    assert page in reader.get(letter_page).content.decode()
    before = Letter.objects.get(pk=letter.pk)
    assert describe(desk, organisation, at_risk="on", note="Threats since May.").status_code == 302
    assert reader.get(page).status_code == 404
    shown = reader.get(letter_page).content.decode()
    assert page not in shown
    assert "Mawingu Forum" in shown, "the signature under the letter stays as its signer chose"
    after = Letter.objects.get(pk=letter.pk)
    assert after.hidden_revision == after.revision == before.revision + 1
    event = organisation.events.last()
    assert (event.verb, event.code, event.by.name, event.note.text) == (
        "describe", "at_risk", "Chiara", "Threats since May.",
    )  # fmt: skip
    told = text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))
    assert "at risk" in told
    assert "Threats since May." in told
    describe(desk, organisation, at_risk=False)
    assert organisation.events.last().code == "safe"
    assert reader.get(page).status_code == 200
    assert page in reader.get(letter_page).content.decode()


def test_listed_shows_it_without_a_letter(desk):
    organisation = an_organisation()
    assert organisation not in Organisation.objects.public(timezone.now())
    describe(desk, organisation, is_listed="on")
    assert organisation in Organisation.objects.public(timezone.now())
    revision = Organisation.objects.get(pk=organisation.pk).revision
    again = describe(desk, organisation, is_listed="on")
    assert Organisation.objects.get(pk=organisation.pk).revision == revision, "nothing changed"
    assert "Nothing has changed." in text_of(again)


def test_details_are_changed_and_shown_with_an_event_and_anew(desk):
    organisation = an_organisation("Mawingu Forum", website="https://old.org", is_listed=True)
    page = organisation.get_absolute_url()
    assert "https://old.org" in text_of(Client().get(page))
    said = {"website": "mawingu.org", "scope": "regional", "kind": "network", "about": "Clouds.\r\nRivers."}
    assert describe(desk, organisation, **said, ecosoc_status="roster", ecosoc_since="1998").status_code == 302
    organisation.refresh_from_db()
    assert (organisation.website, organisation.about) == ("https://mawingu.org", "Clouds.\nRivers.")
    assert list(organisation.domains.values_list("name", "how")) == [("mawingu.org", "website")]
    event = organisation.events.last()
    assert (event.verb, event.code, event.by.name) == ("describe", "several", "Chiara")
    shown = text_of(Client().get(page))
    for words in ("https://mawingu.org", "Scope regional", "Kind network", "roster, since 1998", "Clouds."):
        assert words in shown
    describe(desk, organisation, kind="federation")
    assert organisation.events.last().code == "kind"


def test_a_country_is_corrected_and_letters_keep_what_they_print(desk):
    organisation = an_organisation("Mawingu Forum", country="KE")
    letter = a_letter()
    an_endorsement(letter, organisation)
    assert describe(desk, organisation, country="UG").status_code == 302
    organisation.refresh_from_db()
    assert (organisation.country, organisation.events.last().code) == ("UG", "country")
    assert "Country Uganda" in text_of(Client().get(organisation.get_absolute_url()))
    assert "Mawingu Forum Kenya" in text_of(Client().get(letter.get_absolute_url()))
    assert describe(desk, organisation, country="").status_code == 302
    assert Organisation.objects.get(pk=organisation.pk).country == ""


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"website": "javascript:alert(1)"}, "Enter a website like organisation.org"),
        ({"website": "https://a:b@x.org"}, "Enter a website like organisation.org"),
        ({"website": "x" * 400 + ".org"}, "Enter a website like organisation.org"),
        ({"kind": "k" * 81}, "Kind must be 80 characters or fewer"),
        ({"about": "a" * 2001}, "About must be 2,000 characters or fewer"),
        ({"ecosoc_status": "roster", "ecosoc_since": "1845"}, "Enter a year from 1946 to"),
        ({"ecosoc_status": "roster", "ecosoc_since": "9" * 5000}, "Enter a year from 1946 to"),
        ({"ecosoc_since": "1998"}, "Select the status that it has since that year"),
        ({"country": "QQ"}, "Select a country from the list"),
        ({"scope": "galactic"}, "Select a valid choice"),
    ],
)
def test_details_that_will_not_do_are_told_in_a_sentence(desk, said, sentence):
    organisation = an_organisation()
    answer = describe(desk, organisation, **said)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not organisation.events.filter(verb="describe").exists()


def test_changing_details_writes_nothing_else(desk, monkeypatch):
    """Somebody suspends it between the reading and the writing of the page."""
    organisation = an_organisation()
    prepare = OrganisationAdmin.prepare

    def meanwhile(self, subject):
        vetting.suspend(Organisation.objects.get(pk=subject.pk), by=None, note="Meanwhile.")
        prepare(self, subject)

    monkeypatch.setattr(OrganisationAdmin, "prepare", meanwhile)
    answer = describe(desk, organisation, at_risk="on")
    organisation.refresh_from_db()
    assert (organisation.standing, organisation.at_risk) == ("verified", False), "its refusal undoes all"
    assert "Somebody changed this meanwhile" in text_of(answer)


def test_a_verb_refuses_details_that_there_are_not():
    organisation = an_organisation()
    with pytest.raises(AttributeError):
        vetting.describe(organisation, by=None, colour="red")
    with pytest.raises(TypeError):
        vetting.describe(organisation, by=None, slug="other")


# Networks


def test_a_network_is_added_and_shown_on_both_pages_where_both_are_public(desk):
    section, network = an_organisation("Mawingu Kenya", is_listed=True), an_organisation("Mawingu World", acronym="MW")
    page, network_page = section.get_absolute_url(), network.get_absolute_url()
    assert step(desk, section, "join", network="mw", role="section").status_code == 302
    event = section.events.last()
    assert (event.verb, event.code, event.by.name) == ("join", network.public_id, "Chiara")
    told = text_of(desk.get(f"{REGISTER}{section.pk}/change/"))
    assert "Network added" in told
    assert "Mawingu World (section or chapter)" in told
    assert "Mawingu World" not in text_of(Client().get(page)), "the network is not public"
    kept = Client().get(page)["ETag"]
    describe(desk, network, is_listed="on")
    assert Client().get(page, headers={"If-None-Match": kept}).status_code == 200
    assert "Networks Mawingu World as its section or chapter" in text_of(Client().get(page))
    assert "Members, sections and chapters 1 Mawingu Kenya Kenya · section or chapter" in text_of(
        Client().get(network_page)
    )
    describe(desk, section, at_risk="on")
    assert "Mawingu Kenya" not in text_of(Client().get(network_page))
    describe(desk, section, at_risk=False)
    assert step(desk, section, "leave", network=network.pk).status_code == 302
    assert "Mawingu World" not in text_of(Client().get(page))
    assert [event.verb for event in section.events.all()][-1] == "leave"


def test_the_network_is_given_by_name_acronym_or_address_and_must_be_one(desk):
    section = an_organisation("Mawingu Kenya")
    one, two = an_organisation("Basin Union", country="KE"), an_organisation("Basin Union", country="UG")
    answer = step(desk, section, "join", network="Basin Union", role="member")
    assert answer.status_code == 422
    assert f"Basin Union ({two.slug})" in text_of(answer)
    for typed, sentence in (("", "Enter the name of the network"), ("Qqqq", "No organisation on the register")):
        answer = step(desk, section, "join", network=typed, role="member")
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    assert (
        step(desk, section, "join", network=f"https://x.org/en/organisations/{one.slug}/", role="member").status_code
        == 302
    )
    assert list(section.memberships.values_list("network", "role")) == [(one.pk, "member")]
    step(desk, section, "join", network=one.slug, role="section")
    assert list(section.memberships.values_list("network", "role")) == [(one.pk, "section")]


def test_networks_do_not_turn_in_a_circle():
    one, two = an_organisation(), an_organisation()
    vetting.join(one, by=None, network=two)
    for subject, network in ((two, one), (one, one)):
        with pytest.raises(NotAllowed):
            vetting.join(subject, by=None, network=network)
    with pytest.raises(NotAllowed):
        vetting.leave(two, by=None, network=one)


def test_nothing_else_can_be_typed_in(desk):
    organisation = an_organisation("Mawingu Forum", country="KE")
    desk.post(
        f"{REGISTER}{organisation.pk}/change/",
        {"standing": "suspended", "website": "https://x.org", "slug": "x"},
    )
    after = Organisation.objects.get(pk=organisation.pk)
    assert (after.standing, after.website, after.slug) == ("verified", organisation.website, organisation.slug)
    assert desk.get(f"{REGISTER}add/").status_code == 403
    assert desk.post(f"{REGISTER}{organisation.pk}/delete/", {"post": "yes"}).status_code == 403


def test_strangers_are_sent_to_the_sign_in(client):
    organisation = an_organisation()
    client.force_login(UserFactory())
    for address in (REGISTER, f"{REGISTER}{organisation.pk}/change/", f"{REGISTER}{organisation.pk}/step/verify/"):
        assert "/admin/login/" in client.get(address)["Location"]


def test_the_timeline_knows_every_step():
    assert set(OrganisationAdmin.told) == set(vetting.flow.steps)


def test_an_observer_cannot_verify_or_suspend():
    observer, moderator = a_moderator(a_letter(), role="observer"), a_moderator(a_letter())
    organisation = an_organisation(verified=False)
    with pytest.raises(NotAllowed):
        vetting.verify(organisation, by=observer)
    assert vetting.verify(organisation, by=moderator).standing == "verified"


@pytest.mark.parametrize("role", ["", "convener", "observer"])
def test_who_does_not_keep_the_register_sees_of_it_what_the_public_sees(client, role):
    letter = a_letter()
    known = an_organisation("Wells Union")
    an_endorsement(letter, known)
    hidden = an_organisation("Hidden Valley Cell")
    an_endorsement(a_letter(), hidden, visibility="confidential")
    client.force_login(a_moderator(letter, role) if role else UserFactory(staff=True))
    assert "Wells Union" in text_of(client.get(REGISTER))
    assert "Hidden Valley Cell" not in text_of(client.get(REGISTER))
    assert "Hidden Valley Cell" not in text_of(client.get(REGISTER, {"q": "cell"}))
    for address in (f"{REGISTER}{hidden.pk}/change/", f"{REGISTER}{hidden.pk}/history/"):
        assert client.get(address).status_code == 404
    step(client, known, "describe", at_risk="on")
    known.refresh_from_db()
    assert not known.at_risk


def test_no_question_in_the_address_tells_who_has_signed_in_confidence(client):
    hidden = an_organisation("Forum Mawingu", is_listed=True)
    an_endorsement(a_letter(), hidden, visibility="confidential")
    an_organisation("Amani Trust", is_listed=True)
    client.force_login(a_moderator(a_letter(), role="convener"))
    for asked in ("endorsements__isnull", "invitations__isnull", "import_lines__isnull", "corrections__isnull"):
        assert client.get(REGISTER, {asked: "False"}).status_code == 400
    assert "Forum Mawingu" in text_of(client.get(REGISTER, {"standing__exact": "verified", "at_risk__exact": "0"}))


def test_who_does_not_keep_the_register_sees_of_an_entry_what_the_public_sees(client, desk):
    forum, wells = an_organisation("Forum Mawingu", is_listed=True), an_organisation("Wells Union", is_listed=True)
    vetting.join(forum, by=None, network=wells, note="Their board is followed.")
    vetting.join(forum, by=None, network=an_organisation("Hidden Alliance", is_listed=True, at_risk=True))
    merging.merge(forum, gone := an_organisation("Old Hidden Name"), by=None, at=timezone.now())
    forum.names.filter(text=gone.name).delete()
    correcting.suggest(organisation=forum, words="It moved.")
    address = f"{REGISTER}{forum.pk}/change/"
    kept = text_of(desk.get(address))
    for words in ("Hidden Alliance", "Old Hidden Name", "Their board is followed.", "1 correction suggested"):
        assert words in kept
    client.force_login(a_moderator(a_letter(), role="convener"))
    seen = text_of(client.get(address))
    assert "Public page" in seen
    for words in ("Hidden", "followed", "correction", "Network added", "Another entry merged"):
        assert words not in seen


def test_a_nul_in_the_address_asks_nothing(desk):
    for asked in ("q", "standing__exact", "at_risk__exact", "p"):
        assert desk.get(REGISTER, {asked: "a\0b"})["Location"] == f"{REGISTER}?e=1"
        assert desk.get(f"{REGISTER}export/csv/", {asked: "a\0b"}).status_code == 404


def test_the_page_says_what_may_pose_as_something_else(desk):
    posing = an_organisation("\u0410mnesty", website="https://gr\u0435enpeace.org/")
    vetting.name_row(posing, "\u0405\u041e\u0421 Tibet", kind="alias").save()
    page = text_of(desk.get(f"{REGISTER}{posing.pk}/change/"))
    for words in (
        "“\u0410mnesty” mixes scripts in one word",
        "“\u0405\u041e\u0421 Tibet” has words that only look like Latin letters",
        "“gr\u0435enpeace.org” mixes scripts in one word",
    ):
        assert words in page
    assert page.count("mixes scripts") == 2, "its domain is that of its website"
    honest = an_organisation("Tibet 藏人", website="https://müller.de/")
    assert "mixes" not in text_of(desk.get(f"{REGISTER}{honest.pk}/change/"))


def test_a_moderator_checks_a_domain_and_drops_it_again(desk):
    organisation = an_organisation("Wells Union", website="https://wells.example")
    said = {"domain": "Office@Mail.Wells-Union.example", "note": "Its imprint says so."}
    assert step(desk, organisation, "check_domain", **said).status_code == 302
    domain = organisation.domains.get(how="checked")
    assert (domain.name, domain.verified_at is not None) == ("wells-union.example", True)
    page = text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))
    assert f"checked by a moderator {day(domain.verified_at)}" in page
    assert step(desk, organisation, "check_domain", domain="https://www.wells.example/about").status_code == 302
    assert set(organisation.domains.values_list("name", "how")) == {
        ("wells.example", "checked"),
        ("wells-union.example", "checked"),
    }
    step(desk, organisation, "check_domain", domain="wells.example")
    assert organisation.events.filter(verb="check_domain").count() == 2
    assert step(desk, organisation, "drop_domain", domain="wells.example").status_code == 302
    assert step(desk, organisation, "drop_domain", domain="wells.example").status_code == 422
    assert [event.verb for event in organisation.events.all()][-1] == "drop_domain"
    assert "Domain dropped by Chiara" in text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter a domain like organisation.org"),
        ("wells", "Enter a domain like organisation.org"),
        ("co.uk", "Enter a domain like organisation.org"),
        ("office@gmail.com", "Anybody can have an address or a page at gmail.com"),
        ("https://linktr.ee/wells", "Anybody can have an address or a page at linktr.ee"),
        ("[", "Enter a domain like organisation.org"),
    ],
)
def test_what_is_no_domain_of_one_organisation_is_refused_and_kept_as_typed(desk, typed, sentence):
    organisation = an_organisation("Wells Union")
    answer = step(desk, organisation, "check_domain", domain=typed, note="As they wrote.")
    assert answer.status_code == 422
    page = text_of(answer)
    assert sentence in page
    assert "As they wrote." in page
    assert answer.context["form"]["domain"].value() == typed
    assert not organisation.domains.exists()
    if typed:
        with pytest.raises(NotAllowed):
            vetting.check_domain(organisation, domain=typed.rpartition("@")[2], by=None)


def test_the_website_that_a_moderator_writes_down_is_verified_with_the_organisation(desk):
    verified, new = an_organisation("Wells Union"), an_organisation("Amani Trust", verified=False)
    for organisation in (verified, new):
        describe(desk, organisation, website="https://wells.example")
    assert verified.domains.get().verified_at is not None
    assert new.domains.get().verified_at is None
    assert step(desk, new, "verify").status_code == 302
    assert new.domains.get().verified_at is not None
