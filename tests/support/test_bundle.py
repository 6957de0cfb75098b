"""The support bundle: whole, readable without a network, and without a person's value or a secret in it."""

import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Tenant
from tests.explain import recorded
from tests.server.wire import ENTERPRISE, GROUP, USER, entry, patch
from tests.stories.test_the_thread import Story, cli, engine, server, story
from vestibule.cli.source import read_expectations
from vestibule.clock import SystemClock
from vestibule.explain import explain
from vestibule.model import Exchange
from vestibule.rollcall import Expectation, ExpectedPerson
from vestibule.rollcall.keeping import Taken, expect_people
from vestibule.store import Store, Unreachable
from vestibule.support import Pseudonyms, Redactor, Scope, write_bundle
from vestibule.support.collect import shown_settings

__all__ = ["engine", "server", "story"]
NOW = SystemClock().now
LEAK = "Xqu"
"""Is in every value of every person in these tests; no id of ours can have a u."""


def bundled(tenant: Tenant, out: Path, *expectations: Expectation, with_names: bool = False) -> dict[str, str]:
    """The files of a bundle of the last hour."""
    now = NOW()
    scope = Scope(
        tenant.connection_id, now - 3_600_000_000, now + 1, tenant.vestibule.base_url, "sqlite", tuple(expectations)
    )
    tenant.vestibule.admin(lambda store: write_bundle(store, scope, now, out, with_names=with_names))
    if out.suffix != ".zip":
        return {file.name: file.read_text("utf-8") for file in out.iterdir()}
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def person(name: str) -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE], "userName": f"{name}{LEAK}@people.example", "externalId": f"ext-{LEAK}-{name}",
        "displayName": f"{name} {LEAK} Meier", "name": {"givenName": name + LEAK, "familyName": f"Meier{LEAK}"},
        "emails": [{"type": "work", "primary": True, "value": f"{name}.{LEAK}@mail.example"}],
        "phoneNumbers": [{"type": "work", "value": f"+49 170 {LEAK} 555"}], "profileUrl": f"https://people.example/{LEAK}",
        "title": f"Dr {LEAK}", ENTERPRISE: {"department": f"Dept {LEAK}", "employeeNumber": f"{LEAK}0815"},
    }  # fmt: skip


@pytest.fixture
def peopled(tenant: Tenant) -> Tenant:
    """Requests of many kinds, each with people's values in the body, the query, the path or the refusal."""
    http = tenant.http
    ana, ben = (http.post("/Users", json=person(name)).json()["id"] for name in ("Ana", "Ben"))
    made = http.post("/Groups", json={"schemas": [GROUP], "displayName": "grp_all@people.example"}).json()["id"]
    members = [{"value": ana}, {"value": f"stray-{LEAK}"}, {"value": f"Other{LEAK}@people.example"}]
    patch(tenant, f"/Groups/{made}", {"op": "Add", "path": "members", "value": members})
    patch(tenant, f"/Groups/{made}", {"op": "Remove", "path": f'members[value eq "gone-{LEAK}"]'})
    patch(tenant, f"/Users/{ben}", {"op": "Replace", "path": "displayName", "value": f"Ben {LEAK} New"})
    patch(
        tenant,
        f"/Users/{ben}",
        {"op": "Replace", "value": {"nickName": f"B {LEAK}", "userName": f"AnA{LEAK}@people.example"}},
    )
    patch(
        tenant,
        f"/Users/{ben}",
        {"op": "Replace", "path": f'emails[value eq "b.{LEAK}@x.example"].value', "value": LEAK},
    )
    http.post("/Users", json=person("ANA"))
    http.post("/Users", json={"schemas": [USER], "userName": [f"bad {LEAK}"]})
    http.post("/Users", content=f'{{"userName": "cut {LEAK}')
    http.get("/Users", params={"filter": f'userName eq "Cai{LEAK}@people.example"'})
    http.get("/Users", params={"filter": f'displayName co "{LEAK} and more" or title sw "x'})
    http.get("/Users", params={"filter": f'emails[type eq "work" and value eq "{LEAK}"]'})
    http.get(f"/Users/{LEAK}@people.example")
    http.delete(f"/Users/no-{LEAK}")
    entry(tenant, http.get("/Groups", params={"filter": 'displayName eq "grp_all@people.example"'}))
    return tenant


