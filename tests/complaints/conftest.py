"""Each test of a complaint acts as the identity provider of a fresh connection."""

import pytest

from tests.complaints.provider import Provider
from tests.conftest import Tenant


@pytest.fixture
def provider(tenant: Tenant) -> Provider:
    """The identity provider of a fresh connection."""
    return Provider(tenant)
