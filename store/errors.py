"""What can go wrong with ClickHouse, sorted into the two kinds every caller handles.

FloorlineError
├── PermanentError ── PermanentStoreError    the statement, the schema or the data is wrong
└── RetryableError ── RetryableStoreError    the engine is away, busy, full or out of memory
"""

from __future__ import annotations

import re

from urllib3.exceptions import MaxRetryError

from conversation.errors import PermanentError, RetryableError

# Codes of ClickHouse's `src/Common/ErrorCodes.cpp` after which the same statement may succeed later.
RETRYABLE_CODES = frozenset(
    {
        3,  # UNEXPECTED_END_OF_FILE: the connection broke in the middle of an answer
        95,  # CANNOT_READ_FROM_SOCKET
        96,  # CANNOT_WRITE_TO_SOCKET
        159,  # TIMEOUT_EXCEEDED
        160,  # TOO_SLOW
        164,  # READONLY: a replica or a full disk turned read-only
        198,  # DNS_ERROR
        201,  # QUOTA_EXCEEDED
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        203,  # NO_FREE_CONNECTION
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        225,  # NO_ZOOKEEPER
        236,  # ABORTED: the engine is shutting down
        241,  # MEMORY_LIMIT_EXCEEDED
        242,  # TABLE_IS_READ_ONLY
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        253,  # REPLICA_STATUS_CHANGED
        254,  # EXPECTED_ALL_REPLICAS
        265,  # NO_AVAILABLE_REPLICA
        279,  # ALL_CONNECTION_TRIES_FAILED
        285,  # TOO_FEW_LIVE_REPLICAS
        286,  # UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
        288,  # UNKNOWN_STATUS_OF_INSERT: safe to repeat, inserts carry a deduplication token
        319,  # UNKNOWN_STATUS_OF_DISTRIBUTED_DDL_TASK
        394,  # QUERY_WAS_CANCELLED
        425,  # SYSTEM_ERROR
        439,  # CANNOT_SCHEDULE_TASK
        473,  # DEADLOCK_AVOIDED
        499,  # S3_ERROR
        517,  # CANNOT_ASSIGN_ALTER
        574,  # DISTRIBUTED_TOO_MANY_PENDING_BYTES
        600,  # ALL_REPLICAS_LOST
        677,  # THREAD_WAS_CANCELED
        745,  # SERVER_OVERLOADED
        999,  # KEEPER_EXCEPTION
    }
)
_TRAILER = re.compile(r"\s*(?:Stack trace:|\(version \d|In scope ).*", re.DOTALL)
_LONGEST_MESSAGE = 600


class PermanentStoreError(PermanentError):
    """ClickHouse refuses and would refuse again; `code` is its error code, None where it gave none."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class RetryableStoreError(RetryableError):
    """ClickHouse cannot now and may later; `code` is its error code, None where it gave none."""

    def __init__(self, message: str, code: int | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, retry_after_seconds)
        self.code = code


def one_line(message: str) -> str:
    """The engine's message without its stack trace and version, on one line of bounded length."""
    cut = " ".join(_TRAILER.sub("", message).split())
    return cut if len(cut) <= _LONGEST_MESSAGE else cut[: _LONGEST_MESSAGE - 1] + "…"


def unreachable(error: BaseException) -> str:
    """In a few words why no connection came about, empty when it is not about that; the driver's has the whole URL."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MaxRetryError):
            pool = cause.pool
            address = f"{getattr(pool, 'host', '')}:{getattr(pool, 'port', '')}"
            return f"no answer from {address} ({one_line(str(cause.reason)).rpartition(': ')[2]})"
        cause = cause.__cause__ or cause.__context__
    return ""
