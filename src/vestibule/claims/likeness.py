"""Which of the names that came look like the one that did not."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import islice

_MEANINGS = {
    "email": "email mail emailaddress mailaddress useremail usermail workemail primaryemail smtp",
    "givenName": "givenname firstname first given userfirstname forename",
    "familyName": "familyname lastname last surname sn userlastname family",
    "displayName": "displayname name fullname commonname cn",
    "userName": "username upn userprincipalname preferredusername uniquename login uid name samaccountname",
    "externalId": "externalid oid objectidentifier objectid objectguid uid employeeid immutableid sub",
    "groups": "groups group memberof member ismemberof groupmembership",
}
_OIDS = {
    "0.9.2342.19200300.100.1.1": "uid",
    "0.9.2342.19200300.100.1.3": "mail",
    "1.2.840.113549.1.9.1": "email",
    "1.3.6.1.4.1.5923.1.1.1.6": "upn",
    "1.3.6.1.4.1.5923.1.5.1.1": "ismemberof",
    "2.16.840.1.113730.3.1.241": "displayname",
    "2.5.4.3": "cn",
    "2.5.4.4": "sn",
    "2.5.4.42": "givenname",
}
_SYNONYMS = {attribute: frozenset(words.split()) for attribute, words in _MEANINGS.items()}
_ALIKE = 0.75
_MOST_NAMES = 200


def short_name(claim: str) -> str:
    """The last part of a claim's name in small letters: `mail` of `urn:oid:0.9.2342.19200300.100.1.3`."""
    if claim.startswith("urn:oid:"):
        return _OIDS.get(claim.removeprefix("urn:oid:"), claim)
    return re.sub(r"[^a-z0-9]", "", re.split(r"[/#:]", claim.rstrip("/"))[-1].lower())


def means(claim: str, attribute: str) -> bool:
    """Whether a claim's name is a usual one for the attribute, in whatever namespace or spelling."""
    return short_name(claim) in _SYNONYMS.get(attribute, ())


def nearest(attribute: str, sources: Iterable[str], came: Iterable[str]) -> tuple[str, ...]:
    """Up to three of the names that came, the likest first; those of no likeness are left out."""
    wanted = [*map(short_name, sources), short_name(attribute)]
    scored = [(_score(attribute, wanted, name), name) for name in islice(came, _MOST_NAMES)]
    ranked = sorted((each for each in scored if each[0] >= _ALIKE), key=lambda each: -each[0])
    return tuple(name for _, name in ranked[:3])


def _score(attribute: str, wanted: list[str], name: str) -> float:
    short = short_name(name)
    if short in wanted:
        return 2.0
    if short in _SYNONYMS.get(attribute, ()):
        return 1.5
    return max(SequenceMatcher(None, each, short[:80]).ratio() for each in wanted)
