"""The settings of the project. `BENCH_DATABASE` is the path of the SQLite file."""

import os

SECRET_KEY = "bench"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.peers.apps.django_people.urls"
WSGI_APPLICATION = "bench.peers.apps.django_people.wsgi.application"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_scim",
    "bench.peers.apps.django_people",
]
MIDDLEWARE = ["bench.peers.apps.django_people.bearer.BearerMiddleware"]
AUTH_USER_MODEL = "django_people.User"
# Tables are made straight from the models.
MIGRATION_MODULES = {"contenttypes": None, "auth": None, "django_people": None}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING_CONFIG = None
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BENCH_DATABASE"],
        "CONN_MAX_AGE": None,
        # As durable as ours, and a writer waits for the one before it instead of failing.
        "OPTIONS": {
            "timeout": 60,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        },
    }
}
SCIM_SERVICE_PROVIDER = {
    "NETLOC": "127.0.0.1",
    "SCHEME": "http",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token."}],
    "EXPOSE_SCIM_EXCEPTIONS": True,
    "GROUP_MODEL": "bench.peers.apps.django_people.models.Group",
    "USER_FILTER_PARSER": "bench.peers.apps.django_people.filters.UserFilter",
    "GROUP_FILTER_PARSER": "bench.peers.apps.django_people.filters.GroupFilter",
}
