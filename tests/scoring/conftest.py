"""Conversations that scoring tests share."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from conversation import transcript
from conversation.model import Conversation


@pytest.fixture(scope="session")
def shared_conversations(shared_dir: Path) -> list[Conversation]:
    """Forty real conversations."""
    with gzip.open(shared_dir / "conversations" / "natural.jsonl.gz") as lines:
        return [transcript.from_record(json.loads(line)) for line in islice(lines, 40)]
