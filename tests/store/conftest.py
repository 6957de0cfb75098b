"""One database for the tests of filters."""

from collections.abc import Generator

import pytest

from tests.postgres import fresh_url
from tests.store.crowds import Arena


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Arena]:
    """Made once for each engine: the examples do not see each other's connections."""
    place = tmp_path_factory.mktemp("arena")
    made = Arena("sqlite:///:memory:" if request.param == "sqlite" else fresh_url(place))
    yield made
    made.close()
