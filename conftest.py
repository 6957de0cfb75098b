"""The values of a failed assert are shown in the tests' own modules too; said here, before anything imports them."""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent
for _file in (_HERE / "tests").glob("**/*.py"):
    if not _file.name.startswith(("test_", "conftest", "__init__")):
        pytest.register_assert_rewrite(".".join(_file.relative_to(_HERE).with_suffix("").parts))
