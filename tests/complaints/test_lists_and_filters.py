"""Complaints about lists: filters ignored, members loaded though excluded, names compared by the letter."""

from collections.abc import Collection, Mapping

import pytest

from tests.complaints import shapes
from tests.complaints.provider import Provider
from vestibule.store.relational import RelationalStore


@pytest.mark.parametrize("extra", [{}, {"excludedAttributes": "members"}, {"startIndex": "1", "count": "100"}])
def test_complaint_17_a_display_name_filter_finds_exactly_one_group(provider: Provider, extra: dict[str, str]) -> None:
    """keycloak-scim-server#46; open-webui#21543"""
    groups = {name: provider.new_group(name) for name in ("Sales", "Sales EMEA", "grp_all@x.com", "Support")}
    for name, group in groups.items():
        assert provider.found("/Groups", f'displayName eq "{name}"', **extra) == [group]
        assert provider.found("/Groups", f'externalId eq "ext-{name}"', **extra) == [group]


def test_complaint_17_a_display_name_that_nobody_has_finds_no_group(provider: Provider) -> None:
    """keycloak-scim-server#46; open-webui#21543"""
    group = provider.new_group("Sales")
    for name in ("Sale", "Sales ", "ales", "%", "S*", "08e1d05d-121c-4561-8b96-473d93df9210"):
        answer = provider.http.get("/Groups", params={"filter": f'displayName eq "{name}"'})
        assert (answer.status_code, answer.json()["totalResults"], answer.json()["Resources"]) == (200, 0, []), name
    assert provider.found("/Groups", "displayName pr") == [group]


def test_complaint_17_entras_literal_query_finds_the_group(provider: Provider) -> None:
    """keycloak-scim-server#46; open-webui#21543; the spelling of community.sonarsource.com/t/179377"""
    group, _ = provider.new_group("grp_all@x.com"), provider.new_group("grp_other@x.com")
    for query in (
        'filter=displayName+eq+"grp_all%40x.com"',
        'excludedAttributes=members&filter=displayName+eq+"grp_all%40x.com"',
        "filter=displayName%20eq%20%22grp_all%40x.com%22&excludedAttributes=members",
        'aadOptscim062020&filter=displayName+eq+"grp_all%40x.com"',
    ):
        found = provider.http.get(f"/Groups?{query}").json()
        assert (found["totalResults"], [each["id"] for each in found["Resources"]]) == (1, [group]), query


def test_complaint_18_excluded_members_are_not_shown(provider: Provider) -> None:
    """SimpleIdServer#490; wso2/product-is#8498"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    by_id = provider.http.get(f"/Groups/{group}", params={"excludedAttributes": "members"})
    listed = provider.http.get("/Groups", params={"excludedAttributes": "members", "filter": 'displayName eq "g"'})
    for shown in (by_id.json(), listed.json()["Resources"][0]):
        assert (shown["id"], shown["displayName"]) == (group, "g")
        assert "members" not in shown
    assert provider.members(group) == set(ids)


def test_complaint_18_excluded_members_are_not_read_from_the_store(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """wso2/product-is#8498"""
    ids = provider.new_users("a@x", "b@x")
    group = provider.new_group("g", *ids)
    read: list[str] = []
    member_ids_of = RelationalStore.member_ids_of

    async def watched(
        store: RelationalStore, connection_id: str, group_ids: Collection[str]
    ) -> Mapping[str, list[str]]:
        read.extend(group_ids)
        return await member_ids_of(store, connection_id, group_ids)

    monkeypatch.setattr(RelationalStore, "member_ids_of", watched)
    for path in (
        f"/Groups/{group}?excludedAttributes=members",
        '/Groups?excludedAttributes=members&filter=displayName+eq+"g"',
        "/Groups?excludedAttributes=members",
        f'/Groups?filter=id+eq+"{group}"+and+members+eq+"{ids[0]}"&attributes=id',
    ):
        answer = provider.http.get(path)
        assert answer.status_code == 200, answer.text
        assert group in answer.text
        assert read == [], path
    assert provider.patch_group(group, shapes.entra_remove(ids[0])).status_code == 204
    assert read == []
    assert provider.members(group) == {ids[1]}
    assert read == [group]


def test_complaint_19_a_user_name_is_found_whatever_its_case(provider: Provider) -> None:
    """scim2-parse-filter#115; cloudflare-docs#18257"""
    user = provider.new_user("Jürgen.Müller@Example.com")["id"]
    for name in ("Jürgen.Müller@Example.com", "jürgen.müller@example.com", "JÜRGEN.MÜLLER@EXAMPLE.COM"):
        assert provider.found("/Users", f'userName eq "{name}"') == [user], name
        assert provider.found("/Users", f'USERNAME Eq "{name}"') == [user], name
    assert provider.user(user)["userName"] == "Jürgen.Müller@Example.com"


def test_complaint_19_an_external_id_is_found_only_by_the_letter(provider: Provider) -> None:
    """scim2-parse-filter#115; cloudflare-docs#18257"""
    upper = provider.new_user("a@x", externalId="AbC-1")["id"]
    lower = provider.new_user("b@x", externalId="abc-1")["id"]
    assert provider.found("/Users", 'externalId eq "AbC-1"') == [upper]
    assert provider.found("/Users", 'externalId eq "abc-1"') == [lower]
    assert provider.found("/Users", 'externalId eq "ABC-1"') == []


def test_complaint_19_a_taken_user_name_is_409_uniqueness_for_every_verb(provider: Provider) -> None:
    """ory/polis#4067; scim2-parse-filter#115"""
    provider.new_user("Ana@Example.com")
    bob = provider.new_user("bob@example.com")
    taken = "ana@example.COM"
    for answer in (
        provider.http.post("/Users", json=shapes.entra_user(taken)),
        provider.http.put(f"/Users/{bob['id']}", json=shapes.entra_user(taken)),
        provider.patch_user(bob["id"], {"op": "Replace", "path": "userName", "value": taken}),
    ):
        body = answer.json()
        assert (answer.status_code, body["status"], body["scimType"]) == (409, "409", "uniqueness")
        assert body["schemas"] == [shapes.ERROR]
        assert "userName" in body["detail"]
    assert provider.user(bob["id"]) == bob
    assert len(provider.found("/Users", "userName pr")) == 2


def test_complaint_19_a_taken_group_name_is_409_uniqueness(provider: Provider) -> None:
    """ory/polis#4067"""
    (user,) = provider.new_users("ana@x")
    group, other = provider.new_group("Sales", user), provider.new_group("Support")
    for answer in (
        provider.http.post("/Groups", json=shapes.entra_group("SALES") | {"externalId": "another"}),
        provider.patch_group(other, {"op": "Replace", "path": "displayName", "value": "sales"}),
    ):
        assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert provider.members(group) == {user}
    assert provider.group(other)["displayName"] == "Support"
