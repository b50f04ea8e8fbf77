from __future__ import annotations

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo

from conversation.errors import PermanentError, RetryableError
from ingest import errors
from ingest.errors import Busy, Cause, Refused

SENDERS_REPEAT_HTTP = {429, 502, 503, 504}


def test_every_cause_has_a_row_and_only_repeatable_statuses_are_marked_so() -> None:
    assert set(errors.TABLE) == set(Cause)
    for answer in errors.TABLE.values():
        assert answer.retryable == (answer.http in SENDERS_REPEAT_HTTP)
        assert answer.retryable == (answer.grpc is grpc.StatusCode.UNAVAILABLE)


@pytest.mark.parametrize(
    ("error", "http", "header"),
    [
        (Refused(Cause.TOO_LARGE, "big"), 413, None),
        (Busy(Cause.THROTTLED, "full", 2.2), 429, "3"),
        (RetryableError("later", 0), 503, "1"),
        (PermanentError("bad"), 400, None),
        (ZeroDivisionError(), 503, "1"),
    ],
)
def test_an_error_becomes_the_status_and_retry_after_of_its_row(
    error: Exception, http: int, header: str | None
) -> None:
    assert errors.TABLE[errors.cause_of(error)].http == http
    assert errors.retry_after_header(error) == header


def test_retry_info_is_there_exactly_when_the_sender_should_repeat() -> None:
    busy, refused = (
        errors.rpc_status(Busy(Cause.UNAVAILABLE, "x", 1.5)),
        errors.rpc_status(Refused(Cause.TOO_LARGE, "x")),
    )
    info = RetryInfo()
    assert busy.details[0].Unpack(info)
    assert info.retry_delay.ToMilliseconds() == 1500
    assert not refused.details


def test_the_text_of_an_unforeseen_error_is_not_shown() -> None:
    assert "secret" not in errors.rpc_status(ValueError("secret")).message
