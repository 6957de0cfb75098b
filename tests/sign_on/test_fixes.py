"""Fixes of how a connection signs people in, for sign-ins that were really refused."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.sign_on.walk import FETCHER, Walk
from vestibule import fixing
from vestibule.clock import SystemClock
from vestibule.explain.outside import from_text
from vestibule.fixing import CannotFix, Doer, Preview, Tools
from vestibule.model import Exchange
from vestibule.store import Store

T = TypeVar("T")


def run(walk: Walk, work: Callable[[Tools], Awaitable[T]]) -> T:
    async def with_store(store: Store) -> T:
        return await work(Tools(store, SystemClock(), FETCHER, True))

    return walk.vestibule.admin(with_store)


def do(walk: Walk, exchange: Exchange, name: str, *, dry: bool = False) -> Preview:
    return run(walk, lambda tools: fixing.do(tools, exchange, name, Doer("ana", "operator"), dry=dry))


def test_metadata_are_read_again_when_the_certificate_is_another_one(walk: Walk) -> None:
    saml = walk.set(skew=181).as_json()["saml"]
    # It was just tried, so that the sign-in itself does not read again.
    walk.set(saml={**saml, "metadata_tried_at": SystemClock().now()}, email_policy="trust_idp_claim")
    walk.provider.control(certificate="roll")
    walk.provider.control(certificate="activate")
    answer = walk.login()
    exchange = walk.exchange(answer)
    assert exchange.error == "bad_signature"
    shown = do(walk, exchange, "read_metadata_again", dry=True)
    assert shown.sentence.startswith("New: 1 certificate; gone: ")
    done = do(walk, exchange, "read_metadata_again")
    assert done == shown
    assert set(done.after["certificates"]) - set(done.before["certificates"])
    assert walk.exchange(walk.login()).error != "bad_signature"


def test_requests_are_signed_when_the_identity_provider_asks_for_it(walk: Walk) -> None:
    walk.set(sign_requests=False)
    told = from_text("AADSTS76021: The request sent by client is not signed while the application requires it")
    assert told is not None
    exchange = replace(told, id="req_x", connection_id=walk.id)
    assert do(walk, exchange, "sign_requests").after == {"sign_requests": True}
    with pytest.raises(CannotFix) as caught:
        do(walk, exchange, "sign_requests")
    assert caught.value.code == "done"
