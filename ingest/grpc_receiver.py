"""OTLP over gRPC: the three Export services, on the raw bytes and into the same handler as HTTP.

Methods are generic handlers without (de)serializers, so that a request is parsed once, by the handler. gRPC itself
takes off gzip and deflate and refuses messages over the bound, before and after decompression, with RESOURCE_EXHAUSTED.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
import grpc.aio

from conversation.errors import UsageError
from ingest import errors
from ingest.credentials import presented
from ingest.handler import PROTOBUF, Handler
from ingest.server import START_SECONDS, Tls

SERVICES: Final = {
    "opentelemetry.proto.collector.trace.v1.TraceService": "traces",
    "opentelemetry.proto.collector.logs.v1.LogsService": "logs",
    "opentelemetry.proto.collector.metrics.v1.MetricsService": "metrics",
}
DETAILS_KEY: Final = "grpc-status-details-bin"
GRACE_SECONDS: Final = 5
Method = Callable[[bytes, Any], Awaitable[bytes]]


class GrpcServer:
    """One listening gRPC port, on a thread and an event loop of its own.

    Args:
        handler: Takes the bodies.
        host: Address to bind.
        port: 0 for a free one; see `port` after `start`.
        tls: None for plain text.
    """

    def __init__(self, handler: Handler, *, host: str, port: int, tls: Tls | None = None) -> None:
        self._handler, self._host, self._wanted, self._tls = handler, host, port, tls
        self._up = threading.Event()
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finish: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="grpc", daemon=True)
        self.port = 0

    def start(self) -> None:
        """Bind and serve; returns when requests are answered.

        Raises:
            UsageError: The address cannot be bound or the certificate not be read.
        """
        self._thread.start()
        self._up.wait(START_SECONDS)
        if self._failure is not None:
            raise UsageError(
                f"cannot listen for gRPC on {self._host}:{self._wanted} ({self._failure})"
            ) from self._failure

    def stop(self) -> None:
        """Answer what is being served, then close."""
        if self._loop is not None and self._finish is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._finish.set)
            self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._finish = asyncio.get_running_loop(), asyncio.Event()
        limit = min(self._handler.limits.body_bytes, self._handler.limits.decompressed_bytes)
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", limit), ("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers(
            tuple(_service(name, _method(self._handler, s)) for name, s in SERVICES.items())
        )
        address = f"[{self._host}]:{self._wanted}" if ":" in self._host else f"{self._host}:{self._wanted}"
        try:
            self.port = (
                server.add_insecure_port(address)
                if self._tls is None
                else server.add_secure_port(address, _credentials(self._tls))
            )
            await server.start()
        except (RuntimeError, OSError) as error:
            self._failure = error
            return
        finally:
            self._up.set()
        await self._finish.wait()
        await server.stop(GRACE_SECONDS)


def _service(name: str, method: Method) -> grpc.GenericRpcHandler[Any, Any]:
    return grpc.method_handlers_generic_handler(name, {"Export": grpc.unary_unary_rpc_method_handler(method)})


def _method(handler: Handler, signal: str) -> Method:
    async def export(body: bytes, context: Any) -> bytes:
        metadata: Mapping[str, str] = dict(context.invocation_metadata())
        reply = await handler.export(signal, body, PROTOBUF, None, presented(metadata.get))
        if reply.error is not None:
            status = errors.rpc_status(reply.error)
            details = ((DETAILS_KEY, status.SerializeToString()),)
            code = errors.TABLE[errors.cause_of(reply.error)].grpc
            await context.abort(code, status.message, details)
        return reply.body

    return export


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    client_ca = tls.client_ca.read_bytes() if tls.client_ca is not None else None
    pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
    return grpc.ssl_server_credentials([pair], root_certificates=client_ca, require_client_auth=client_ca is not None)
