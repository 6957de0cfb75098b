"""The built-in company: a dozen people, each of whom is a case that careless software gets wrong."""

from uuid import UUID, uuid5

from vestibule.entra.tenant import Tenant, TenantGroup, TenantUser

DOMAIN = "contoso.example"
_IDS = UUID("b7d0c1c2-6a9e-4a54-9a2f-0d5d3a1b7c10")
MANY = 160
"""More groups than fit into a SAML assertion (150)."""


def cast() -> Tenant:
    """The company. Everybody but Olaf is assigned, by way of the groups."""
    ana = _employee("ana", "Ana", "García", "Engineering")
    ben = _employee("ben", "Ben", "O'Neill", "Sales")
    chloe = _employee("chloe", "Chloé", "Lefèvre", "Engineering")
    wei = _employee("wei", "Wei", "Zhang", "Finance")
    mary = _employee("mary.smith-jones", "Mary", "Smith-Jones", "Support")
    dmitri = _employee("dmitri", "Dmitri", "Petrov", "Contractors", mailbox=False)
    eva = _employee("eva", "Eva", "Müller", "Sales", enabled=False)
    greta = _employee("greta", "Greta", "Lindström", "Everywhere")
    olaf = _employee("olaf", "Olaf", "Unassigned", "Facilities")
    renamed = _employee("nina.maiden", "Nina", "Married", "Finance", mail="nina.married@contoso.example")
    lone = _user("cher", {"displayName": "Cher", "mail": f"cher@{DOMAIN}"})
    gus = _guest()
    everybody = (ana, ben, chloe, wei, mary, dmitri, eva, greta, olaf, renamed, lone, gus)
    groups = [
        _group("Everybody", *(each.id for each in everybody if each is not olaf)),
        _group("Engineering", ana.id, chloe.id),
        _group("Führungskreis", ana.id, wei.id),
    ]
    groups += [_group(f"Project {number:03d}", greta.id) for number in range(1, MANY)]
    return Tenant(everybody, tuple(groups), frozenset(group.id for group in groups))


def _employee(
    name: str, given: str, family: str, department: str, *, mailbox: bool = True, enabled: bool = True, mail: str = ""
) -> TenantUser:
    attributes = {
        "displayName": f"{given} {family}",
        "givenName": given,
        "surname": family,
        "department": department,
        "mailNickname": name,
    }
    if mailbox:
        attributes["mail"] = mail or f"{name}@{DOMAIN}"
    return _user(name, attributes, enabled=enabled)


def _user(name: str, attributes: dict[str, str], *, enabled: bool = True) -> TenantUser:
    return TenantUser(str(uuid5(_IDS, name)), f"{name}@{DOMAIN}", enabled, attributes=attributes)


def _guest() -> TenantUser:
    return TenantUser(
        str(uuid5(_IDS, "gus")),
        "gus_partner.example#EXT#@contoso.onmicrosoft.example",
        guest=True,
        attributes={
            "displayName": "Gus Partner",
            "givenName": "Gus",
            "surname": "Partner",
            "mail": "gus@partner.example",
        },
    )


def _group(name: str, *members: str) -> TenantGroup:
    return TenantGroup(str(uuid5(_IDS, f"group {name}")), name, members)
