"""What people do at the desk, and what they are told."""

from __future__ import annotations

import re

from django.contrib.messages import get_messages
from django.test import Client

from letters.models import Endorsement

QUEUE = "/admin/letters/endorsement/"
LETTERS = "/admin/letters/letter/"


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(endorsement) -> str:
    return f"{QUEUE}{endorsement.pk}/change/"


def step(client, endorsement, verb, was=None, **said):
    """Presses a button on the page of an endorsement, as it stood there."""
    was = was or Endorsement.objects.get(pk=endorsement.pk).status
    return client.post(f"{QUEUE}{endorsement.pk}/step/{verb}/", {"was": was, **said})


def tick(client, verb, *endorsements, query=""):
    return client.post(f"{QUEUE}{query}", {"action": verb, "_selected_action": [e.pk for e in endorsements]})


def confirm(client, verb, page, **said):
    """Presses the button of the page in between, with the rows that it lists."""
    rows = re.findall(r'name="row" value="([^"]+)"', page.content.decode())
    return client.post(f"{QUEUE}bulk/{verb}/", {"row": rows, **said})


def said(response) -> str:
    return " | ".join(str(message) for message in get_messages(response.wsgi_request))


def names(response) -> list[str]:
    return [row.endorsement.printed_name for row in response.context["cl"].rows]
