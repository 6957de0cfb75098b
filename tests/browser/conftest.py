"""Chromium for every test that asks for it, with scripts and without."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, NONE_HERE, Complaints, executable
from tests.browser.visitor import Visitor
from tests.sign_on.conftest import company, door, mailbox, oidc_walk, walk
from tests.sign_on.walk import Walk

__all__ = ["company", "door", "mailbox", "oidc_walk", "walk"]


@pytest.fixture(scope="module")
def chromium() -> Generator[Browser]:
    """One for each file: as long as it is open, an event loop runs in this thread, which others would stumble over."""
    found = executable()
    if found is None:
        pytest.skip(NONE_HERE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with-scripts", "without-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def visitor(chromium: Browser, walk: Walk, scripts: bool) -> Generator[Visitor]:
    """Somebody who signs in by SAML. Whatever the browser complained of is the test's failure."""
    yield from _visiting(chromium, walk, scripts)


@pytest.fixture
def oidc_visitor(chromium: Browser, oidc_walk: Walk, scripts: bool) -> Generator[Visitor]:
    yield from _visiting(chromium, oidc_walk, scripts)


def _visiting(chromium: Browser, walk: Walk, scripts: bool) -> Generator[Visitor]:
    with chromium.new_context(java_script_enabled=scripts, viewport={"width": 1_000, "height": 800}) as context:
        context.set_default_timeout(15_000)
        page = context.new_page()
        complaints = Complaints(page)
        yield Visitor(page, walk, scripts, complaints)
        assert list(complaints.found) == []
