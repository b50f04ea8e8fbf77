"""Transcripts of the demo shop for tests."""

from __future__ import annotations

import json
import time
from pathlib import Path

from service.demo.agent import RELEASES
from service.demo.traffic import traffic
from service.genai_spans import Transcript


def visits(count: int, *versions: str, seed: int = 3) -> list[Transcript]:
    """`count` visits shared by the releases."""
    releases = [RELEASES[version] for version in versions or ("1.0",)]
    return list(traffic(releases=releases, conversations=count, seed=seed, until_ns=time.time_ns()))


def write_jsonl(path: Path, made: list[Transcript]) -> Path:
    """The visits as a transcript file."""
    with path.open("w", encoding="utf-8") as sink:
        for visit in made:
            first = visit.messages[0].end_ns
            messages = [{**timed.message, "t_offset_s": (timed.end_ns - first) / 1e9} for timed in visit.messages]
            record = {
                "id": visit.conversation_id,
                "domain": "shop",
                "agent_model": visit.model,
                "tools": list(visit.tools),
                "messages": messages,
            }
            sink.write(json.dumps(record) + "\n")
    return path
