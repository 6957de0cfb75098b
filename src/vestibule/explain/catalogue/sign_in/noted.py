"""What is told of a note on the claims: a clause for a sentence, why, and what to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from vestibule.explain.catalogue.sign_in.reading import SignIn
from vestibule.explain.entry import Evidence, Fix


@dataclass(frozen=True, slots=True)
class Noted:
    """One note told. `clause` has neither a capital nor a full stop: it stands behind “but” or a colon."""

    clause: str
    why: str
    fixes: tuple[Fix, ...] = ()
    evidence: tuple[Evidence, ...] = ()


Teller: TypeAlias = Callable[[SignIn, Mapping[str, Any]], Noted]
"""From a sign-in and the note's facts to what is told."""
