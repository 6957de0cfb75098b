"""The origin story over real HTTP: each complaint of the thread, put right."""

import json
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from tests.conftest import ENGINES, USER_SCOPES, Vestibule, database_url, running
from tests.process import Process, serving
from vestibule.cli import main
from vestibule.clock import SystemClock
from vestibule.doctor.examining import examine
from vestibule.entra.company import already_in_product, company
from vestibule.entra.tenant import write_json

GROUP = "grp_all@example.com"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS_ONLY = ["get:users", "post:users", "put:users", "patch:users", "delete:users"]


_READ_THE_LOG = frozenset({"cycles", "doctor", "explain", "fix", "log", "rollcall", "support"})


def cli(vestibule: Vestibule, *arguments: str, expect: int = 0) -> Any:
    """Run the command line as an operator does; its JSON document."""
    if arguments[0] in _READ_THE_LOG:
        # A look for a request that is not there has the log written first.
        httpx2.get(f"{vestibule.base_url}/e/req_none", trust_env=False)
    environment = {"VESTIBULE_DATABASE_URL": vestibule.database, "VESTIBULE_BASE_URL": vestibule.base_url}
    done = CliRunner().invoke(main, [*arguments, "--json"], env=environment)
    assert done.exit_code == expect, done.output
    return json.loads(done.stdout)


class Story:
    """Acme's tenant, its connection made by the command line, a token without group scopes."""

    def __init__(self, vestibule: Vestibule, folder: Path) -> None:
        self.vestibule = vestibule
        self.state = str(folder / "job.db")
        self.tenant = company()
        self.source = folder / "source.json"
        self.source.write_text(write_json(self.tenant), encoding="utf-8")
        enterprise = cli(vestibule, "enterprise", "create", "Acme")
        connection = cli(vestibule, "connection", "create", enterprise["id"], "--idp", "entra")
        self.connection_id, self.url = connection["id"], connection["scim_base_url"]
        members = [part for name in already_in_product(self.tenant) for part in ("--member", name)]
        assert cli(vestibule, "group", "create", self.connection_id, GROUP, *members)["members"] == 21
        scopes = [part for scope in sorted(USER_SCOPES) for part in ("--scope", scope)]
        self.token = cli(vestibule, "token", "create", self.connection_id, *scopes)

    def cycle(self, expect: int = 0, *more: str) -> Any:
        return cli(
            self.vestibule, "rehearse", "--source", str(self.source), "--target", self.url,
            "--token", self.token["token"], "--state", self.state, *more, expect=expect,
        )  # fmt: skip

    def roll(self, expect: int = 0) -> dict[str, Any]:
        rolls = cli(
            self.vestibule, "rollcall", self.connection_id, "--expected", str(self.source), expect=expect
        )["groups"]  # fmt: skip
        return {each["name"]: each for each in rolls}

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.url + path, headers=self._headers(), trust_env=False)

    def remove(self, path: str, what: str) -> httpx2.Response:
        """A PATCH that removes what an attribute path names."""
        body = {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": what}]}
        return httpx2.patch(self.url + path, headers=self._headers(), json=body, trust_env=False)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token['token']}"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    with running(database_url(tmp_path_factory.mktemp("story"), engine)) as made:
        yield made


@pytest.fixture
def story(server: Vestibule, tmp_path: Path) -> Story:
    return Story(server, tmp_path)


