"""The OpenTelemetry JavaScript exporters, where node and the npm registry are there."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ingest.auth import OpenAccess
from ingest.handler import Handler
from ingest.http_receiver import build_app
from ingest.loader import Loader
from ingest.server import HttpServer
from ingest.spool import Spool
from tests.ingest.conftest import MemoryStore

PACKAGES = (
    "@opentelemetry/sdk-trace-base@2",
    "@opentelemetry/exporter-trace-otlp-http@0",
    "@opentelemetry/exporter-trace-otlp-proto@0",
)
PROGRAM = """
const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
(async () => {
  for (const format of ['http', 'proto']) {
    const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-' + format);
    const exporter = new OTLPTraceExporter({ url: process.argv[2], compression: 'gzip' });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer('test');
    for (let number = 0; number < 20; number += 1) {
      const attributes = { 'gen_ai.usage.input_tokens': number, ratio: 0.5, list: ['a', 'b'], ok: true };
      tracer.startSpan(format + number, { attributes }).end();
    }
    await provider.shutdown();
  }
})();
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
    if subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120).returncode:
        pytest.skip("needs the npm registry")
    (tmp_path / "send.cjs").write_text(PROGRAM)
    return tmp_path


@pytest.mark.slow
def test_every_span_of_the_javascript_exporters_arrives_as_json_and_as_protobuf(
    project: Path, spool: Spool, store: MemoryStore
) -> None:
    handler = Handler(spool, access=OpenAccess(), now_ns=time.time_ns)
    server, loader = HttpServer(build_app(handler), host="127.0.0.1", port=0), Loader(spool, store)
    server.start()
    loader.start()
    url = f"http://127.0.0.1:{server.port}/v1/traces"
    subprocess.run(["node", "send.cjs", url], cwd=project, check=True, timeout=60)
    assert loader.drain(20)
    server.stop()
    loader.stop()
    assert len(set(store.span_ids)) == 40
    assert handler.counters.value("requests", status="200") == handler.counters.value("requests")
