"""Show the values of a failed assert in the suite's own modules too; one database for the tests of filters."""

from collections.abc import Generator

import pytest

for part in (
    *(
        "conformance",
        "conformance_accounts",
        "conformance_costs",
        "conformance_groups",
        "conformance_lists",
        "conformance_managers",
        "conformance_references",
    ),
    *("conformance_review", "conformance_users", "crowds", "staging"),
):
    pytest.register_assert_rewrite(f"tests.store.{part}")

from tests.postgres import fresh_url  # noqa: E402
from tests.store.crowds import Arena  # noqa: E402 -- after the rewriting


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Arena]:
    """Made once for each engine: the examples do not see each other's connections."""
    place = tmp_path_factory.mktemp("arena")
    made = Arena("sqlite:///:memory:" if request.param == "sqlite" else fresh_url(place))
    yield made
    made.close()
