"""Keys and projects: two projects never see each other's data, on any endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from service.genai_spans import spans_of
from service.sender import Sender
from tests.service.conftest import Running, start
from tests.service.shop_traffic import visits

GETS = (
    "/api/v1/conversations",
    "/api/v1/conversations/{id}",
    "/api/v1/conversations/{id}/ledger",
    "/api/v1/scorecard?group_by=version",
    "/api/v1/latency?by=turn_type",
    "/api/v1/latency/slowest",
    "/api/v1/latency/thinking",
    "/api/v1/costs?by=intent",
    "/api/v1/ledger",
    "/api/v1/drift",
    "/api/v1/baselines",
    "/api/v1/review",
    "/api/v1/agreement",
    "/api/v1/insights",
    "/api/v1/scenarios",
    "/api/v1/incidents",
    "/api/v1/dead-letters",
    "/",
    "/conversations",
    "/conversations/{id}",
    "/latency",
    "/costs",
    "/review",
    "/ledger",
)


@dataclass
class Guarded:
    """A Floorline with keys, and what it holds."""

    running: Running
    mine: str
    other: str
    only_ingest: str
    conversation: str


def _key(data: Path, project: str, *scopes: str) -> str:
    command = [sys.executable, "-m", "service", "keys", "create", "--data", str(data), "--project", project]
    for scope in scopes:
        command += ["--scope", scope]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout.strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One conversation of the project `mine`."""
    data = tmp_path_factory.mktemp("guarded")
    mine, other = (_key(data, project, "ingest", "read", "admin") for project in ("mine", "other"))
    only_ingest = _key(data, "mine", "ingest")
    running = start(data)
    visit = visits(1, "1.1")[0]
    sender = Sender(running.otlp, mine)
    sender.send(spans_of(visit))
    sender.close()
    headers = {"authorization": f"Bearer {mine}"}
    for _ in range(200):
        answer = httpx.get(f"{running.api}/api/v1/conversations/{visit.conversation_id}", headers=headers)
        if answer.status_code == httpx.codes.OK:
            break
    yield Guarded(running, mine, other, only_ingest, visit.conversation_id)
    running.stop()
    assert running.process.stdout is not None
    running.process.stdout.close()


@pytest.mark.parametrize("path", GETS)
def test_another_project_sees_nothing_of_mine(guarded: Guarded, path: str) -> None:
    url = f"{guarded.running.api}{path.format(id=guarded.conversation)}"
    own = httpx.get(url, headers={"authorization": f"Bearer {guarded.mine}"})
    assert own.status_code == httpx.codes.OK
    foreign = httpx.get(url, headers={"authorization": f"Bearer {guarded.other}"})
    assert foreign.status_code in {httpx.codes.OK, httpx.codes.NOT_FOUND}
    if foreign.status_code == httpx.codes.OK:
        assert guarded.conversation not in foreign.text
        assert "shop-assistant" not in foreign.text


@pytest.mark.parametrize("path", GETS)
def test_without_a_key_or_with_the_wrong_scope_nothing_is_shown(guarded: Guarded, path: str) -> None:
    url = f"{guarded.running.api}{path.format(id=guarded.conversation)}"
    assert httpx.get(url).status_code == httpx.codes.UNAUTHORIZED
    answer = httpx.get(url, headers={"authorization": f"Bearer {guarded.only_ingest}"})
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_another_project_cannot_label_end_promote_or_erase_mine(guarded: Guarded) -> None:
    headers = {"authorization": f"Bearer {guarded.other}"}
    base = f"{guarded.running.api}/api/v1"
    label = httpx.post(f"{base}/conversations/{guarded.conversation}/labels", json={"verdict": "pass"}, headers=headers)
    assert label.status_code == httpx.codes.NOT_FOUND
    promoted = httpx.post(f"{base}/scenarios", json={"conversation_id": guarded.conversation}, headers=headers)
    assert promoted.status_code == httpx.codes.NOT_FOUND
    erased = httpx.post(f"{base}/erase", json={"user_id": "C-205"}, headers=headers)
    assert all(row["removed"] == 0 for row in erased.json()["erased"])


def test_erasing_a_person_leaves_nothing_of_them(floorline: Running) -> None:
    made = visits(12)
    person = made[0].user_id
    theirs = {visit.conversation_id for visit in made if visit.user_id == person}
    sender = Sender(floorline.otlp)
    for visit in made:
        sender.send(spans_of(visit))
    sender.close()
    floorline.graded(len(made))
    answer = httpx.post(f"{floorline.api}/api/v1/erase", json={"user_id": person}, timeout=60)
    assert answer.status_code == httpx.codes.OK
    rows = answer.json()["erased"]
    assert all(row["left"] == 0 for row in rows)
    assert {row["where"]: row["removed"] for row in rows}["conversations"] == len(theirs)
    left = floorline.get("/api/v1/conversations", limit=100)["conversations"]
    assert {item["conversation_id"] for item in left} == {visit.conversation_id for visit in made} - theirs