def test_the_thread_from_the_green_test_to_the_balanced_roll_call(story: Story) -> None:
    assert story.token["warning"].startswith("This token can sync users but not groups")

    probe = story.get('/Users?filter=userName+eq+"2f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11"')
    assert (probe.status_code, probe.json()["totalResults"], probe.json()["Resources"]) == (200, 0, [])

    refused = story.get('/Groups?excludedAttributes=members&filter=displayName+eq+"grp_all%40example.com"')
    request_id = refused.headers["vestibule-request-id"]
    grant = " ".join(f"--scope {verb}:groups" for verb in ("get", "post", "patch", "delete"))
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/scim+json"
    assert refused.json() == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "403",
        "detail": "This token may not read groups: it lacks get:groups. Grant the missing scopes to this same token: "
        f"`vestibule token grant {story.token['id']} {grant}`. {story.vestibule.base_url}/e/{request_id}",
        "got": USERS_ONLY,
        "need": [{"selection": ["get:groups"]}],
    }

    first = story.cycle(1)
    assert first["job"]["status"]["code"] == "Paused"
    assert first["job"]["status"]["escrowsPruned"] is True
    failure = next(e for e in first["log"] if e["sourceIdentity"]["displayName"] == GROUP)["provisioningStatusInfo"]
    assert failure["errorInformation"]["errorCode"] == "EntrySynchronizationError"
    assert "Failed to match an entry in the source and target systems" in failure["errorInformation"]["reason"]

    before = story.roll(1)[GROUP]
    assert (before["expected"], before["present"], len(before["missing"])) == (269, 21, 248)
    assert {each["reason"] for each in before["missing"]} == {"refused"}
    told = cli(story.vestibule, "explain", before["missing"][0]["request_id"])
    assert (told["code"], told["fixes"][0]["command"].split()[3]) == ("scope_missing", story.token["id"])

    granted = cli(story.vestibule, "token", "grant", story.token["id"], *grant.split())
    assert (granted["id"], granted["last_four"]) == (story.token["id"], story.token["last_four"])
    assert granted["warning"] is None
    assert story.get("/Groups?excludedAttributes=members").status_code == 200

    second = story.cycle()
    assert second["job"]["status"]["code"] == "Active"
    after = story.roll()[GROUP]
    assert (after["expected"], after["present"], after["missing"], after["extra"]) == (269, 269, [], [])

    idle = story.cycle()
    assert idle["cycles"][-1]["requests"] == 0


def test_from_the_symptoms_alone_come_the_diagnosis_the_fix_the_next_cycle_and_the_balance(
    story: Story, tmp_path: Path
) -> None:
    """What goes in: the 403, the text of Entra's log, 21 and 269. Whatever is done is what the answers say."""
    entra = story.cycle(1)
    con = story.connection_id
    cli(story.vestibule, "rollcall", "expect", con, "--group", GROUP, "--count", "269")
    (roll,) = cli(story.vestibule, "rollcall", con, expect=1)["groups"]
    assert (roll["expected"], roll["present"], roll["missing_count"]) == (269, 21, 248)
    assert roll["reasons"] == {"refused": 248}

    answer, text = tmp_path / "403.json", tmp_path / "entra.txt"
    answer.write_bytes(story.get(f'/Groups?filter=displayName+eq+"{GROUP}"').content)
    failed = next(e for e in entra["log"] if e["sourceIdentity"]["displayName"] == GROUP)["provisioningStatusInfo"]
    text.write_text(failed["errorInformation"]["reason"])
    diagnoses = [
        cli(story.vestibule, "explain", "--status", "403", "--body", str(answer)),
        cli(story.vestibule, "explain", "--text", str(text)),
        cli(story.vestibule, "explain", roll["missing"][0]["request_id"]),
    ]
    assert {each["code"] for each in diagnoses} == {"scope_missing"}

    examined = cli(story.vestibule, "doctor", con, expect=1)["findings"]
    (lacking,) = [each for each in examined if each["code"] == "token_lacks_groups"]
    fixes = {each["fixes"][0]["command"] for each in (diagnoses[2], lacking)}
    assert len(fixes) == 1, fixes
    program, *command = fixes.pop().split()
    assert program == "vestibule"
    assert cli(story.vestibule, *command)["id"] == story.token["id"]

    story.cycle()
    (roll,) = cli(story.vestibule, "rollcall", con)["groups"]
    assert (roll["expected"], roll["present"], roll["balanced"]) == (269, 269, True)
    trend = cli(story.vestibule, "rollcall", "history", con, "--group", GROUP)["history"]
    assert [(each["present"], each["missing"]) for each in trend] == [(269, 0), (21, 248)]
    assert "token_lacks_groups" not in str(
        story.vestibule.admin(lambda store: examine(store, con, SystemClock().now()))
    )
    audit = story.vestibule.admin(lambda store: store.audit(con))
    assert audit[0].action == "rollcall.balanced"