def expectation() -> Expectation:
    return Expectation(
        "grp_all@people.example", 2, tuple(ExpectedPerson(f"{each}{LEAK}@people.example") for each in ("ana", "dora"))
    )


def test_no_value_of_a_person_is_in_the_bundle(peopled: Tenant, tmp_path: Path) -> None:
    files = bundled(peopled, tmp_path / "bundle.zip", expectation())
    assert sorted(files) == ["index.html", "log.ndjson", "situation.json"]
    for name, text in files.items():
        found = text.casefold().find(LEAK.casefold())
        assert found < 0, (name, text[max(0, found - 300) : found + 80])
        assert peopled.text not in text
        assert "grp_all@people.example" in text


def test_the_same_person_has_the_same_name_throughout(peopled: Tenant, tmp_path: Path) -> None:
    files = bundled(peopled, tmp_path / "bundle", expectation())
    lines = [json.loads(each) for each in files["log.ndjson"].splitlines()]
    ana = json.loads(lines[0]["request_body"])
    who = ana["userName"].removesuffix("@people.example")
    assert re.fullmatch(r"person-\d+", who)
    assert ana["displayName"] == f"{who}.displayName"
    assert ana["emails"][0] == {"type": "work", "primary": True, "value": f"{who}.emails@mail.example"}
    assert lines[0]["target"] == ana["userName"]
    conflict = next(each for each in lines if each["status"] == 409 and each["method"] == "POST")
    assert conflict["target"] == ana["userName"]
    assert ana["userName"] in conflict["sentence"]
    (roll,) = json.loads(files["situation.json"])["rollcall"]
    assert (roll["present"], [each["reason"] for each in roll["missing"]]) == (1, ["never_provisioned"])
    assert roll["missing"][0]["who"].endswith("@people.example")


def test_a_number_of_people_is_no_name_and_a_name_that_looks_like_one_is(peopled: Tenant, tmp_path: Path) -> None:
    named = f"1 person {LEAK} (not named)"
    group = "grp_all@people.example"
    wanted = [Expectation(group, count) for count in (0, 9)] + [Expectation(group, 1, (ExpectedPerson(named),))]
    files = bundled(peopled, tmp_path / "bundle", *wanted)
    less, more, listed = json.loads(files["situation.json"])["rollcall"]
    assert less["extra"][0]["who"] == "1 person (not named)"
    assert re.fullmatch(r"\d people \(not named\)", more["missing"][-1]["who"])
    assert listed["missing"][0]["who"] != named
    assert LEAK not in "".join(files.values())


def test_with_names_all_is_as_it_was(peopled: Tenant, tmp_path: Path) -> None:
    files = bundled(peopled, tmp_path / "bundle", with_names=True)
    first = json.loads(files["log.ndjson"].splitlines()[0])
    assert first["target"] == f"Ana{LEAK}@people.example"
    assert json.loads(files["situation.json"])["names"] == "kept"
    assert "People&#39;s names are in it" in files["index.html"] or "People's names are in it" in files["index.html"]
    assert peopled.text not in "".join(files.values())


def test_the_page_needs_nothing_beside_it(peopled: Tenant, tmp_path: Path) -> None:
    shown = bundled(peopled, tmp_path / "bundle")["index.html"]
    for needing in ("<script", "<link", "<img", " src=", "@import", "url(", "onclick"):
        assert needing not in shown
    assert "default-src 'none'" in shown
    assert peopled.connection_id in shown


def test_what_is_counted_together_is_said_to_be_in_various_words(tenant: Tenant, tmp_path: Path) -> None:
    """Otherwise the newest sentence would be told of all."""
    for number, value in enumerate(("1", "2")):
        entry(tenant, tenant.http.get("/Users", params={"startIndex": f"x{value * (number + 1)}"}))
        shown = bundled(tenant, tmp_path / value)["index.html"]
        assert ("in various words" in shown) is (number == 1)
    entry(tenant, tenant.http.get("/Users", params={"startIndex": "x22"}))
    assert "3 times, in various words" in bundled(tenant, tmp_path / "3")["index.html"]


