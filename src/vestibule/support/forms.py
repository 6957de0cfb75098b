"""What is nobody's: the words of SCIM, our ids, and forms that no person's value has. All else may be somebody's."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from vestibule.scim.group_schema import GROUP_SCHEMA
from vestibule.scim.schema import COMMON, Attribute, Schema
from vestibule.scim.scopes import SCOPES
from vestibule.scim.user_schema import ENTERPRISE_SCHEMA, USER_SCHEMA

ID: Final = r"[a-z]{3}_[0-9a-z]{26}"
INSTANT: Final = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?"
URN: Final = r"urn:[\w.:\-]+"
NAME: Final = re.compile(rf"\$?[a-z][\w$\-]*|{URN}", re.IGNORECASE)
"""The form of an attribute's name (RFC 7643 section 2.1), or of a schema's."""
PATH: Final = re.compile(rf"\.?\$?[a-z][\w$\-]*(?:\.\$?[a-z][\w$\-]*)*|{URN}(?:\.\w+)?", re.IGNORECASE)
"""The form of a way to an attribute, e.g. `name.givenName`, or of the rest of one, e.g. `.value`."""
_NOBODYS: Final = re.compile(rf"{ID}|true|false|", re.IGNORECASE)
_STANDARD: Final = r"urn:(?:ietf:params|oasis:names):[\w.:\-]+"
_MEDIA: Final = r"(?:application|text|multipart)/(?:[a-z]+\+)?(?:json|xml|plain|html|csv|form-data)|gzip|br|deflate"
_OF_A_FACT: Final = re.compile(rf"{ID}|{INSTANT}|{_STANDARD}|W/\"\d+\"|\d{{1,3}}|{_MEDIA}|true|false|", re.IGNORECASE)
OPERATORS: Final = frozenset({"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"})
JOINING: Final = frozenset({"and", "or", "not", "pr"})
COLLECTIONS: Final = frozenset(
    {
        "users", "groups", "me", "bulk", "schemas", "resourcetypes", "serviceproviderconfig", ".search", "scim", "v2",
        "connections", "",
    }
)  # fmt: skip
_KINDS: Final = frozenset(
    {"work", "home", "other", "mobile", "fax", "pager", "photo", "thumbnail", "direct", "indirect"}
)
_VERBS: Final = frozenset({"add", "remove", "replace", "get", "put", "post", "patch", "delete", "head"})


def _names(attributes: Iterable[Attribute]) -> Iterable[str]:
    for each in attributes:
        yield each.name.lower()
        yield from _names(each.sub_attributes)


def _words(schemas: Iterable[Schema]) -> Iterable[str]:
    for each in schemas:
        yield each.id.lower()
        yield from _names(each.attributes)


WORDS: Final = frozenset(
    {
        *_words([USER_SCHEMA, ENTERPRISE_SCHEMA, GROUP_SCHEMA]),
        *_names(COMMON),
        *SCOPES,
        *OPERATORS,
        *JOINING,
        *COLLECTIONS,
        *_VERBS,
        *_KINDS,
    }
    | {"operations", "op", "path", "value", "user", "group", "resources", "password", "filter", "bulkid", "ascending"}
    | {"descending", "true", "false", "null", "oauthbearertoken"}
)
"""Names of attributes and of schemas, operators, scopes, kinds of addresses; in lower case."""
TECHNICAL: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(form, re.IGNORECASE)
    for name, form in {
        "schemas": URN,
        "id": ID,
        "op": "|".join(_VERBS),
        "method": "|".join(_VERBS),
        "type": "|".join({*_KINDS, "User", "Group", "oauthbearertoken"}),
        "primary": "true|false",
        "active": "true|false",
        "resourcetype": r"User|Group|Schema|ResourceType|ServiceProviderConfig",
        "created": INSTANT,
        "lastmodified": INSTANT,
        "version": r'W/"\d+"',
        "status": r"\d{3}",
        "scimtype": r"[a-z]{4,20}",
        "got": "|".join(SCOPES),
        "need": "|".join(SCOPES),
        "selection": "|".join(SCOPES),
    }.items()
}
"""Members of a body that are nobody's, and the form that they have then; in another form they may hold anything."""
COUNTS: Final = frozenset(
    {
        "totalresults", "startindex", "itemsperpage", "status", "count", "maxresults", "maxoperations",
        "maxpayloadsize", "failonerrors", "defaultpagesize", "maxpagesize", "cursortimeout",
    }
)  # fmt: skip
"""Members of a body whose numbers are nobody's."""
FACTS: Final = frozenset(
    {
        "aadsts", "alg", "algorithm", "allow", "allowed", "asks", "attribute", "claim", "claims", "code", "dialect",
        "domain", "element", "error", "error_code", "fault", "fetch", "field", "fingerprint", "got", "guard", "guess",
        "how", "idp", "key", "kid", "kind", "known", "last_four", "limit", "linked", "login", "match", "member",
        "members", "nearest", "need", "of", "offered", "parameter", "policy", "presented", "problem",
        "protocol", "quirk", "reason", "remap", "resource_type", "scheme", "scope", "seal", "session", "setting",
        "sources", "test_id", "ticket", "tolerated", "typ", "used_for", "verification",
        "verified_by", "wanted", "what", "where",
    }
)  # fmt: skip
"""Facts that name nobody: codes, scopes, ids that we gave, names of attributes and claims, mail domains."""


def is_nobodys(value: str) -> bool:
    """Of what was sent: our ids, yes and no, nothing."""
    return _NOBODYS.fullmatch(value.strip()) is not None


def is_fact(value: str) -> bool:
    """Of what the server noted: instants, small numbers, schemas, ETags as well."""
    return _OF_A_FACT.fullmatch(value.strip()) is not None