def test_the_members_that_were_there_before_are_kept_and_told_apart(story: Story) -> None:
    scopes = [part for verb in ("get", "post", "patch", "delete") for part in ("--scope", f"{verb}:groups")]
    cli(story.vestibule, "token", "grant", story.token["id"], *scopes)
    story.cycle()
    groups = cli(story.vestibule, "group", "list", story.connection_id)["groups"]
    adopted = next(each for each in groups if each["name"] == GROUP)
    assert (adopted["origin"], adopted["adopted"], adopted["members"]) == ("app", True, 269)

    async def origins(store: Any) -> list[str]:
        return [each.origin for each in await store.members(story.connection_id, adopted["id"])]

    found = story.vestibule.admin(origins)
    assert (found.count("app"), found.count("scim")) == (21, 248)


def test_the_grant_is_in_the_audit(story: Story) -> None:
    cli(story.vestibule, "token", "grant", story.token["id"], "--scope", "get:groups")
    entries = story.vestibule.admin(lambda store: store.audit(story.connection_id))
    assert entries[0].action == "token.scopes_granted"
    assert entries[0].detail["granted"] == ["get:groups"]
    assert entries[0].target == story.token["id"]


def test_the_text_that_entra_showed_is_explained(story: Story, tmp_path: Path) -> None:
    text = tmp_path / "entra.txt"
    text.write_text(
        "EntrySynchronizationError\nFailed to match an entry in the source and target systems\n"
        "Group 'grp_all@xxxxxx.com'\nResource:\n"
        'https://auth.example.net/scim/v2/connections/<connection-id>/Groups?filter=displayName+eq+"grp_all%40xxxxxx.com"\n'
        'Response Status Code: 403\nResponse Content:\n{\n "got":["get:users","post:users","put:users","patch:users",'
        '"delete:users"],\n "need":[{"selection":["get:groups"]}],\n "detail":"Insufficient scope",\n "status":"403"\n}\n'
        "Provisioning interval: 40 minutes\n"
    )
    told = cli(story.vestibule, "explain", "--text", str(text))
    assert told["code"] == "scope_missing"
    assert told["sentence"] == "This token may not read groups: it lacks get:groups."


@pytest.fixture
def process(tmp_path: Path, engine: str) -> Generator[Process]:
    with serving(database_url(tmp_path, engine)) as made:
        yield made


def test_a_server_killed_in_the_middle_of_a_cycle_ends_with_a_balanced_roll_call(
    process: Process, tmp_path: Path
) -> None:
    story = Story(process.vestibule, tmp_path)
    cli(story.vestibule, "token", "grant", story.token["id"], "--all-scopes")
    arguments = [
        sys.executable, "-m", "vestibule", "rehearse", "--json", "--source", str(story.source), "--target", story.url,
        "--token", story.token["token"], "--state", story.state,
    ]  # fmt: skip
    cycle = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while story.get("/Users?count=0").json()["totalResults"] < 100:
        assert time.monotonic() < deadline
    process.kill()
    assert cycle.wait(60) in (1, 3)
    process.start()
    assert 100 <= story.get("/Users?count=0").json()["totalResults"] < 290
    assert not all(each["balanced"] for each in story.roll(1).values())
    for _ in range(2):
        done = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if done.returncode == 0:
            break
    rolls = story.roll()
    assert all(each["balanced"] for each in rolls.values())
    assert rolls[GROUP]["present"] == 269


def test_a_token_that_finds_groups_but_may_not_change_them_is_told_by_the_roll_call(story: Story) -> None:
    cli(story.vestibule, "token", "grant", story.token["id"], "--scope", "get:groups", "--scope", "post:groups")
    story.cycle(1)
    roll = story.roll(1)[GROUP]
    assert (roll["expected"], roll["present"]) == (269, 21)
    assert {each["reason"] for each in roll["missing"]} == {"refused"}
    told = cli(story.vestibule, "explain", roll["missing"][0]["request_id"])
    assert told["sentence"] == "This token may not change groups: it lacks patch:groups."
