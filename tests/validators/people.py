"""The people of Microsoft's Postman collection, with its oddities."""

from tests.validators.exchange import USER, Json

OFFICE = {
    "type": "work",
    "country": "Bermuda",
    "locality": "Hamilton",
    "formatted": "1 Way\nHamilton",
    "primary": False,
}
OTHER = {"type": "other", "country": None, "locality": None, "formatted": "2 Unions\nGregory", "primary": False}
EMPLOYEE: Json = {
    "schemas": [USER],
    "active": True,
    "addresses": [OFFICE, OTHER],
    "displayName": "Kim Baker",
    "emails": [
        {"type": "work", "primary": True, "value": "anna@gmail.example"},
        {"type": "work", "primary": False, "value": "anna@example.com"},
    ],
    "meta": {"created": "2019-09-18T18:15:26.5788954+00:00", "resourceType": "User"},
    "name": {"formatted": "Dan McGee", "familyName": "Employee", "givenName": "Dan", "honorificPrefix": None},
    "phoneNumbers": [
        {"type": "fax", "primary": False, "value": "312-320-0500"},
        {"type": "work", "primary": True, "value": "312-320-0932"},
    ],
    "preferredLanguage": "xh",
    "roles": [],
    "title": "Site engineer",
}
"""Two work addresses of mail with one primary, elements full of nulls, an empty list, a `meta` of its own.

In the collection everybody has the same externalId; here each has one of its own (see the refusals).
"""

OMALLEY: Json = {
    **EMPLOYEE,
    "userName": "OMalley",
    "externalId": "22fbc523-6032",
    "name": {**EMPLOYEE["name"], "familyName": "OMalley"},
    "emails": [EMPLOYEE["emails"][0] | {"value": "anna@example.com"}, {"type": "other", "value": "anna@gmail.example"}],
}
BOB: Json = {
    "schemas": [USER],
    "userName": "UserName123",
    "active": True,
    "displayName": "BobIsAmazing",
    "emails": [
        {"Primary": True, "type": "work", "value": "testing@bob.example"},
        {"Primary": False, "type": "home", "value": "home@bob.example"},
    ],
}
