"""All peers, in the order in which they are measured."""

from bench.peers.django_scim2 import DjangoScim2
from bench.peers.polis import Polis
from bench.peers.scim2_server import Scim2Server
from bench.peers.scimmy import Scimmy
from bench.postgres import Postgres
from bench.target import Target


def every_peer(postgres: Postgres | None) -> list[Target]:
    """Those that can be tried here; whether they can be installed is seen when they start."""
    return [Scim2Server(), DjangoScim2(), Scimmy(), Polis(postgres)]
