"""What the world outside is played by: a certificate authority, and servers on loopback."""

from pathlib import Path

import pytest

from tests.outbound.certificates import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))
