"""What the wire gets for bad input: the status OTLP asks for, one line that says what is wrong, a service unharmed."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from service.genai_spans import spans_of
from tests.service.conftest import Running, start
from tests.service.shop_traffic import visits


@pytest.fixture(scope="module")
def floorline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One Floorline for all of these: none of them may harm it."""
    running = start(tmp_path_factory.mktemp("floorline"))
    yield running
    running.stop()
    assert running.process.stdout is not None
    running.process.stdout.close()


PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"\x0a\xff\xff", PROTOBUF, 400, id="truncated protobuf"),
        pytest.param(b"hello", {"content-type": "text/plain"}, 415, id="wrong content type"),
        pytest.param(b"", PROTOBUF, 200, id="empty request"),
        pytest.param(b"\xfa\x3e\x03abc", PROTOBUF, 200, id="unknown field"),
        pytest.param(b"{", {"content-type": "application/json"}, 400, id="broken JSON"),
        pytest.param(b"x", {**PROTOBUF, "content-encoding": "gzip"}, 400, id="broken gzip"),
    ],
)
def test_bad_requests_get_the_status_otlp_asks_for(
    floorline: Running, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = httpx.post(f"{floorline.otlp}/v1/traces", content=body, headers=headers)
    assert answer.status_code == status
    if status != httpx.codes.OK:
        assert answer.content
        assert b"Traceback" not in answer.content
    good = encode_spans(spans_of(visits(1)[0])).SerializeToString()
    assert httpx.post(f"{floorline.otlp}/v1/traces", content=good, headers=PROTOBUF).status_code == httpx.codes.OK


def test_a_hundred_megabytes_are_refused_and_the_service_goes_on(floorline: Running) -> None:
    try:
        answer = httpx.post(f"{floorline.otlp}/v1/traces", content=bytes(100 * 1024**2), headers=PROTOBUF, timeout=60)
        assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    except httpx.WriteError:
        pass  # the sender was cut off before it read the answer: it was refused all the same
    assert httpx.get(f"{floorline.api}/readyz").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/conversations?since=yesterday", 422, "ISO 8601"),
        ("/api/v1/conversations?cursor=nonsense", 400, "cursor"),
        ("/api/v1/conversations/none", 404, "no graded conversation"),
        ("/api/v1/scenarios/none", 404, "no scenario"),
        ("/api/v1/scorecard?group_by=mood", 422, "group_by"),
    ],
)
def test_bad_questions_get_one_line_that_says_what_is_wrong(
    floorline: Running, path: str, status: int, words: str
) -> None:
    answer = httpx.get(f"{floorline.api}{path}")
    assert answer.status_code == status
    assert words in answer.text
