"""What a rehearsal keeps does not grow with what it does, nor its work with the square of it."""

import gc
from dataclasses import replace

import pytest

from tests.rehearsal.target import URN, FakeTarget, error, run
from tests.rehearsal.test_resilience import tenant
from vestibule.entra.company import company
from vestibule.entra.graph import TenantGroup
from vestibule.entra.job import Job
from vestibule.entra.objects import Subject
from vestibule.rehearsal.state import State


def entries_alive():
    return sum(type(each) is dict and "provisioningAction" in each for each in gc.get_objects())


def subjects_alive():
    return sum(type(each) is Subject for each in gc.get_objects())


@pytest.mark.parametrize("refused", [False, True])
def test_neither_the_log_nor_what_is_exported_piles_up_in_memory(refused):
    target, most = FakeTarget(), [0, 0]

    def look(request):
        if len(target.seen) % 40 == 0:
            gc.collect()
            most[:] = [max(most[0], entries_alive()), max(most[1], subjects_alive())]
        return error(403, "no") if refused and request.method == "POST" else None

    target.hook = look
    before = entries_alive()
    done = run(company(people=200), target)
    gc.collect()
    assert len(done.log) > (180 if refused else 360)
    # The entry and the object at hand, and the first failure, which is shown to people.
    assert most[0] - before <= 2
    assert most[1] <= 1
    assert entries_alive() - before <= 1


class Counted(str):
    """A text that counts how often it is compared with another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_cycle_and_its_roll_call_compare_each_person_a_few_times_however_many_there_are():
    ids = [Counted(f"id{number}") for number in range(300)]
    source = tenant(300)
    users = tuple(replace(user, id=ident, manager=None) for user, ident in zip(source.users, ids, strict=True))
    source = replace(source, users=users, groups=(TenantGroup("gid", "team", tuple(ids)),))
    Counted.compared = 0
    done = run(source, FakeTarget())
    assert done.as_json()["rollcall"]["groups"][0]["present"] == 300
    assert Counted.compared < 10 * 300


def test_members_that_left_the_source_are_named_from_memory_without_a_search_of_it(tmp_path, monkeypatch):
    state, target = str(tmp_path / "s.db"), FakeTarget()
    source = tenant(300)
    run(source, target, state)
    # The target keeps them, whatever it is told: all are strangers to the group, yet known to the engine.
    target.patch = lambda thing, op: None
    walks = []

    class Walked(dict):
        def values(self):
            walks.append(1)
            return super().values()

    remembered = State.memory

    def memory(self, fresh):
        found = remembered(self, fresh)
        found.records = Walked(found.records)
        return found

    monkeypatch.setattr(State, "memory", memory)
    sent = len(target.seen)
    done = run(replace(source, groups=(TenantGroup("gid", "team", ()),)), target, state)
    assert len(done.as_json()["rollcall"]["groups"][0]["extra"]) == 300
    assert not [each for each in target.seen[sent:] if each.method == "GET" and "/Users/" in each.url.path]
    assert len(walks) < 10


def test_a_job_that_goes_on_holds_each_path_each_id_and_a_value_of_many_once(tmp_path):
    state = str(tmp_path / "s.db")
    source = tenant()
    users = tuple(
        replace(each, attributes={**each.attributes, "department": "Höhlenforschung"}) for each in source.users
    )
    run(replace(source, users=users), FakeTarget(), state)
    opened = State.open(state)
    memory = opened.memory(Job("j", "t"))
    opened.close()
    people = [each for each in memory.records.values() if each.kind == "User"]
    assert len({id(path) for each in people for path in each.exported}) == len(
        set().union(*(p.exported for p in people))
    )
    assert len({id(each.exported[f"{URN}:department"]) for each in people}) == 1
    ids = {id(each.source_id) for each in people}
    assert {id(each) for each in memory.members["gid"]} == ids
