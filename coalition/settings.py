"""Settings, by topic, from the environment, safe by default."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def needed(name: str, how: str) -> str:
    """The value of a variable that has no safe default, or an error that says how to set it."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {how}")
    return value


# Where we are

#: One machine, one person trying things out: sample password, mail readable at /outbox/, short waits.
COALITION_LOCAL = env.bool("COALITION_LOCAL", default=False)
DEBUG = False

#: The address people see; links in mails are made from it and never from a request.
SITE_URL = needed("SITE_URL", "Set it to the public address, for example https://letters.example.org").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname or ""])
LOOPBACK = {"localhost", "127.0.0.1", "[::1]", "testserver"}
if COALITION_LOCAL and not LOOPBACK.issuperset(ALLOWED_HOSTS):
    raise ImproperlyConfigured(
        "COALITION_LOCAL=1 is for one machine only, but ALLOWED_HOSTS names a public host. Unset one of the two."
    )

# Keys

SECRET_KEY = needed("SECRET_KEY", "Make one with: openssl rand -base64 48")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
#: Fernet keys of the encrypted columns, newest first.
FIELD_KEYS = needed("FIELD_KEYS", "Make one with: openssl rand -base64 32 | tr '+/' '-_'").split(",")
#: Key of the digests by which an e-mail address is found again.
DIGEST_KEY = needed("DIGEST_KEY", "Make one with: openssl rand -base64 48")

# What it is made of

INSTALLED_APPS = [
    "letters",
    "signatories",
    "coalition",
    "coalition.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "crispy_forms",
    "django_htmx",
    "csp",
    "pgtrigger",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "coalition.middleware.Headers",
    "coalition.middleware.ClientAddress",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "coalition.urls"
WSGI_APPLICATION = "coalition.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coalition.context.site",
            ],
        },
    }
]

CRISPY_TEMPLATE_PACK = "paper"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["paper"]

# Data

_database = env.db_url_config(needed("DATABASE_URL", "For example postgres://user:password@host/coalition"))
DATABASES = {
    "default": _database
    | {
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        # Our queries are over before compiling them would pay.
        "OPTIONS": {"options": "-c jit=off", **_database.get("OPTIONS", {})},
    }
}
CACHES = {
    # Pages by their revision: a key is never reused, so each process may keep its own.
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "TIMEOUT": 3600,
        "OPTIONS": {"MAX_ENTRIES": 500},
    }
}

# People

AUTH_USER_MODEL = "coalition.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Languages and time

#: The six languages of the United Nations, for the interface; a letter may be in any language.
LANGUAGES = [
    ("en", _("English")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("ar", _("Arabic")),
    ("zh-hans", _("Simplified Chinese")),
    ("ru", _("Russian")),
]
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "coalition" / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# Safety

SECURE = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE and env.bool("SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.int("TRUSTED_PROXY_COUNT", default=0) else None
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "coalition.views.forged"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
#: How many proxies stand in front of us; the client's address is taken from that hop and no other.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
#: The texts of a letter in several languages are posted together.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1536 * 1024

# Files

STATIC_URL = "static/"
# Locally nothing is collected: files are served from where they lie.
STATIC_ROOT = None if COALITION_LOCAL else BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "coalition" / "static"]
MEDIA_ROOT = env.path("MEDIA_ROOT", default=BASE_DIR / ".local" / "files")()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if COALITION_LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = COALITION_LOCAL

# Mail

DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="letters@localhost")
OUTBOX = env.path("OUTBOX", default=BASE_DIR / ".local" / "outbox")()
if COALITION_LOCAL:
    EMAIL_BACKEND = "coalition.outbox.EmailBackend"
else:
    vars().update(env.email_url_config(needed("EMAIL_URL", "For example smtp+tls://user:password@host:587")))
EMAIL_TIMEOUT = 20
#: Seconds before a decision is mailed, in which it can be undone.
DECISION_MAIL_DELAY = 5 if COALITION_LOCAL else 600

# Logs

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"discreet": {"()": "coalition.logs.Discreet"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["discreet"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}