@pytest.mark.parametrize("name", ["bundle.zip", "bundle"])
def test_a_bundle_that_is_broken_off_leaves_nothing_behind(tenant: Tenant, tmp_path: Path, name: str) -> None:
    entry(tenant, tenant.http.get("/Users"))
    now, out = NOW(), tmp_path / name
    scope = Scope(tenant.connection_id, now - 3_600_000_000, now + 1, "https://x.example", "sqlite")

    async def work(store: Store) -> None:
        class Failing:
            def __getattr__(self, called: str) -> Any:
                if called == "exchanges":
                    raise Unreachable("The disk is gone.")
                return getattr(store, called)

        await write_bundle(cast("Store", Failing()), scope, now, out)

    with pytest.raises(Unreachable):
        tenant.vestibule.admin(work)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_what_people_call_themselves_cannot_become_part_of_the_page(tenant: Tenant, tmp_path: Path) -> None:
    entry(tenant, tenant.http.post("/Users", json={"userName": "<script>alert(1)</script>"}))
    assert "<script" not in bundled(tenant, tmp_path / "bundle", with_names=True)["index.html"]


def test_settings_of_sign_on_are_shown_without_secrets() -> None:
    kept = {
        "idp": {
            "issuer": "https://idp", "client_secret": "v1.k.x", "jwks": "{}", "certificates": ["PEM"], "new": "v1.k.y",
        },
        "match": ["externalId"],
    }  # fmt: skip
    shown = shown_settings(kept)
    assert shown["idp"].keys() == {"issuer", "certificates", "new"}
    assert (shown["idp"]["new"], len(shown["idp"]["certificates"][0]), shown["match"]) == (
        "(sealed)",
        64,
        ["externalId"],
    )


def test_a_sign_in_is_told_without_what_the_identity_provider_said_of_the_person() -> None:
    said = {
        "untrusted": {"subject": f"sub {LEAK}", "issuer": "https://idp.example"}, "received": [f"a{LEAK}", "b"],
        "candidate": {"userName": f"ana{LEAK}"}, "found": f"sub{LEAK}", "why": f"it is {LEAK}", "resolved": {f"joiner{LEAK}": "usr_1"},
        "text": f"ana {LEAK}", "received_at": f"https://people.example/x?who={LEAK}#{LEAK}",
        "verified_by": "domain", "match": "email", "detail": f"for 'a{LEAK}'",
    }  # fmt: skip
    exchange = Exchange(
        "req_1", "con_1", 1, 1, "POST", "/sso", "", 303, resource_type="SignIn", target=f"Ana {LEAK}", facts=said
    )
    shown = Redactor(Pseudonyms()).exchange(exchange)
    assert LEAK not in repr(shown)
    assert (shown.facts["untrusted"]["issuer"], shown.facts["verified_by"]) == ("https://idp.example", "domain")
    assert shown.target == "person-1"


@pytest.mark.parametrize("name", ["rate_limited.connection", "domain_not_allowed", "domain_not_allowed.provisioned"])
def test_what_was_too_much_or_of_another_domain_is_told_as_ever_without_the_address(name: str) -> None:
    exchange = recorded.exchange(name)
    shown = Redactor(Pseudonyms()).exchange(exchange)
    told, ever = explain(shown), explain(exchange)
    assert (told.code, [each.do for each in told.fixes]) == (ever.code, [each.do for each in ever.fixes])
    assert told.evidence == ever.evidence
    assert "ana" not in repr(shown)


values = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(st.lists(values, min_size=1, max_size=8))
def test_the_same_value_has_one_other_name_and_no_two_have_the_same(found: list[str]) -> None:
    names = Pseudonyms()
    shown = [names.of(each) for each in found]
    assert [names.of(each) for each in found] == shown
    changed = {each: one for each, one in zip(found, shown, strict=True) if each != one}
    assert len(set(changed.values())) == len(set(names.names))


@given(values)
def test_a_name_that_is_quoted_in_a_text_is_replaced(value: str) -> None:
    names, name = Pseudonyms(), f"zz {value} zz".replace('"', "")
    other = names.of(name)
    assert names.text(f'The user "{name}" was refused.') == f'The user "{other}" was refused.'


