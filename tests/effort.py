"""How hard the property tests try: a run of the tests by their own number, `make fuzz` many times as hard."""

import os
from typing import Any

import hypothesis

FACTOR = int(os.environ.get("VESTIBULE_FUZZ", "1"))


def examples(number: int, **others: Any) -> hypothesis.settings:
    """Settings for a property that is tried on so many examples."""
    return hypothesis.settings(max_examples=number * FACTOR, **others)
