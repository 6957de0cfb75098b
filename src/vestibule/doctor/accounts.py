"""Accounts looked at one by one: what their names, ids and addresses say against each other. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from vestibule.claims import NotAnAddress, read_address
from vestibule.counting import counted, verb
from vestibule.doctor.finding import Counted, Finding, customer, operator
from vestibule.doctor.likeness import Form, bare, form_of
from vestibule.explain import Fix
from vestibule.scim.folding import fold

NO_MAILBOX = ".onmicrosoft.com"


@dataclass(frozen=True, slots=True)
class Person:
    """An account. `provisioned` tells whether the identity provider made it or wrote to it."""

    user_name: str
    external_id: str | None
    active: bool
    emails: tuple[str, ...]
    provisioned: bool


@dataclass(slots=True)
class Accounts:
    """What was seen. Of each account no more is kept than its name and what it shares with others, by hash."""

    idp: str
    where: str
    """The connection's id, for commands; empty for a server of somebody else's."""
    seen: int = 0
    active: int = 0
    provisioned: int = 0
    forms: dict[str, Counter[Form]] = field(
        default_factory=lambda: {"userName": Counter[Form](), "externalId": Counter[Form]()}
    )
    domains: Counter[str] = field(default_factory=Counter[str])
    without_mail: Counted = field(default_factory=Counted)
    no_mailbox: Counted = field(default_factory=Counted)
    without_id: Counted = field(default_factory=Counted)
    no_object_id: Counted = field(default_factory=Counted)
    unclaimed: Counted = field(default_factory=Counted)
    _same: dict[str, Counted] = field(
        default_factory=lambda: {"names": Counted(), "external_ids": Counted(), "mail": Counted()}
    )
    _known: dict[str, dict[int, str | None]] = field(
        default_factory=lambda: {"names": {}, "external_ids": {}, "mail": {}}
    )

    def see(self, person: Person) -> None:
        """One more account."""
        self.seen += 1
        self.active += person.active
        self.provisioned += person.provisioned
        self.forms["userName"][form_of(person.user_name)] += 1
        self._again("names", bare(person.user_name), person.user_name)
        self._see_id(person)
        self._see_mail(person)
        if not person.provisioned:
            self.unclaimed.add(person.user_name)

    def _see_id(self, person: Person) -> None:
        if person.external_id is None:
            if person.provisioned:
                self.without_id.add(person.user_name)
            return
        form = form_of(person.external_id)
        self.forms["externalId"][form] += 1
        self._again("external_ids", bare(person.external_id), f"{person.user_name} ({person.external_id})")
        if self.idp == "entra" and person.provisioned and form != "object id":
            self.no_object_id.add(f"{person.user_name} ({person.external_id})")

    def _see_mail(self, person: Person) -> None:
        addresses = [each for each in map(_address, person.emails) if each is not None]
        if person.active and not addresses:
            self.without_mail.add(person.user_name)
        for address, domain in dict(addresses).items():
            self.domains[domain] += 1
            self._again("mail", address, f"{person.user_name} ({address})")
            if domain.endswith(NO_MAILBOX):
                self.no_mailbox.add(f"{person.user_name} ({address})")

    def _again(self, what: str, key: str, shown: str) -> None:
        """Count who has what another one has already; the first one is told with the second."""
        known, mark = self._known[what], hash(key)
        if mark not in known:
            known[mark] = shown
            return
        first = known[mark]
        if first is not None:
            known[mark] = None
            self._same[what].add(first)
        self._same[what].add(shown)

    def findings(self) -> list[Finding]:
        """What is wrong with them."""
        return [each for each in (*self._of_mail(), *self._of_ids(), *self._of_names()) if each.count]

    def _of_mail(self) -> list[Finding]:
        source = customer(
            "Map the mailbox (Entra: mail; for people without one Coalesce([mail], [userPrincipalName])) to "
            'emails[type eq "work"].value'
        )
        return [
            _finding(
                "mail_missing", self.without_mail,
                f"{self.without_mail.count} of {counted(self.active, 'active account')} "
                f"{verb(self.without_mail.count, 'has', 'have')} no address.",
                "Invitations and codes have nowhere to go, and nobody is found by address. The identity provider sends "
                "no address for an empty attribute, or none is mapped.", source,
            ),
            _finding(
                "mail_without_mailbox", self.no_mailbox,
                f"{counted(self.no_mailbox.count, 'address ends', 'addresses end')} in {NO_MAILBOX}, where nobody "
                "has a mailbox.",
                "That is the sign-in name (userPrincipalName) in place of the address (mail).", source,
            ),
            _finding(
                "mail_shared", self._same["mail"],
                f"{self._same['mail'].count} accounts share an address with another.",
                "Whoever is looked for by address is found twice, and is then not linked at all.",
                operator("See which are one person's", self._command("conflict list")),
            ),
        ]  # fmt: skip

    def _of_ids(self) -> list[Finding]:
        of = f"of {counted(self.provisioned, 'provisioned account')}"
        none, odd = self.without_id.count, self.no_object_id.count
        match = customer("Map objectId to externalId as the matching attribute of precedence 1, then restart")
        return [
            _finding(
                "external_id_missing", self.without_id, f"{none} {of} {verb(none, 'has', 'have')} no externalId.",
                "They are found by userName alone, and lost when that is changed.", match,
            ),
            _finding(
                "external_id_not_object_id", self.no_object_id,
                f"{odd} {of} {verb(odd, 'has', 'have')} an externalId that is no objectId, as mailNickname is none.",
                "Entra's first mapping sends mailNickname, which people may change and pass on, while a sign-in brings "
                "the objectId: the two never match.", match,
            ),
            _finding(
                "external_ids_alike", self._same["external_ids"],
                f"{self._same['external_ids'].count} accounts have an externalId that differs from another's only in "
                "case or space.",
                "externalIds are compared exactly, so that these are two people here and may be one there.",
                operator("See which are one person's", self._command("conflict list")),
            ),
        ]  # fmt: skip

    def _of_names(self) -> list[Finding]:
        # Without any provisioned account nothing has been sent yet.
        unclaimed = self.unclaimed if self.provisioned else Counted()
        return [
            _finding(
                "names_alike", self._same["names"],
                f"{self._same['names'].count} accounts have a userName that differs from another's only in case, "
                "width, space or the form of its letters.",
                "People take them for one name; the identity provider finds one of them, or makes a third.",
                operator("See which are one person's, and link or rename", self._command("conflict list")),
            ),
            _finding(
                "accounts_unclaimed", unclaimed,
                f"{unclaimed.count} of {counted(self.seen, 'account')} {verb(unclaimed.count, 'was', 'were')} not sent "
                "by the identity provider, which sent others.",
                "Their userName and externalId are not what it sends, or they are not assigned to the app there. "
                "Nobody deactivates them when they leave.",
                operator("See whether they are somebody's under another name", self._command("conflict list")),
                customer("Assign them to the app, or correct the attribute that people are matched by"),
            ),
        ]  # fmt: skip

    def _command(self, words: str) -> str | None:
        return f"vestibule {words} {self.where}" if self.where else None


def _finding(code: str, seen: Counted, sentence: str, why: str, *fixes: Fix) -> Finding:
    return Finding(code, sentence, why, fixes, seen.count, tuple(seen.examples))


def _address(text: str) -> tuple[str, str] | None:
    """An address, folded, and its domain; None of what is none."""
    try:
        address = read_address(text)
    except NotAnAddress:
        return None
    return fold(str(address)), address.domain
