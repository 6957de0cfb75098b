"""Names of groups that an identity provider will not find, as they differ in what nobody sees. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from vestibule.counting import counted
from vestibule.doctor.finding import Counted, Finding, customer, operator
from vestibule.doctor.likeness import bare
from vestibule.scim.folding import fold


@dataclass(slots=True)
class GroupNames:
    """The names of groups, looked at one by one."""

    where: str
    seen: int = 0
    spaced: Counted = field(default_factory=Counted)
    alike: Counted = field(default_factory=Counted)
    _known: dict[str, str] = field(default_factory=dict[str, str])
    _names: set[str] = field(default_factory=set[str])

    def see(self, name: str) -> None:
        """One more group."""
        self.seen += 1
        self._names.add(fold(name))
        if name != " ".join(name.split()):
            self.spaced.add(repr(name))
        first = self._known.setdefault(bare(name), name)
        if first != name:
            self.alike.add(f"{first!r} and {name!r}")

    def findings(self, expected: Iterable[str] = ()) -> list[Finding]:
        """What is wrong with them; `expected` are groups in which somebody expects people."""
        found: list[Finding] = []
        if self.spaced.count:
            found.append(
                Finding(
                    "group_name_spaced",
                    f"{counted(self.spaced.count, 'group has', 'groups have')} space in the name that nobody sees.",
                    "An identity provider looks a group up by its exact name, finds none, and makes a second one.",
                    (operator("Rename the group in the product"), customer("Or give the group there the same name")),
                    self.spaced.count,
                    tuple(self.spaced.examples),
                )
            )
        if self.alike.count:
            found.append(
                Finding(
                    "groups_alike",
                    f"{counted(self.alike.count, 'group has', 'groups have')} a name that differs from another's "
                    "only in what nobody sees.",
                    "The identity provider keeps the one, and the product goes by the other.",
                    (operator("Give the group of the product the name that the identity provider sends"),),
                    self.alike.count,
                    tuple(self.alike.examples),
                )
            )
        return [*found, *self._expected(expected)]

    def _expected(self, expected: Iterable[str]) -> list[Finding]:
        differing = Counted()
        for name in expected:
            here = self._known.get(bare(name))
            if here is not None and fold(name) not in self._names:
                differing.add(f"{name!r} is expected, {here!r} is here")
        if not differing.count:
            return []
        return [
            Finding(
                "expected_group_differs",
                f"People are expected in {counted(differing.count, 'group')} whose name here is a little different.",
                "The identity provider finds no group of its name and makes another one, beside the product's.",
                (
                    operator(
                        "Rename the group in the product, or take the expectation back",
                        f"vestibule rollcall forget {self.where} --group NAME",
                    ),
                ),
                differing.count,
                tuple(differing.examples),
            )
        ]
