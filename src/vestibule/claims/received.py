"""What came from the identity provider, in one shape for both protocols."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

Protocol = Literal["saml", "oidc"]

SUBJECT = "NameID"
"""The source that stands for the subject of an assertion."""
SUB = "sub"
"""The source that stands for the subject of an ID token, as it was sent."""

_ENTRA = frozenset(
    {
        "sts.windows.net",
        "sts.chinacloudapi.cn",
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
    }
)
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Received:
    """What one sign-in brought: the verified issuer and subject, and every claim by its name on the wire.

    `subject_format` is the Format URI of a NameID, None where there is none. `values` keeps order and spaces as
    they came; an attribute without a value is an empty tuple, which is not the same as an absent one.
    """

    protocol: Protocol
    issuer: str
    subject: str
    subject_format: str | None
    values: Mapping[str, tuple[str, ...]]

    @property
    def from_entra(self) -> bool:
        """Whether Microsoft Entra issued it."""
        host = self.issuer.removeprefix("https://").partition("/")[0]
        return host in _ENTRA or host.endswith(".ciamlogin.com")

    def bringing(self, value: str) -> str | None:
        """The first source that brought this value and no other, compared without case and without space around it."""
        wanted = value.strip().lower()
        came = {SUBJECT if self.protocol == "saml" else SUB: (self.subject,), **self.values}
        found = (name for name, values in came.items() if [each.strip().lower() for each in values] == [wanted])
        return next(found, None) if wanted else None

    def find(self, source: str) -> tuple[str, tuple[str, ...]] | None:
        """The name under which a source came, with its values; None when it did not come.

        Exact first; a well-known short name also in other case, for some senders write `Email`.
        """
        if source == SUBJECT or (source == SUB and SUB not in self.values):
            return (source, (self.subject,)) if self.subject else None
        if source in self.values:
            return source, self.values[source]
        wanted = source.lower()
        if wanted not in SHORT_NAMES:
            return None
        return next(((name, values) for name, values in self.values.items() if name.lower() == wanted), None)


SHORT_NAMES = frozenset(
    {
        "displayname",
        "email",
        "emailaddress",
        "family_name",
        "familyname",
        "first_name",
        "firstname",
        "given_name",
        "givenname",
        "group",
        "groups",
        "last_name",
        "lastname",
        "mail",
        "member",
        "memberof",
        "name",
        "nickname",
        "preferred_username",
        "role",
        "roles",
        "surname",
        "unique_name",
        "upn",
        "uid",
        "user.email",
        "user.firstname",
        "user.lastname",
        "username",
    }
)
"""Short claim names that are compared without case. URIs and all other names are compared exactly."""


def from_saml(
    issuer: str, name_id: str, name_id_format: str | None, attributes: Mapping[str, tuple[str, ...]]
) -> Received:
    """What a verified assertion says. Attributes of one name are merged before they get here."""
    return Received("saml", issuer, name_id, name_id_format, attributes)


def from_oidc(issuer: str, subject: str, claims: Mapping[str, Any]) -> Received:
    """What a verified ID token says, with the answer of UserInfo laid beneath it by the caller if it asked.

    Objects are flattened with dots: `realm_access.roles`, `_claim_names.groups`. True is `true`; null is absent.
    """
    return Received("oidc", issuer, subject, None, dict(_flat("", claims, 0)))


def _flat(prefix: str, claims: Mapping[str, Any], depth: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in claims.items():
        path = prefix + name
        if isinstance(value, dict):
            if depth < _DEEPEST:
                yield from _flat(f"{path}.", cast("dict[str, Any]", value), depth + 1)
        elif isinstance(value, list):
            texts = (_text(each) for each in cast("list[Any]", value))
            yield path, tuple(text for text in texts if text is not None)
        elif (text := _text(value)) is not None:
            yield path, (text,)


def _text(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return None
