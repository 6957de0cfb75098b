"""A company of the origin story's size, made from a seed: 290 people, `grp_all@example.com` with 269 of them."""

import random
import unicodedata
import uuid

from vestibule.entra.graph import Tenant, TenantGroup, TenantUser

ALL = "grp_all@example.com"
SRE = "grp_corporate_sre_base@example.com"
IN_PRODUCT = 21
"""How many of `grp_all` the product knew before, as in the origin thread (reference 0a)."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GIVEN = _words(
    "Anna Jürgen Zoë Siân Søren Chloé Björn Łukasz Aoife Noël Renée Ümit José Márta Øyvind Inês Daniel Grace Priya "
    "Wei Fatima Omar Kenji Laura Thomas Eva Nikolai Amélie Håkon Šárka"
)
_FAMILY = _words(
    "O'Brien Müller D'Angelo García Weiß Nowak Løken Åkesson Dvořák Çelik Smith Okafor Tanaka Petrov Schröder "
    "Brönner N'Diaye Fernández Kowalczyk Jansen Lefèvre Þórsson Özdemir Rossi Meier-Groß van_Dijk Lindström "
    "O'Neill Patel Sjögren"
)
_DEPARTMENTS = ("Engineering", "Site Reliability", "Sales", "Finance", "People", "Legal & Compliance", "Support")
_TITLES = ("Engineer", "Senior Engineer", "Analyst", "Consultant", "Specialist", "Lead")
_CITIES = (("Zürich", "CH"), ("München", "DE"), ("Kraków", "PL"), ("São Paulo", "BR"), ("Dublin", "IE"))


def company(seed: int = 290, people: int = 290) -> Tenant:
    """The tenant of a seed; at other sizes in the same proportions."""
    chance = random.Random(seed)
    outside = max(0, round(people * 21 / 290))
    disabled = round(outside * 8 / 21)
    guests = round(outside * 9 / 21)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(people)]
    inside = people - outside
    users: list[TenantUser] = []
    for i in range(people):
        # Everybody reports to somebody before them, so the managers form one tree.
        boss = ids[(i - 1) // 7] if 0 < i < inside else None
        late = i - inside
        guest = disabled <= late < disabled + guests
        mailbox = not guest and (late < disabled + guests if late >= 0 else chance.random() > 0.03)
        users.append(_person(chance, i, ids[i], boss, enabled=not 0 <= late < disabled, guest=guest, mailbox=mailbox))
    groups = _groups(chance, ids, inside)
    return Tenant(tuple(users), groups, frozenset([*(each.id for each in groups), *ids[inside:]]))


def already_in_product(tenant: Tenant) -> tuple[str, ...]:
    """Up to 21 members of `grp_all`, spread over it, by the userName that the engine looks for."""
    members = next((each.members for each in tenant.groups if each.display_name == ALL), ())
    names = {each.id: each.user_name for each in tenant.users}
    step = max(1, len(members) // IN_PRODUCT)
    return tuple(names[each] for each in members[::step][:IN_PRODUCT])


def _person(
    chance: random.Random, number: int, ident: str, boss: str | None, *, enabled: bool, guest: bool, mailbox: bool
) -> TenantUser:
    given, family = chance.choice(_GIVEN), chance.choice(_FAMILY).replace("_", " ")
    nickname = f"{_ascii(given)}.{_ascii(family)}{number}"
    city, country = chance.choice(_CITIES)
    attributes = {
        "displayName": f"{given} {family}",
        "givenName": given,
        "surname": family,
        "mailNickname": nickname,
        "jobTitle": chance.choice(_TITLES),
        "department": chance.choice(_DEPARTMENTS),
        "employeeId": f"E{number + 1:05d}",
        "preferredLanguage": chance.choice(("de-CH", "en-GB", "pl-PL", "pt-BR")),
        "city": city,
        "country": country,
    }
    if guest:
        attributes["mail"] = f"{nickname}@partner.example"
        name = f"{nickname}_partner.example#EXT#@example.onmicrosoft.com"
    else:
        # Some sign-in names keep the apostrophe, which is legal and breaks careless filters.
        apostrophe = "'" in family and number % 2 == 0
        name = f"{_ascii(given)}.{_ascii(family, keep=apostrophe)}{number}@example.com"
        if mailbox:
            attributes |= {"mail": name, "businessPhones": f"+41 44 555 {number % 10_000:04d}"}
        else:
            attributes["jobTitle"] = "Contractor"
    return TenantUser(ident, name, enabled, False, guest, boss, attributes)


def _groups(chance: random.Random, ids: list[str], inside: int) -> tuple[TenantGroup, ...]:
    employees = ids[:inside]
    place = {each: i for i, each in enumerate(employees)}
    sizes = (
        ("grp_engineering@example.com", 96),
        ("grp_sales_emea@example.com", 41),
        ("grp_finance_ops@example.com", 17),
        ("Führungskreis", 9),
    )

    def some(count: int) -> tuple[str, ...]:
        return tuple(
            sorted(chance.sample(employees, min(inside, max(1, round(inside * count / 269)))), key=place.__getitem__)
        )

    made = [(ALL, tuple(employees)), (SRE, some(12))]
    made += [(name, some(size)) for name, size in sizes]
    return tuple(
        TenantGroup(str(uuid.UUID(int=chance.getrandbits(128), version=4)), name, members) for name, members in made
    )


def _ascii(name: str, *, keep: bool = False) -> str:
    """A name as in an address: `Müller` is `mueller`, `Łukasz` is `lukasz`."""
    for special, plain in (
        ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("Ü", "Ue"), ("Ö", "Oe"), ("ß", "ss"), ("ø", "o"), ("Ø", "O"),
        ("ł", "l"), ("Ł", "L"), ("Þ", "Th"),
    ):  # fmt: skip
        name = name.replace(special, plain)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(each for each in plain if each.isalnum() or each == "-" or (keep and each == "'"))
