"""The load generator: one operation over some connections for some time, timed call by call."""

import asyncio
import gc
import itertools
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bench.calls import Answer, Call
from bench.figures import Figure
from bench.ops import Op
from bench.processes import cpu_seconds
from bench.session import Session, connect
from bench.target import Service

KEPT_BYTES = 32 * 1024 * 1024
"""Answers are checked after the clock has stopped; beyond so many bytes only their status is."""
MAX_FAILURES = 10
"""After so many answers of a wrong status an operation is given up."""


@dataclass(slots=True)
class _Tally:
    """What happened while the clock ran."""

    took: list[float] = field(default_factory=list[float])
    kept: list[tuple[Call, Answer]] = field(default_factory=list[tuple[Call, Answer]])
    kept_bytes: int = 0
    failures: list[str] = field(default_factory=list[str])

    def note(self, op: Op, call: Call, answer: Answer, took: float) -> None:
        if answer.status not in op.statuses:
            self.failures.append(answer.shown())
            return
        self.took.append(took)
        if self.kept_bytes < KEPT_BYTES:
            self.kept.append((call, answer))
            self.kept_bytes += len(answer.body)


async def measure(op: Op, service: Service, connections: int, seconds: float) -> Figure:
    """Time an operation. An operation of which one call takes longer than `seconds` is called over one connection."""
    async with connect(service.base_url, service.headers, connections) as session:
        probe = await _probe(op, session)
        slow = probe.took > seconds and connections > 1
        if probe.wrong.startswith("fails"):
            return Figure(op.name, connections, 0, 0.0, 0.0, 0.0, wrong=probe.wrong)
        lanes = 1 if slow else connections
        await _warm(op, session, lanes, 0.0 if probe.took > seconds else min(0.1, seconds / 5))
        figure = await _timed(op, service, session, lanes, seconds)
        wrong = figure.wrong or probe.wrong or await op.verify(session)
    note = f"over one connection, as one call takes {probe.took:.1f} s" if slow else ""
    return replace(figure, connections=connections, wrong=wrong, note=note)


@dataclass(frozen=True, slots=True)
class _Probe:
    took: float
    wrong: str


async def _probe(op: Op, session: Session) -> _Probe:
    """One call that is not counted: is the answer right, and how long does one take?"""
    call = op.call(0, 0)
    if call is None:
        return _Probe(0.0, "fails: nobody left to do it with")
    started = time.perf_counter()
    answer = await session.send(call)
    took = time.perf_counter() - started
    op.answered(0, call, answer)
    if answer.status not in op.statuses:
        return _Probe(took, f"fails: {answer.shown()}")
    return _Probe(took, op.wrong(call, answer))


async def _warm(op: Op, session: Session, lanes: int, seconds: float) -> None:
    """Open the connections and let the server settle; not counted."""
    if seconds:
        await _run(op, session, lanes, seconds, _Tally(kept_bytes=KEPT_BYTES), itertools.count(1))


async def _timed(op: Op, service: Service, session: Session, lanes: int, seconds: float) -> Figure:
    tally, numbers = _Tally(), itertools.count(10_007)
    gc.collect()
    gc.disable()
    commits = service.commits() if service.commits else 0
    own, server, started = time.process_time(), cpu_seconds(service.roots), time.perf_counter()
    await _run(op, session, lanes, seconds, tally, numbers)
    elapsed = time.perf_counter() - started
    own, server = time.process_time() - own, cpu_seconds(service.roots) - server
    gc.enable()
    done = len(tally.took)
    sent = done + len(tally.failures)
    return Figure(
        op.name,
        lanes,
        done,
        per_second=round(done / elapsed, 2),
        p50_ms=_percentile(tally.took, 0.50),
        p99_ms=_percentile(tally.took, 0.99),
        cpu_us=round(server / sent * 1e6, 1) if sent and service.roots else None,
        loader_busy=round(own / elapsed, 2),
        commits=service.commits() - commits if service.commits else None,
        wrong=_verdict(op, tally),
    )


async def _run(op: Op, session: Session, lanes: int, seconds: float, tally: _Tally, numbers: Iterable[int]) -> None:
    until = time.perf_counter() + seconds

    async def lane(worker: int) -> None:
        for number in numbers:
            started = time.perf_counter()
            if started > until or len(tally.failures) >= MAX_FAILURES:
                return
            call = op.call(worker, number)
            if call is None:
                return
            answer = await session.send(call)
            tally.note(op, call, answer, time.perf_counter() - started)
            op.answered(worker, call, answer)

    await asyncio.gather(*(lane(worker) for worker in range(lanes)))


def _verdict(op: Op, tally: _Tally) -> str:
    if tally.failures:
        return f"{len(tally.failures)} failed: {tally.failures[0]}"
    return next((wrong for call, answer in tally.kept if (wrong := op.wrong(call, answer))), "")


def _percentile(took: list[float], share: float) -> float:
    """In milliseconds; 0 when nothing was done."""
    ordered = sorted(took)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3, 3) if ordered else 0.0
