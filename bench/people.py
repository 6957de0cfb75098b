"""The people and groups that are provisioned: the same ones in every run, in the shape that Entra sends."""

from typing import Any

import orjson

from bench.calls import Call

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_GIVEN = ("Ana", "Björn", "Chidi", "Dana", "Emre", "Freja", "Giulia", "Hiro", "Inés", "Jonas", "Kavya", "Lucía")
_FAMILY = ("Åkesson", "Brown", "Costa", "Dubois", "Eze", "Fischer", "García", "Hansen", "Ito", "Jansen", "Kaya")
_DEPARTMENTS = ("Engineering", "Finance", "Legal", "Marketing", "Operations", "People", "Sales", "Support")


def user_name(number: int, prefix: str = "person") -> str:
    """The userName of a person."""
    return f"{prefix}.{number:07d}@bench.example.com"


def external_id(number: int, prefix: str = "person") -> str:
    """The externalId of a person, about as long as Entra's object ids."""
    return f"{prefix}-0000-4000-8000-{number:012d}"


def person(number: int, prefix: str = "person") -> dict[str, Any]:
    """A person's resource, about 1 kB as JSON."""
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number // len(_GIVEN) % len(_FAMILY)]
    name = user_name(number, prefix)
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": external_id(number, prefix),
        "userName": name,
        "active": True,
        "displayName": f"{given} {family}",
        "name": {"formatted": f"{given} {family}", "givenName": given, "familyName": family},
        "title": "Senior Specialist",
        "preferredLanguage": "en-GB",
        "emails": [{"type": "work", "value": name, "primary": True}],
        "phoneNumbers": [{"type": "work", "value": f"+44 20 7946 {number % 10_000:04d}"}],
        "addresses": [
            {
                "type": "work",
                "streetAddress": f"{number % 400 + 1} Example Street",
                "locality": "London",
                "region": "Greater London",
                "postalCode": "EC1A 1AA",
                "country": "GB",
                "formatted": f"{number % 400 + 1} Example Street, London EC1A 1AA",
            }
        ],
        ENTERPRISE: {"employeeNumber": f"{number:07d}", "department": _DEPARTMENTS[number % len(_DEPARTMENTS)]},
    }


def create_person(number: int, prefix: str = "person") -> Call:
    """POST of a person; `about` is the userName."""
    return Call("POST", "/Users", orjson.dumps(person(number, prefix)), about=user_name(number, prefix))


def create_group(name: str, member_ids: list[str] | None = None) -> Call:
    """POST of a group with some members, or without the attribute; `about` is the displayName."""
    body: dict[str, Any] = {"schemas": [GROUP], "displayName": name, "externalId": f"ext-{name}"}
    if member_ids:
        body["members"] = [{"value": each} for each in member_ids]
    return Call("POST", "/Groups", orjson.dumps(body), about=name)
