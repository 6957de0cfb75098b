"""A name that passes from one person to another never makes them share an account."""

import pytest

from tests.rehearsal.target import FakeTarget, error, run
from tests.rehearsal.test_resilience import codes
from vestibule.entra.graph import Tenant, TenantUser


def person(ident, name):
    return TenantUser(ident, name, attributes={"displayName": ident, "mailNickname": ident})


FIRST = Tenant((person("anna", "a@x.com"),))
SECOND = Tenant((person("carl", "a@x.com"), person("anna", "b@x.com")))


def accounts(target):
    return {each["userName"]: each["displayName"] for each in target.users.values()}


@pytest.mark.parametrize("mode", ["", "?aadOptscim062020"])
def test_the_one_renamed_keeps_the_account_and_the_new_one_gets_another(tmp_path, mode):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    run(FIRST, target, state, mode)
    assert codes(run(SECOND, target, state, mode)) == []
    assert accounts(target) == {"a@x.com": "carl", "b@x.com": "anna"}


def test_while_the_rename_is_refused_the_new_one_waits(tmp_path):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    run(FIRST, target, state)
    target.hook = lambda r: error(500, "oops") if r.method == "PATCH" else None
    refused = run(SECOND, target, state)
    assert sorted(codes(refused)) == ["DuplicateSourceEntries", "InternalServerError"]
    assert accounts(target) == {"a@x.com": "anna"}
    target.hook = lambda r: None
    assert codes(run(SECOND, target, state)) == []
    assert accounts(target) == {"a@x.com": "carl", "b@x.com": "anna"}
