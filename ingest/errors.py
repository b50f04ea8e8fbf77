"""One table from what is wrong with an export to what the sender is told, over HTTP and over gRPC.

The statuses follow the OTLP specification ("Failures" and "Throttling", https://opentelemetry.io/docs/specs/otlp/): a
sender repeats 429 and 503, and over gRPC `UNAVAILABLE`; everything else it drops. So what may pass by waiting must be
`THROTTLED` or `UNAVAILABLE`, and nothing else may be. `TOO_LARGE` over gRPC is `RESOURCE_EXHAUSTED` without
`RetryInfo`, which the specification reads as not repeatable.

FloorlineError
├── PermanentError
│   └── Refused     the same bytes will be refused again
└── RetryableError
    └── Busy        the same bytes may be taken later
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from conversation.errors import FloorlineError, PermanentError, RetryableError

DEFAULT_RETRY_SECONDS = 1.0


class Cause(Enum):
    """Why an export was not taken."""

    BAD_DATA = auto()
    UNAUTHENTICATED = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    METHOD_NOT_ALLOWED = auto()
    TOO_LARGE = auto()
    UNSUPPORTED_TYPE = auto()
    THROTTLED = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cause looks like to the sender."""

    http: int
    grpc: grpc.StatusCode
    retryable: bool = False


TABLE: Mapping[Cause, Answer] = {
    Cause.BAD_DATA: Answer(400, grpc.StatusCode.INVALID_ARGUMENT),
    Cause.UNAUTHENTICATED: Answer(401, grpc.StatusCode.UNAUTHENTICATED),
    Cause.FORBIDDEN: Answer(403, grpc.StatusCode.PERMISSION_DENIED),
    Cause.NOT_FOUND: Answer(404, grpc.StatusCode.UNIMPLEMENTED),
    Cause.METHOD_NOT_ALLOWED: Answer(405, grpc.StatusCode.UNIMPLEMENTED),
    Cause.TOO_LARGE: Answer(413, grpc.StatusCode.RESOURCE_EXHAUSTED),
    Cause.UNSUPPORTED_TYPE: Answer(415, grpc.StatusCode.INVALID_ARGUMENT),
    Cause.THROTTLED: Answer(429, grpc.StatusCode.UNAVAILABLE, retryable=True),
    Cause.UNAVAILABLE: Answer(503, grpc.StatusCode.UNAVAILABLE, retryable=True),
}


class Refused(PermanentError):  # noqa: N818 - names the outcome, as the sender sees it
    """An export that will be refused every time.

    Args:
        cause: Row of `TABLE`; must not be a retryable one.
        message: One line for the sender.
    """

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class Busy(RetryableError):  # noqa: N818 - as Refused
    """An export that may be taken later.

    Args:
        cause: `THROTTLED` (the sender is too fast) or `UNAVAILABLE` (this side has a problem).
        message: One line for the sender.
        retry_after_seconds: When to try again.
    """

    def __init__(self, cause: Cause, message: str, retry_after_seconds: float = DEFAULT_RETRY_SECONDS) -> None:
        super().__init__(message, retry_after_seconds)
        self.cause = cause


def cause_of(error: Exception) -> Cause:
    """The table row of any error; an unforeseen one is this side's problem, so the sender keeps its data."""
    if isinstance(error, Refused | Busy):
        return error.cause
    return Cause.BAD_DATA if isinstance(error, PermanentError) else Cause.UNAVAILABLE


def retry_seconds(error: Exception) -> float | None:
    """Seconds after which the sender should try again; None when it should not."""
    if not TABLE[cause_of(error)].retryable:
        return None
    given = error.retry_after_seconds if isinstance(error, RetryableError) else None
    return DEFAULT_RETRY_SECONDS if given is None else given


def retry_after_header(error: Exception) -> str | None:
    """Value of `Retry-After`: whole seconds, at least 1, as RFC 9110 section 10.2.3 has it; None when not retryable."""
    seconds = retry_seconds(error)
    return None if seconds is None else str(max(1, math.ceil(seconds)))


def text_of(error: Exception) -> str:
    """The one line the sender reads; inner errors that were not raised on purpose are not shown."""
    if isinstance(error, FloorlineError):
        return str(error)
    return "the receiver had an internal error; try again"


def rpc_status(error: Exception) -> Status:
    """The error as `google.rpc.Status`: the body of an HTTP error and the `grpc-status-details-bin` of a gRPC one."""
    code: int = TABLE[cause_of(error)].grpc.value[0]
    status = Status(code=code, message=text_of(error))
    seconds = retry_seconds(error)
    if seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(max(1, round(seconds * 1000)))
        detail = AnyMessage()
        detail.Pack(RetryInfo(retry_delay=delay))
        status.details.append(detail)
    return status
