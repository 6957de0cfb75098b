"""Show the values of a failed assert in the suite's own modules too."""

import pytest

for part in ("conformance", "conformance_accounts", "conformance_groups", "conformance_users", "staging"):
    pytest.register_assert_rewrite(f"tests.store.{part}")
