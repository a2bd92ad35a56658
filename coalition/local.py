"""The environment of a local run and of the tests: their variables and keys. Standard library only."""

import base64
import os
import secrets
from pathlib import Path

ADMINISTRATOR = "admin@coalition.example"


def for_run(root: Path, port: int) -> dict[str, str]:
    """The variables of `make run`: the settings of one person trying things out on one machine."""
    return {
        "COALITION_LOCAL": "1",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "DEFAULT_FROM_EMAIL": "letters@coalition.example",
        **kept(root / ".local" / "keys", fresh_keys()),
    }


def for_tests() -> dict[str, str]:
    """The variables of the tests and checks; their keys are new each time and never those of a run."""
    return {
        "COALITION_LOCAL": "1",
        "SITE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "DEFAULT_FROM_EMAIL": "letters@coalition.example",
        "CONN_MAX_AGE": "0",
        **fresh_keys(),
    }


def fresh_keys() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),  # the form of a Fernet key
        "DIGEST_KEY": secrets.token_urlsafe(48),
    }


def sign_in(root: Path) -> dict[str, str]:
    """Who the sample administrator is; the same at every run."""
    return kept(root / ".local" / "sign-in", {"EMAIL": ADMINISTRATOR, "PASSWORD": secrets.token_hex(8)})


def kept(file: Path, fresh: dict[str, str]) -> dict[str, str]:
    """The values in this file, or fresh ones, then kept there: a line each, readable by nobody else."""
    lines = file.read_text().splitlines() if file.exists() else []
    values = fresh | dict(line.split("=", 1) for line in lines if "=" in line)
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as text:
        text.writelines(f"{name}={value}\n" for name, value in values.items())
    draft.replace(file)
    return values
