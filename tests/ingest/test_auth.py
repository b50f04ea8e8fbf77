from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from conversation.errors import UsageError
from ingest.auth import KeyFile
from ingest.credentials import presented
from ingest.errors import Busy, Cause, Refused
from ingest.limits import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> KeyFile:
    return KeyFile(tmp_path / "keys.json", now_ns=clock)


def cause(call: Callable[[], object]) -> Cause:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.cause


def test_a_key_opens_its_project_and_only_its_scopes(keys: KeyFile) -> None:
    _, text = keys.create("shop", ["ingest"])
    assert keys.grant(text, "ingest").project == "shop"
    assert cause(lambda: keys.grant(text, "read")) is Cause.FORBIDDEN
    _, admin = keys.create("shop", ["admin"])
    assert keys.grant(admin, "read").project == "shop"


@pytest.mark.parametrize("wrong", [None, "", "fl", "fl__", "fl_000000000000_x", "é", "\udcff"])
def test_no_key_and_a_wrong_key_are_both_unauthenticated(keys: KeyFile, wrong: str | None) -> None:
    keys.create("shop")
    assert cause(lambda: keys.grant(wrong, "ingest")) is Cause.UNAUTHENTICATED


def test_a_key_with_another_secret_is_refused(keys: KeyFile) -> None:
    key, text = keys.create("shop")
    assert cause(lambda: keys.grant(text[:-1] + ("a" if text[-1] != "a" else "b"), "ingest")) is Cause.UNAUTHENTICATED
    assert cause(lambda: keys.grant(f"fl_{key.id}_{key.digest}", "ingest")) is Cause.UNAUTHENTICATED


def test_a_rotated_key_works_until_its_end(keys: KeyFile, clock: Clock) -> None:
    key, text = keys.create("shop")
    _, new = keys.create("shop")
    keys.expire(key.id, clock.now + 10)
    assert keys.grant(text, "ingest").key_id
    clock.now += 10
    assert cause(lambda: keys.grant(text, "ingest")) is Cause.UNAUTHENTICATED
    assert keys.grant(new, "ingest").key_id


def test_a_key_revoked_elsewhere_stops_at_once(keys: KeyFile, tmp_path: Path, clock: Clock) -> None:
    key, text = keys.create("shop")
    assert keys.grant(text, "ingest").key_id
    KeyFile(tmp_path / "keys.json", now_ns=clock).revoke(key.id)
    assert cause(lambda: keys.grant(text, "ingest")) is Cause.UNAUTHENTICATED


def test_the_file_holds_no_secret_and_only_its_owner_reads_it(keys: KeyFile, tmp_path: Path) -> None:
    _, text = keys.create("shop")
    path = tmp_path / "keys.json"
    assert text.split("_", 2)[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_time_of_last_use_is_kept(keys: KeyFile, clock: Clock, tmp_path: Path) -> None:
    _, text = keys.create("shop")
    clock.now += 5_000_000_000
    keys.grant(text, "ingest")
    assert KeyFile(tmp_path / "keys.json", now_ns=clock).keys()[0].last_used_ns == clock.now


def test_open_mode_ends_with_the_first_key(tmp_path: Path, clock: Clock) -> None:
    keys = KeyFile(tmp_path / "keys.json", now_ns=clock, open_when_empty=True)
    assert keys.grant(None, "ingest").project == "default"
    keys.create("shop")
    assert cause(lambda: keys.grant(None, "ingest")) is Cause.UNAUTHENTICATED


def test_mistakes_are_named(keys: KeyFile, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="scopes"):
        keys.create("shop", ["everything"])
    with pytest.raises(UsageError, match="no key"):
        keys.revoke("nope")
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(UsageError, match="not a key file"):
        keys.keys()


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k "}, "k"),
        ({"x-api-key": "k"}, "k"),
        ({"authorization": basic("public:k")}, "k"),
        ({"authorization": basic("k:")}, "k"),
        ({"authorization": "Basic !"}, None),
        ({"authorization": "Bearer"}, None),
        ({}, None),
    ],
)
def test_a_key_is_found_wherever_senders_put_it(headers: dict[str, str], key: str | None) -> None:
    assert presented(headers.get) == key


def test_a_fast_sender_waits_for_its_own_bucket_only() -> None:
    now = [0.0]
    limit = RateLimit(100, 200, lambda: now[0])
    limit.spend("a", 300)
    with pytest.raises(Busy) as busy:
        limit.spend("a", 1)
    assert busy.value.cause is Cause.THROTTLED
    assert busy.value.retry_after_seconds == pytest.approx(2)
    limit.spend("b", 1)
    now[0] = 1.5
    limit.spend("a", 1)


def test_no_rate_means_no_limit() -> None:
    limit = RateLimit(0, 0, lambda: 0.0)
    for _ in range(3):
        limit.spend("a", 10**9)
