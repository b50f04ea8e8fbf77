"""The one Export path behind both transports.

    authenticate -> limits -> decompress -> decode and check -> redact -> spool (fsync) -> answer

A 2xx answer is given only after the spool has flushed the body to disk. `/v1/metrics` is decoded, counted and let go.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from google.protobuf import json_format
from google.protobuf.message import Message

from conversation.errors import FloorlineError
from ingest import errors
from ingest.auth import Authenticator, Grant
from ingest.counters import Counters
from ingest.decode import SIGNALS, Decoded, SignalType, check, from_json, parse
from ingest.decompress import check_encoding, decompress
from ingest.errors import Cause, Refused
from ingest.item import Signal
from ingest.limits import Limits, RateLimit
from ingest.redact import Redactor
from ingest.spool import Spool

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
# Smaller bodies are parsed on the event loop: handing over to a thread costs more than it frees.
INLINE_BYTES: Final = 256 * 1024
_SPOOLED: Final[dict[str, Signal]] = {"traces": "traces", "logs": "logs"}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to send.

    Attributes:
        status: HTTP status; 200 on success.
        content_type: Of the body; the request's own type.
        body: The serialized Export*ServiceResponse, or google.rpc.Status when refused.
        error: What was wrong; None on success.
    """

    status: int
    content_type: str
    body: bytes
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """A request whose headers are in order; its body may be read."""

    signal: SignalType
    content_type: str
    encoding: str
    grant: Grant


class Handler:
    """Takes exports of all three signals.

    Args:
        spool: Where bodies are kept.
        access: Who may send.
        limits: Bounds on a request.
        counters: Where to count.
        now_ns: Wall clock, nanoseconds since the epoch.
        redactor: Takes personal data out; None keeps bodies as they came.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        access: Authenticator,
        now_ns: Callable[[], int],
        limits: Limits | None = None,
        counters: Counters | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.counters = counters or Counters()
        self._spool = spool
        self._access = access
        self._now_ns = now_ns
        self._redactor = redactor
        self._rate = RateLimit(self.limits.key_bytes_per_second, self.limits.key_burst_bytes, time.monotonic)

    def admit(
        self, signal: str, content_type: str | None, content_encoding: str | None, key: str | None, size: int | None
    ) -> Admission:
        """Check all that can be known before the body is read.

        Args:
            signal: `traces`, `logs` or `metrics`.
            content_type: Header; parameters such as charset are ignored.
            content_encoding: Header; None for none.
            key: The API key as presented; None for none.
            size: Announced size of the body in bytes; None when not announced.

        Raises:
            Refused: With the cause to tell the sender.
        """
        grant = self._access.grant(key, "ingest")
        kind = media_type(content_type)
        if kind not in {PROTOBUF, JSON}:
            raise Refused(Cause.UNSUPPORTED_TYPE, f"content-type {kind or 'none'!r} is not {PROTOBUF} or {JSON}")
        encoding = check_encoding(content_encoding)
        if size is not None and size > self.limits.body_bytes:
            raise self.too_large()
        return Admission(SIGNALS[signal], kind, encoding, grant)

    def too_large(self) -> Refused:
        """The refusal of a body over the bound."""
        return Refused(Cause.TOO_LARGE, f"the body is larger than {self.limits.body_bytes} bytes: send less at once")

    async def export(
        self, signal: str, body: bytes, content_type: str | None, content_encoding: str | None, key: str | None
    ) -> Reply:
        """Take one request, from headers to answer; never raises but on cancellation."""
        try:
            admission = self.admit(signal, content_type, content_encoding, key, len(body))
        except Exception as error:  # noqa: BLE001 - as in `take`
            return self.refuse(signal, media_type(content_type), error)
        return await self.take(admission, body)

    async def take(self, admission: Admission, body: bytes) -> Reply:
        """Take the body of an admitted request; never raises but on cancellation."""
        signal = admission.signal
        try:
            self._rate.spend(admission.grant.key_id, len(body))
            if len(body) <= INLINE_BYTES and admission.encoding == "identity":
                decoded = self._decode(admission, body)
            else:
                decoded = await asyncio.to_thread(self._decode, admission, body)
            if decoded.count and signal.name in _SPOOLED:
                await asyncio.wrap_future(
                    self._spool.append(
                        admission.grant.project, _SPOOLED[signal.name], self._now_ns(), decoded.count, decoded.payload
                    )
                )
        except Exception as error:  # noqa: BLE001 - a fault of ours must be an answer the sender repeats after
            return self.refuse(signal.name, admission.content_type, error)
        return self._accept(admission, decoded)

    def refuse(self, signal: str, content_type: str, error: Exception) -> Reply:
        """The answer for an error, in the request's own encoding."""
        if not isinstance(error, FloorlineError):
            _LOG.error("an export failed", exc_info=error)
        status = errors.TABLE[errors.cause_of(error)].http
        self.counters.add("requests", signal=signal, status=str(status))
        kind = JSON if content_type == JSON else PROTOBUF
        return Reply(status, kind, _render(errors.rpc_status(error), kind), error)

    def _decode(self, admission: Admission, body: bytes) -> Decoded:
        if len(body) > self.limits.body_bytes:
            raise self.too_large()
        plain = decompress(body, admission.encoding, self.limits.decompressed_bytes)
        if admission.content_type == JSON:
            plain = from_json(admission.signal, plain)
        decoded = check(admission.signal, parse(admission.signal, plain), plain, self.limits)
        return self._redact(admission, decoded) if admission.signal.name in _SPOOLED else decoded

    def _redact(self, admission: Admission, decoded: Decoded) -> Decoded:
        if self._redactor is None:
            return decoded
        payload, found = self._redactor.redact(admission.grant.project, decoded.payload, admission.signal.descriptor)
        for kind, number in found.items():
            self.counters.add("redactions", number, type=kind)
        return replace(decoded, payload=payload)

    def _accept(self, admission: Admission, decoded: Decoded) -> Reply:
        signal = admission.signal
        response = signal.response()
        if decoded.message:
            partial = response.partial_success  # type: ignore[attr-defined] # all three responses have it
            setattr(partial, signal.rejected_field, decoded.rejected)
            partial.error_message = decoded.message
        self.counters.add("requests", signal=signal.name, status="200")
        self.counters.add(signal.unit, decoded.count)
        self.counters.add("body_bytes", len(decoded.payload), signal=signal.name)
        if decoded.rejected:
            self.counters.add("rejected", decoded.rejected, signal=signal.name)
        return Reply(200, admission.content_type, _render(response, admission.content_type))


def media_type(header: str | None) -> str:
    """A content type without parameters, in lower case; empty when there is none."""
    return (header or "").partition(";")[0].strip().lower()


def _render(message: Message, content_type: str) -> bytes:
    if content_type == JSON:
        return json_format.MessageToJson(message, indent=None).encode()
    return message.SerializeToString()
