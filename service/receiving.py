"""The way in: from the wire over the durable spool to the store."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ingest.auth import Authenticator
from ingest.counters import Counters
from ingest.dead_letters import DeadLetters
from ingest.handler import Handler
from ingest.http_receiver import Asgi
from ingest.http_receiver import build_app as otlp_app
from ingest.limits import Limits
from ingest.loader import Loader
from ingest.redact import Redactor, load_key
from ingest.spool import Spool
from service.settings import Settings
from store.traces import TraceStore


@dataclass
class Receiving:
    """The way in: from the wire to the store."""

    spool: Spool
    handler: Handler
    loader: Loader
    dead_letters: DeadLetters
    counters: Counters
    redactor: Redactor | None
    cors_origins: tuple[str, ...] = ()

    def otlp_app(self) -> Asgi:
        """OTLP over HTTP."""
        return otlp_app(self.handler, cors_origins=self.cors_origins)

    def close(self) -> None:
        """Stop loading; what waits stays in the spool."""
        self.loader.stop()
        self.spool.close()


def open_receiving(settings: Settings, traces: TraceStore, access: Authenticator) -> Receiving:
    """Open the spool and connect what stands around it; nothing runs yet."""
    config = settings.ingest
    spool = Spool(settings.data / "spool", config.spool_bytes)
    counters = Counters()
    redactor = Redactor(load_key(settings.data / "redaction.key")) if config.redact else None
    handler = Handler(
        spool,
        access=access,
        now_ns=time.time_ns,
        limits=Limits(
            body_bytes=config.request_bytes,
            decompressed_bytes=config.request_bytes,
        ),
        counters=counters,
        redactor=redactor,
    )
    loader = Loader(spool, traces, counters=counters)
    return Receiving(spool, handler, loader, DeadLetters(spool), counters, redactor, config.cors_origins)
