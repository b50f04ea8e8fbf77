"""OTLP over HTTP: `POST [/any/prefix]/v1/{traces,logs,metrics}`, as a plain ASGI application.

Plain ASGI rather than a framework: the work is one path, and a framework would cost more than the rest of the request.
Headers are checked before the body is read; a body that is too large is answered at once and then read away unkept for
a while, because a sender that is cut off in the middle of sending never sees the answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from ingest import errors
from ingest.credentials import presented
from ingest.errors import Busy, Cause, Refused
from ingest.handler import Handler, Reply, media_type

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

UNKNOWN: Final = "unknown"
LINGER_SECONDS: Final = 10
SMALL_BYTES: Final = 1 << 20
_PATH: Final = re.compile(r"(?:/[^/]+)*/v1/(traces|logs|metrics)/?")
_PREFLIGHT_SECONDS: Final = b"600"


class _DisconnectedError(Exception):
    """The sender went away; nobody is there to answer."""


def build_app(handler: Handler, *, cors_origins: Sequence[str] = ()) -> Asgi:
    """The receiver as an ASGI application.

    Args:
        handler: Takes the bodies.
        cors_origins: Origins whose browsers may send (`*` for all); none by default.
    """
    return _Receiver(handler, cors_origins)


class _Receiver:
    def __init__(self, handler: Handler, cors_origins: Sequence[str]) -> None:
        self._handler = handler
        self._origins = frozenset(cors_origins)
        self._buffered = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)

    async def _request(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        extra = self._cors(headers)
        if scope["method"] == "OPTIONS" and extra and b"access-control-request-method" in headers:
            await _send(send, 204, [*extra, *_PREFLIGHT], b"")
            return
        path = _PATH.fullmatch(scope["path"])
        signal = path[1] if path else UNKNOWN
        body = _Body(self, receive, headers.get(b"content-length"))
        try:
            reply = await self._export(scope["method"], signal, headers, body)
        except _DisconnectedError:
            return
        except Exception as error:  # noqa: BLE001 - an unforeseen one is 503 too: after 500 senders drop their data
            reply = self._handler.refuse(signal, media_type(headers.get(b"content-type")), error)
        finally:
            body.release()
        await self._answer(send, reply, extra, body)

    async def _export(self, method: str, signal: str, headers: Mapping[bytes, str], body: _Body) -> Reply:
        if signal == UNKNOWN:
            raise Refused(Cause.NOT_FOUND, "this is not an OTLP path: post to /v1/traces, /v1/logs or /v1/metrics")
        if method != "POST":
            raise Refused(Cause.METHOD_NOT_ALLOWED, f"{method} is not allowed here: use POST")
        key = presented(_words(headers))
        admission = self._handler.admit(
            signal, headers.get(b"content-type"), headers.get(b"content-encoding"), key, body.announced
        )
        return await self._handler.take(admission, await body.read())

    def reserve(self, size: int) -> None:
        """Count bytes held in memory for a body.

        Raises:
            Busy: All bodies together are over the bound (503).
        """
        if self._buffered + size > self._handler.limits.buffered_bytes:
            raise Busy(Cause.UNAVAILABLE, "too many large requests at once; try again")
        self._buffered += size

    def free(self, size: int) -> None:
        """Undo `reserve`."""
        self._buffered -= size

    @property
    def handler(self) -> Handler:
        """Takes the bodies."""
        return self._handler

    async def _answer(self, send: Send, reply: Reply, extra: Headers, body: _Body) -> None:
        headers = [(b"content-type", reply.content_type.encode()), *extra]
        if reply.error is not None:
            if (wait := errors.retry_after_header(reply.error)) is not None:
                headers.append((b"retry-after", wait.encode()))
            if reply.status == errors.TABLE[Cause.METHOD_NOT_ALLOWED].http:
                headers.append((b"allow", b"POST"))
            if reply.status == errors.TABLE[Cause.UNAUTHENTICATED].http:
                headers.append((b"www-authenticate", b"Bearer"))
        if body.announced is not None and body.announced <= SMALL_BYTES:
            await body.discard()  # cheaper than a new connection
        if body.complete:
            await _send(send, reply.status, headers, reply.body)
            return
        headers.append((b"connection", b"close"))
        await _send(send, reply.status, headers, reply.body, more=True)
        await body.discard()
        await send({"type": "http.response.body", "body": b""})

    def _cors(self, headers: Mapping[bytes, str]) -> list[tuple[bytes, bytes]]:
        origin = headers.get(b"origin")
        if origin is None or not ({origin, "*"} & self._origins):
            return []
        return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


class _Body:
    """A request body on its way in: bounded in bytes, in time and in what all bodies hold together."""

    def __init__(self, receiver: _Receiver, receive: Receive, announced: str | None) -> None:
        self.announced = int(announced) if announced is not None and announced.isdigit() else None
        self._receiver = receiver
        self._receive = receive
        self._held = 0
        self.complete = False
        self._stalled = False

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            Refused: Over the bound (413).
            Busy: Too slow, or too much in memory already (503).
        """
        limits = self._receiver.handler.limits
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(limits.body_seconds):
                while not self.complete:
                    part = await self._next()
                    if self._held + len(part) > limits.body_bytes:
                        raise self._receiver.handler.too_large()
                    self._receiver.reserve(len(part))
                    self._held += len(part)
                    parts.append(part)
        except TimeoutError as error:
            self._stalled = True
            raise Busy(
                Cause.UNAVAILABLE, f"the body was not complete after {limits.body_seconds:g} s: send less at once"
            ) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def discard(self) -> None:
        """Read the rest away, for a bounded time; a sender that stalled has had its time."""
        if self._stalled:
            return
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.complete:
                    await self._next()
        except (TimeoutError, _DisconnectedError):
            return

    def release(self) -> None:
        """The body is not needed any more."""
        self._receiver.free(self._held)
        self._held = 0

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.complete = True
            raise _DisconnectedError
        self.complete = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part


_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", b"content-type, content-encoding, authorization, x-api-key"),
    (b"access-control-max-age", _PREFLIGHT_SECONDS),
)


def _words(headers: Mapping[bytes, str]) -> Callable[[str], str | None]:
    return lambda name: headers.get(name.encode())


async def _send(send: Send, status: int, headers: Headers, body: bytes, *, more: bool = False) -> None:
    length = [] if status == HTTPStatus.NO_CONTENT else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
