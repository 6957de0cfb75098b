"""What one request may look at is bounded: beyond it the answer is 400 tooMany, never half a list."""

import pytest

from tests.conftest import Tenant
from tests.server.wire import entry, found, new_user, refusal
from vestibule.explain import explain
from vestibule.store.sql import pages, scan


@pytest.fixture
def crowd(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """Sixty users, of whom forty may be looked at."""
    for number in range(60):
        new_user(tenant, f"user{number}@x", emails=[{"type": "work", "value": f"user{number}@x"}])
    monkeypatch.setattr(scan, "CHUNK", 20)
    monkeypatch.setattr(scan, "ROW_BUDGET", 40)
    monkeypatch.setattr(pages, "RANGE_BUDGET", 10)
    return tenant


@pytest.mark.parametrize(
    "parameters",
    [
        {"filter": 'title eq "Boss"'},
        {"filter": 'not (name.familyName eq "Lim") and active eq true'},
        {"filter": 'emails[type eq "work"].value ew "@x"'},
        {"sortBy": "title"},
        {"filter": 'userName co "user"', "count": "10"},
        {"filter": 'userName sw "user"', "count": "10"},
        {"filter": 'active eq true and userName ew "@x"', "count": "10"},
    ],
)
def test_a_query_over_too_many_is_refused_and_explained(crowd: Tenant, parameters: dict[str, str]) -> None:
    answer = crowd.http.get("/Users", params=parameters)
    detail = refusal(answer, 400, "tooMany")
    assert "more than 40 users" in detail
    told = explain(entry(crowd, answer))
    assert told.code == "query_too_large"
    assert "never answered" in told.why


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "USER7@x"',
        'emails.value eq "user7@X"',
        'emails[type eq "work"].value eq "user7@x"',
        'userName sw "user7" and not (userName sw "user7@y")',
        'userName eq "nobody@x" or emails.value eq "user7@x"',
        'title eq null and userName eq "user7@x"',
    ],
)
def test_what_an_index_narrows_is_answered(crowd: Tenant, text: str) -> None:
    assert found(crowd, text) == ["user7@x"]


def test_whole_lists_have_no_bound(crowd: Tenant) -> None:
    seen: list[str] = []
    for start in (1, 31, 61):
        asked = {"startIndex": start, "count": 30}
        listed = crowd.http.get("/Users", params=asked).json()
        assert listed["totalResults"] == 60
        seen += [each["userName"] for each in listed["Resources"]]
        active = crowd.http.get("/Users", params={**asked, "filter": "active eq true"}).json()
        assert active == listed
        assert crowd.http.get("/Users", params={**asked, "filter": "active eq false"}).json()["totalResults"] == 0
    assert seen == [f"user{number}@x" for number in range(60)]
