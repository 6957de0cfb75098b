"""Show the values of a failed assert in the suite's own modules too; one database for the tests of filters."""

from collections.abc import Generator

import pytest

for part in (
    *(
        "conformance",
        "conformance_accounts",
        "conformance_costs",
        "conformance_groups",
        "conformance_managers",
        "conformance_references",
    ),
    *("conformance_review", "conformance_users", "crowds", "staging"),
):
    pytest.register_assert_rewrite(f"tests.store.{part}")

from tests.store.crowds import Arena  # noqa: E402 -- after the rewriting


@pytest.fixture(scope="module")
def arena() -> Generator[Arena]:
    """Made once: the examples do not see each other's connections."""
    made = Arena()
    yield made
    made.close()
