"""What the running provider knows: its tenant and applications, who is signed in, and what is switched on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from vestibule.clock import Clock
from vestibule.idp import mistakes, rotation
from vestibule.idp.apps import OidcClient, SamlApp
from vestibule.idp.conduct import Conduct
from vestibule.idp.identifiers import guid, secret
from vestibule.idp.keys import SigningKey
from vestibule.idp.people import People, Person
from vestibule.idp.rotation import Rotation
from vestibule.idp.saml_claims import NameId

T = TypeVar("T")
MOST = 2_000
"""How many sign-ins, sessions and codes are kept; the oldest are forgotten first."""
TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Options:
    """How the provider is started. `issuer` is that of SAML, `password` what everybody types (None: nothing)."""

    base_url: str = "http://127.0.0.1:8710"
    issuer: str | None = None
    password: str | None = None
    apps: tuple[SamlApp, ...] = ()
    clients: tuple[OidcClient, ...] = ()
    conduct: Conduct = field(default_factory=Conduct)
    mistakes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """An application that a session signed somebody in to."""

    app: SamlApp
    name_id: NameId
    session_index: str


@dataclass(slots=True)
class Session:
    """A browser that somebody is signed in with."""

    id: str
    person_id: str
    since: int
    participants: list[Participant] = field(default_factory=list[Participant])


class State:
    """Everything that changes while the provider runs."""

    def __init__(self, people: People, options: Options, clock: Clock) -> None:
        self.people = people
        self.options = options
        self.base_url = options.base_url.rstrip("/")
        self.conduct = options.conduct
        self.extra_offset = 0
        self.apps: dict[str, SamlApp] = {}
        self.clients: dict[str, OidcClient] = {}
        self.sessions: dict[str, Session] = {}
        self.flows: dict[str, object] = {}
        self.codes: dict[str, object] = {}
        self.grants: dict[str, object] = {}
        self.last_answers: dict[tuple[str, str], bytes] = {}
        self._clock = clock
        self._rotations: dict[str, Rotation] = {}
        self.chosen: tuple[str, ...] = ()
        self.choose(options.mistakes)
        for app in options.apps:
            self.apps[app.id] = app
        for client in options.clients:
            self.clients[client.id] = client

    def now(self) -> int:
        """What the provider's own clock says: the true time, and what it is off by."""
        return self.true_now() + self.extra_offset + self.conduct.clock_offset

    def true_now(self) -> int:
        """What the clock that was given says."""
        return self._clock.now()

    def choose(self, names: Iterable[str]) -> None:
        """Switch on these mistakes and no others. Raises UnknownMistake and then changes nothing."""
        chosen = tuple(names)
        self.conduct = mistakes.apply(self.options.conduct, chosen)
        self.chosen = chosen

    @property
    def issuer(self) -> str:
        """The entity id of SAML, with its slash at the end."""
        return self.options.issuer or f"https://sts.windows.net/{self.people.tenant_id}/"

    @property
    def home_url(self) -> str:
        """Where the tenant's endpoints begin."""
        return f"{self.base_url}/{self.people.tenant_id}"

    def app_of(self, entity_id: str) -> SamlApp | None:
        """The application of an identifier, compared to the letter; `spn:` before it is Entra's own."""
        return next((app for app in self.apps.values() if entity_id in (app.entity_id, f"spn:{app.entity_id}")), None)

    def may_use(self, person: Person) -> bool:
        """Whether somebody is assigned to the applications."""
        return person.assigned and self.conduct.assigned

    def rotation(self, label: str) -> Rotation:
        """The certificates of an application (its id), or of the TENANT."""
        if label not in self._rotations:
            self._rotations[label] = rotation.fresh(label, self.true_now())
        return self._rotations[label]

    def turn(self, what: str) -> None:
        """`roll`, `activate` or `expire` the certificates of the tenant and of every application."""
        for label in (TENANT, *self.apps):
            held = self.rotation(label)
            now = self.true_now()
            turned = {"roll": held.roll, "activate": held.activate, "expire": held.expire}[what](now)
            self._rotations[label] = turned

    def published(self, label: str) -> tuple[SigningKey, ...]:
        """The certificates that metadata and the key set list."""
        held = self.rotation(label)
        if self.conduct.key == "rolled" and held.upcoming is None:
            held = self._rotations[label] = held.roll(self.true_now())
        if self.conduct.key == "expired":
            return (rotation.expired(f"{label} {held.number}", self.true_now()), *held.published[1:])
        return held.published

    def signer(self, label: str) -> SigningKey:
        """The key that signs now, as the conduct says."""
        now = self.true_now()
        match self.conduct.key:
            case "unpublished":
                return rotation.unpublished(label, now)
            case "rolled":
                self.published(label)
                return self.rotation(label).upcoming or self.rotation(label).active
            case "expired":
                return self.published(label)[0]
            case "active":
                return self.rotation(label).signer(now)

    def sign_in(self, person: Person) -> Session:
        """A new session."""
        session = Session(secret(), person.id, self.now())
        keep(self.sessions, session.id, session)
        return session

    def open_flow(self, flow: object) -> str:
        """Keep a sign-in that waits for somebody to say who they are; its name goes into the form."""
        name = guid()
        keep(self.flows, name, flow)
        return name


def keep(into: dict[str, T], key: str, value: T) -> None:
    """Put something in and forget the oldest beyond MOST."""
    into[key] = value
    while len(into) > MOST:
        del into[next(iter(into))]
