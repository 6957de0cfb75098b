"""One provider for the tests of a file; each test begins with nothing switched on and a fresh browser."""

from collections.abc import Generator

import pytest

from tests.idp.browser import Provider, provider


@pytest.fixture(scope="module")
def running() -> Generator[Provider]:
    with provider() as made:
        yield made


@pytest.fixture
def idp(running: Provider) -> Provider:
    running.control(mistakes=[], clock_offset=0)
    running.forget()
    return running
