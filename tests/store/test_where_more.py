"""Filters over what is joined, computed or absent, of users and of groups: SQL as the reference."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.store.crowds import INSTANTS, PARKING, Arena, Person, crowds, meant, texts
from tests.store.staging import AT, HERE, a_group, ids_of, people, user_id
from tests.store.test_where import TEXT_OPERATORS, combined, comparisons, flags, literals, quoted
from vestibule.clock import rfc3339
from vestibule.model import Connection, Group, JsonObject
from vestibule.scim.evaluate import evaluate
from vestibule.scim.folding import fold
from vestibule.scim.group_schema import GROUP
from vestibule.scim.path import parse_filter
from vestibule.scim.schema import CORE_GROUP, CORE_USER
from vestibule.scim.user_schema import USER
from vestibule.store import Unsupported

QUICKLY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
display = st.sampled_from(("GRP_1", "grp_1", "Grp", "1", "", "grp_9"))
joined_names = st.sampled_from(("groups.display", "groups.value", "groups.type", "groups"))
group_text = st.builds("{} {} {}".format, joined_names, st.sampled_from(TEXT_OPERATORS), display.map(quoted))
within_groups = st.recursive(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(("display", "value", "type")),
        st.sampled_from(TEXT_OPERATORS),
        (display | st.just("Direct")).map(quoted),
    )
    | st.sampled_from(("display pr", "type ne null", "value eq null", "not (type pr)")),
    combined,
    max_leaves=3,
)
computed = st.builds(
    "{} {} {}".format,
    st.sampled_from(("meta.resourceType", "meta.version")),
    st.sampled_from(TEXT_OPERATORS),
    st.sampled_from(("User", "user", "U", 'W/"1"', 'W/"2"', 'w/"1"', "W", '"')).map(quoted),
)
absent_of_users = st.one_of(
    comparisons(("members.value", "members", "members.type")),
    st.sampled_from(("members pr", "not (members pr)", "members eq null", "members ne null")),
    st.builds("members[{}]".format, comparisons(("value", "type"))),
)
joined_terms = st.one_of(
    group_text,
    st.builds("groups[{}]".format, within_groups),
    st.sampled_from(("groups pr", "groups.display pr", "groups eq null", "meta.version pr", "meta pr")),
    computed,
    absent_of_users,
    comparisons(("userName",)),
)


@QUICKLY
@given(crowd=crowds(), asked=st.lists(st.recursive(joined_terms, combined, max_leaves=4), min_size=1, max_size=20))
def test_what_is_joined_computed_or_absent_is_filtered_as_by_the_reference(
    arena: Arena, crowd: list[Person], asked: list[str]
) -> None:
    """`groups` with all operators, the parts of `meta`, and what only a group has."""
    connection_id = arena.hold(crowd)
    crowd = arena.kept(connection_id, crowd)
    for text in asked:
        try:
            found = arena.matches(connection_id, text)
        except Unsupported as error:
            assert error.path in ("meta", "meta.version"), text
        else:
            wanted = meant(crowd, text)
            event("some found" if wanted else "none found")
            assert found == wanted, text


@dataclass(frozen=True, slots=True)
class Team:
    """A group with its members, and the same as a resource for the evaluator."""

    group: Group
    members: tuple[str, ...]

    @property
    def resource(self) -> JsonObject:
        """As it is shown."""
        members = [{"value": each, "type": "User"} for each in self.members]
        return {
            "schemas": [CORE_GROUP],
            "id": self.group.id,
            "displayName": self.group.display_name,
            "meta": {
                "resourceType": "Group",
                "created": rfc3339(self.group.created_at),
                "lastModified": rfc3339(self.group.updated_at),
                "version": f'W/"{self.group.version}"',
            },
            **({"externalId": self.group.external_id} if self.group.external_id else {}),
            **({"members": members} if members else {}),
        }


@st.composite
def teams(draw: st.DrawFn) -> list[Team]:
    """A few groups with some of three users."""
    made: list[Team] = []
    for number, name in enumerate(draw(st.lists(texts, min_size=1, max_size=3, unique_by=fold))):
        external_id = draw(st.none() | st.just(f"{number}{name}"))
        group = replace(
            a_group(name, id=f"grp_{number}", external_id=external_id),
            version=draw(st.integers(1, 3)),
            updated_at=draw(st.sampled_from(INSTANTS)),
        )
        members = draw(st.lists(st.sampled_from(range(3)), unique=True))
        made.append(Team(group, tuple(user_id(each) for each in sorted(members))))
    return made


member_values = st.sampled_from(("usr_00001", "USR_00001", "usr", "1", "", "User", "user", "grp_1"))
within_members = st.recursive(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(("value", "type")),
        st.sampled_from(TEXT_OPERATORS),
        member_values.map(quoted),
    )
    | st.sampled_from(("value pr", "type eq null", "not (value ne null)")),
    combined,
    max_leaves=3,
)
members_names = st.sampled_from(("members", "members.value", "members.type"))
shown = st.sampled_from((CORE_GROUP, CORE_GROUP.lower(), CORE_USER, "urn", "Group", "group", 'W/"1"', "W", ""))
team_terms = st.one_of(
    comparisons(("displayName", "externalId", "id")),
    st.builds("{} {} {}".format, members_names, st.sampled_from(TEXT_OPERATORS), member_values.map(quoted)),
    st.builds("members[{}]".format, within_members),
    st.sampled_from(("members pr", "members.type pr", "members eq null", "schemas pr", "schemas eq null")),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(("schemas", "meta.resourceType", "meta.version")),
        st.sampled_from(TEXT_OPERATORS),
        shown.map(quoted),
    ),
    comparisons(("userName", "emails.value", "name.familyName", "title")),
    st.builds("emails[{}]".format, comparisons(("value", "type"))),
    st.builds("{} {} {}".format, st.just("userName"), st.sampled_from(TEXT_OPERATORS), literals.map(quoted)),
    flags(("active", "emails.primary")),
    st.sampled_from(("emails pr", "not (active pr)", "active ne null")),
)


@QUICKLY
@given(crowd=teams(), asked=st.lists(st.recursive(team_terms, combined, max_leaves=4), min_size=1, max_size=20))
def test_groups_are_filtered_as_by_the_reference(arena: Arena, crowd: list[Team], asked: list[str]) -> None:
    """Columns, members with all operators, what is computed, and what only a user has."""
    connection_id = f"con_t{next(arena.numbers)}"

    async def hold() -> None:
        await arena.store.add_connection(Connection(connection_id, "ent_1", "okta", AT))
        await people(arena.store, 3, connection_id)
        for team in crowd:
            group = replace(team.group, connection_id=connection_id)
            await arena.store.create_group(group, team.members, rules=PARKING)

    arena.runner.run(hold())
    for text in asked:
        where = parse_filter(text, GROUP, others=(USER,))
        wanted = [each.group.id for each in crowd if evaluate(where, each.resource)]
        page = arena.runner.run(arena.store.groups(connection_id, where))
        event("some found" if wanted else "none found")
        assert (ids_of(page.items), page.total) == (wanted, len(wanted)), text


@pytest.mark.parametrize("text", ["members.$ref pr", 'members[$ref eq "x"]', "members.$ref ne null", "meta pr"])
def test_what_is_made_for_the_answer_cannot_be_asked_of_groups(arena: Arena, text: str) -> None:
    """It is refused by its name."""
    where = parse_filter(text, GROUP)
    with pytest.raises(Unsupported) as caught:
        arena.runner.run(arena.store.groups(HERE, where))
    assert caught.value.path.split(".")[0] in ("members", "$ref", "meta")
