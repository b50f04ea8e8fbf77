"""One thing that a conversation left hanging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["stalled", "partly_done", "not_handed_over", "left_out", "broken_reply"]


@dataclass(frozen=True, slots=True)
class LooseEnd:
    """One thing left hanging: the words that show it, the message they stand in, and why it matters."""

    kind: Kind
    said: str
    message: int
    text: str
