"""A recorded sign-in, read for its story: whatever the facts hold, nothing here raises."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from vestibule.explain.entry import Do, Entry, Evidence, Explanation, Fix
from vestibule.model import Exchange

SIGN_IN: Final = "SignIn"
"""The `resource_type` of a recorded sign-in."""

AGAINST: Final = "vestibule explain --saml-response FILE --connection CONNECTION_ID"
"""The command that holds a pasted response against a connection."""
OIDC: Final = "--issuer URL --client-id ID --client-secret-file FILE"
"""The options that set an OpenID Provider; they go together."""

_IDPS: Final = {
    "entra": "Microsoft Entra ID",
    "okta": "Okta",
    "google": "Google Workspace",
    "adfs": "AD FS",
    "keycloak": "Keycloak",
    "onelogin": "OneLogin",
    "jumpcloud": "JumpCloud",
    "ping": "Ping Identity",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 300

NOT_SET_UP: Final = (
    "Your organisation's sign-in does not fit this application yet; please send your administrator the code below."
)
AGAIN: Final = "This sign-in could not be finished; please go back to the application and sign in again."
MUST_PROVE: Final = (
    "Please prove your e-mail address, or ask your administrator to approve your first sign-in; then you can sign in."
)
ASK_ACCESS: Final = "You have no access to this application yet; please ask your administrator for it."


@dataclass(frozen=True, slots=True)
class SignIn:
    """The facts of one sign-in."""

    exchange: Exchange

    @property
    def connection(self) -> str:
        """The connection's id, for commands."""
        return self.exchange.connection_id or "CONNECTION_ID"

    @property
    def protocol(self) -> str | None:
        """`saml`, `oidc`, or None where it is not known."""
        return self.text("protocol")

    @property
    def idp(self) -> str:
        """The kind of identity provider, `generic` where it is not known."""
        named = self.text("idp")
        return named if named in _IDPS else "generic"

    @property
    def idp_name(self) -> str:
        """What the identity provider is called in a sentence."""
        return _IDPS.get(self.idp, "the identity provider")

    @property
    def idp_capital(self) -> str:
        """What it is called at the beginning of a sentence."""
        name = self.idp_name
        return name[0].upper() + name[1:]

    @property
    def who(self) -> str:
        """Whom it was about: a userName or a NameID, be it by the unverified response's own word."""
        return as_text(self.exchange.target) or as_text(self.part("untrusted").get("name_id")) or "Somebody"

    @property
    def notes(self) -> list[tuple[str, Mapping[str, Any]]]:
        """What was noteworthy about the claims: code and facts, the weightiest first."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        for each in self.items("notes"):
            note = as_mapping(each)
            if isinstance(code := note.get("code"), str):
                found.append((code, as_mapping(note.get("facts"))))
        return found

    def note(self, code: str) -> Mapping[str, Any] | None:
        """The facts of one note, None if it was not made."""
        return next((facts for each, facts in self.notes if each == code), None)

    def fact(self, name: str) -> Any:
        """A fact as it is."""
        return self.exchange.facts.get(name)

    def claimed(self, name: str) -> Any:
        """A fact, or what the unverified response says of itself under that name."""
        found = self.fact(name)
        return self.part("untrusted").get(name) if found is None else found

    def text(self, name: str) -> str | None:
        """A fact that is a text; a list is told with commas."""
        return as_text(self.fact(name))

    def items(self, name: str) -> list[Any]:
        """A fact that is a list, else an empty one."""
        return as_list(self.fact(name))

    def part(self, name: str) -> Mapping[str, Any]:
        """A fact that is an object, else an empty one."""
        return as_mapping(self.fact(name))

    def seconds(self, name: str = "seconds") -> str:
        """A fact that is a number of seconds, in words."""
        value = self.fact(name)
        return duration(value) if isinstance(value, int | float) else "some time"

    def set(self, options: str) -> str:
        """The command that changes a setting of the connection."""
        return f"vestibule connection set {self.connection} {options}"

    def bracketed(self, *names: str) -> str:
        """Those of some facts that are there, in brackets behind a space; nothing if none is."""
        found = "; ".join(f"{name}: {text}" for name in names if (text := self.text(name)))
        return f" ({found})" if found else ""

    def evidence(self, label: str) -> tuple[Evidence, ...]:
        """Expected and received, as the refusal recorded them."""
        return (Evidence(label, self.text("expected"), self.text("received") or self.text("found")),)


def story(
    *codes: str,
    tell: Callable[[SignIn], Explanation],
    errors: tuple[str, ...] | None = None,
    when: Callable[[SignIn], bool] | None = None,
) -> Entry:
    """An entry for sign-ins that ended with one of `errors` (else of `codes`), if `when` holds too."""
    ends = frozenset(codes if errors is None else errors)

    def fits(exchange: Exchange) -> bool:
        refused = exchange.resource_type == SIGN_IN and exchange.error in ends
        return refused and (when is None or when(SignIn(exchange)))

    return Entry(codes[0], fits, lambda exchange: tell(SignIn(exchange)), codes)


def clipped(text: str) -> str:
    """A text short enough for a sentence."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def as_text(value: Any) -> str | None:
    """A value for a sentence; None for nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (as_text(each) for each in cast("list[Any]", value)[:10]))) or None
    return clipped(str(value))


def as_list(value: Any) -> list[Any]:
    """A list, empty for anything else."""
    return list(cast("list[Any]", value)) if isinstance(value, list | tuple) else []


def as_mapping(value: Any) -> Mapping[str, Any]:
    """An object, empty for anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def lowered(sentence: str) -> str:
    """A sentence to stand behind a colon: without its full stop and its capital, unless that is a name's."""
    first = sentence.partition(" ")[0]
    plain = sentence if not first[1:].islower() and len(first) > 1 else sentence[:1].lower() + sentence[1:]
    return plain.rstrip(".")


def quoted(values: Any) -> str:
    """Names between backticks with commas, `nothing` for none."""
    found = [as_text(each) for each in (as_list(values) or [values])]
    return ", ".join(f"`{each}`" for each in found[:10] if each) or "nothing"


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 seconds, 10 minutes, 3 hours, 12 days."""
    count = int(seconds)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if count >= 2 * size or (count >= size and count % size == 0):
            return _counted(count // size, unit)
    return _counted(count, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def day(instant: Any) -> str:
    """Microseconds as a day, e.g. 2026-11-24; `an unknown day` for anything else."""
    try:
        return f"{_EPOCH + timedelta(microseconds=int(instant)):%Y-%m-%d}"
    except (TypeError, ValueError, OverflowError):
        return "an unknown day"


def word(value: Any) -> str:
    """A value as one word of a command: what came from outside may hold anything."""
    return shlex.quote(str(value))


def mend(label: str, command: str | None = None, operation: str | None = None, **arguments: Any) -> Fix:
    """Something for the operator; with `operation` what `vestibule.fixing` does of itself, and its arguments."""
    return Fix(label, "operator", command, None if operation is None else Do(operation, arguments))


def at_idp(label: str) -> Fix:
    """Something for the customer's admin, at the identity provider."""
    return Fix(label, "customer")