def test_a_text_is_renamed_once_though_it_is_looked_at_twice() -> None:
    names = Pseudonyms()
    names.of("ana@x.example")
    names.of("Ana Ng")
    once = names.text("ana@x.example, (ben@y.example) or 'Ana Ng'.")
    assert once == "person-1@x.example, (person-3@y.example) or 'person-2'."
    assert names.text(once) == once


def test_the_story_is_in_the_bundle_for_both_sides(story: Story, tmp_path: Path) -> None:
    story.cycle(1)
    out = tmp_path / "bundle.zip"
    told = cli(
        story.vestibule,
        "support",
        story.connection_id,
        "--since",
        "1h",
        "--out",
        str(out),
        "--expected",
        str(story.source),
    )
    with zipfile.ZipFile(out) as archive:
        shown, situation = archive.read("index.html").decode(), json.loads(archive.read("situation.json"))
        lines = archive.read("log.ndjson").decode()
    assert told["entries"] == situation["entries"] == lines.count("\n")
    assert out.stat().st_mode & 0o777 == 0o600
    assert "Initial sync paused" in shown
    assert "This token may not read groups: it lacks get:groups." in shown
    assert f"vestibule token grant {story.token['id']}" in shown
    assert "Restart provisioning" in shown
    roll = next(each for each in situation["rollcall"] if each["name"].startswith("grp_all"))
    assert (roll["expected"], roll["present"]) == (269, 21)
    people = {each.user_name for group in read_expectations(story.source) for each in group.people or ()}
    assert len(people) > 200
    assert [each for each in people if each in shown or each in lines] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--since", "soon"), "is no time"), (("--since", "1h", "--until", "2h"), "must come before")],
)
def test_a_bundle_that_cannot_be_made_says_why(
    story: Story, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        cli(story.vestibule, "support", story.connection_id, "--out", str(tmp_path / "b.zip"), *options)
    (tmp_path / "b.zip").write_text("mine")
    with pytest.raises(AssertionError, match="exists already"):
        cli(story.vestibule, "support", story.connection_id, "--out", str(tmp_path / "b.zip"))
    assert (tmp_path / "b.zip").read_text() == "mine"


def test_who_is_expected_by_what_the_server_keeps_is_called_when_no_file_is_given(
    peopled: Tenant, tmp_path: Path
) -> None:
    async def people() -> AsyncIterator[list[ExpectedPerson]]:
        yield [ExpectedPerson(f"{each}{LEAK}@people.example") for each in ("ana", "dora", "other")]

    peopled.vestibule.admin(
        lambda store: expect_people(
            store, SystemClock(), peopled.connection_id, "grp_all@people.example", people(), Taken("list")
        )
    )
    files = bundled(peopled, tmp_path / "bundle")
    (roll,) = json.loads(files["situation.json"])["rollcall"]
    assert (roll["expected"], roll["missing_count"]) == (3, 2)
    assert all(LEAK not in text for text in files.values())


def test_who_is_switched_off_and_who_is_here_twice_are_in_the_bundle_without_their_names(
    peopled: Tenant, tmp_path: Path
) -> None:
    http = peopled.http
    off = http.post("/Users", json=person("Off") | {"active": False}).json()["id"]
    twice = [
        http.post("/Users", json={"schemas": [USER], "userName": f"{name}{LEAK}@people.example", **more}).json()["id"]
        for name, more in (("Dora", {}), ("D.Li", {"externalId": f"oid-{LEAK}"}))
    ]
    named = [{"value": each} for each in (off, *twice)]
    http.post("/Groups", json={"schemas": [GROUP], "displayName": "Sales", "members": named})
    people = (
        ExpectedPerson(f"Off{LEAK}@people.example"),
        ExpectedPerson(f"Dora{LEAK}@people.example", frozenset({f"oid-{LEAK}"})),
    )
    files = bundled(peopled, tmp_path / "bundle", Expectation("Sales", 2, people))
    (roll,) = json.loads(files["situation.json"])["rollcall"]
    assert (roll["inactive_count"], len(roll["inactive"]), roll["extra"][0]["origin"]) == (1, 1, "double")
    assert all(LEAK not in text for text in files.values())
