"""Who signs in with a group is expected in it, where somebody asked for that hint."""

from typing import Any

from tests.sign_on.walk import ANA, Walk
from vestibule.clock import SystemClock
from vestibule.doctor.examining import examine
from vestibule.idp.cast import cast
from vestibule.model import Group
from vestibule.rollcall import GroupRoll, keeping
from vestibule.rollcall.keeping import Taken, in_pages

GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"


def expect(walk: Walk, *groups: str) -> None:
    async def work(store: Any) -> None:
        for group in groups:
            await keeping.expect_people(store, SystemClock(), walk.id, group, in_pages(()), Taken("claims"))

    walk.vestibule.admin(work)


def roll(walk: Walk) -> dict[str, GroupRoll]:
    rolls = walk.vestibule.admin(lambda store: keeping.call(store, SystemClock(), walk.id))
    return {each.name: each for each in rolls}


def signed_in(walk: Walk) -> None:
    """A sign-in that is in the log."""
    answer = walk.login()
    assert answer.status_code == 303
    walk.exchange(answer)


def test_a_sign_in_is_a_hint_of_who_belongs_into_a_group(walk: Walk) -> None:
    walk.set(email_policy="trust_idp_claim", create_groups=True, groups="never")
    walk.provider.control(mistakes=["groups_names"])
    expect(walk, "engineering", "Nobody's")
    signed_in(walk)
    found = roll(walk)
    assert [(each.who, each.reason) for each in found["engineering"].missing] == [(ANA, "no_group")]
    assert (found["Nobody's"].expected, found["Nobody's"].balanced) == (0, True)
    assert found["engineering"].as_json()["expectation"]["hint"] is True

    walk.set(claims={"groups": "no_such_claim"})
    signed_in(walk)
    assert roll(walk)["engineering"].expected == 1

    walk.set(claims={"groups": GROUPS})
    walk.provider.control(mistakes=[])
    signed_in(walk)
    # The groups came as ids this time, and no group of that name is known here by one of them.
    assert roll(walk)["engineering"].expected == 0

    ident = next(each.id for each in cast().groups if each.display_name == "Engineering")
    known = Group("grp_1", walk.id, "Engineering", ident, "scim", 1, 1, 1)
    walk.vestibule.admin(lambda store: store.create_group(known, ()))
    signed_in(walk)
    found = roll(walk)["engineering"]
    assert (found.expected, [(each.who, each.reason) for each in found.missing]) == (1, [(ANA, "not_added")])


def test_the_doctor_knows_of_a_sign_in_what_came_amiss(walk: Walk) -> None:
    """Who only went to the identity provider has not signed in."""
    walk.provider.control(mistakes=["email_literal"])
    assert walk.exchange(walk.login()).error is not None
    found = doctored(walk)
    noted = found["sign_in_noted", "email_literal"]
    assert ("`user.email`" in noted.sentence, noted.count, noted.examples) == (True, 1, (ANA,))
    assert any(code == "sign_in_refused" for code, _ in found)
    assert ("sign_on_untested", None) in found
    walk.provider.control(mistakes=[])
    walk.set(email_policy="trust_idp_claim")
    assert walk.exchange(walk.login()).error is None
    found = doctored(walk)
    assert not {"sign_in_refused", "sign_on_untested"} & {code for code, _ in found}


def doctored(walk: Walk) -> dict[tuple[str, str | None], Any]:
    async def work(store: Any) -> Any:
        return await examine(store, walk.id, SystemClock().now())

    return {(each.code, each.facts.get("code")): each for each in walk.vestibule.admin(work).findings}
