"""People with an account and the coalition's own details, at the desk; and what Django's admin is to be here."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import AdministratorsKeep, ModelAdmin
from coalition.models import SiteSettings, User

admin.site.site_header = admin.site.site_title = gettext_lazy("Desk")
admin.site.index_title = gettext_lazy("Desk")
admin.site.index_template = "admin/rooms.html"
admin.site.enable_nav_sidebar = False
# Roles are given per letter; Django's groups and their permissions are not asked.
admin.site.unregister(Group)

ADMINISTRATOR = {"is_superuser": gettext_lazy("administrator")}
ADMINISTRATOR_MAY = {"is_superuser": gettext_lazy("Gives accounts and roles, and has every role on every letter")}


class AddUserForm(BaseUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    is_staff = forms.BooleanField(
        label=gettext_lazy("May enter the desk"),
        help_text=gettext_lazy("What they see and do there comes from their roles on letters, given under Roles"),
        required=False,
        initial=True,
    )

    class Meta:
        model = User
        fields = ["email", "name", "is_staff", "is_superuser"]
        labels = ADMINISTRATOR
        help_texts = ADMINISTRATOR_MAY

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class ChangeUserForm(UserChangeForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = User
        fields = "__all__"
        labels = ADMINISTRATOR
        help_texts = ADMINISTRATOR_MAY

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name not in zoneinfo.available_timezones():
            raise forms.ValidationError(_("Enter a time zone like Europe/Paris"))
        return name


@admin.register(User)
class UserAdmin(AdministratorsKeep, DjangoUserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """People with an account. Who leaves is made inactive, and what they decided keeps their name."""

    form = ChangeUserForm
    add_form = AddUserForm
    add_form_template = None
    fieldsets = [
        (None, {"fields": ["email", "password", "name", "language", "time_zone"]}),
        (gettext_lazy("What they may do"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (gettext_lazy("Dates"), {"fields": ["joined_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "password1", "password2"]}),
        (gettext_lazy("What they may do"), {"fields": ["is_staff", "is_superuser"]}),
    ]
    readonly_fields = ["joined_at", "last_login"]
    list_display = ["email", "name", "is_staff", "is_superuser", "is_active"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = []
    show_facets = admin.ShowFacets.NEVER


@admin.register(SiteSettings)
class SiteSettingsAdmin(AdministratorsKeep, ModelAdmin[SiteSettings]):
    """One row, so its list is its page."""

    fields = ["name", "contact_email", "imprint"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request) and not SiteSettings.objects.exists()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = SiteSettings.objects.first()
        return (
            redirect("admin:coalition_sitesettings_change", row.pk)
            if row
            else redirect("admin:coalition_sitesettings_add")
        )

    def save_model(self, request: HttpRequest, obj: SiteSettings, form: Any, change: bool) -> None:
        """The revision rises, so that no page made before is taken for the present one."""
        obj.pk = 1
        obj.revision = F("revision") + 1 if change else 1
        obj.save()
