"""django-scim2 (PyPI): endpoints over the models of a Django project, here on SQLite.

0.23 needs Django 5.2 or 6.0: the lock takes 5.2 (LTS) on Python 3.11 and 6.0 from 3.12 on.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.peers.python_peer import ROOT, gunicorn, version
from bench.processes import command
from bench.target import Service, Traits

THREADS = 4
_PROJECT = "bench.peers.apps.django_people"


class DjangoScim2:
    """A minimal project. The library takes no members when a group is made, and no filtered path to remove one."""

    name = "django-scim2"

    @property
    def traits(self) -> Traits:
        """See Target."""
        return Traits(
            self.name,
            "durable",
            f"{version('django-scim2')} (Django {version('django')})",
            "SQLite, WAL, synchronous=FULL",
            f"a minimal Django project, gunicorn gthread 1 x {THREADS}",
            takes_members_on_post=False,
            removes_by_value=True,
        )

    @asynccontextmanager
    async def start(self, scratch: Path) -> AsyncGenerator[Service]:
        """See Target."""
        env = {
            "DJANGO_SETTINGS_MODULE": f"{_PROJECT}.settings",
            "BENCH_DATABASE": str(scratch / "django.db"),
            "PYTHONPATH": ROOT,
        }
        tables = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
        command(tables, cwd=scratch, env=env, what="django migrate")
        with gunicorn(f"{_PROJECT}.wsgi:application", THREADS, "/scim/v2", scratch, env) as service:
            yield service
