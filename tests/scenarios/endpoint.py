"""An OpenAI-compatible endpoint on a free loopback port, answering what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answerer = Callable[[dict[str, Any]], "dict[str, Any] | int | str"]


def completion(content: str = "", **message: Any) -> dict[str, Any]:
    """A chat completion with one choice."""
    whole = {"role": "assistant", "content": content, **message}
    return {"choices": [{"message": whole}], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}


@contextmanager
def serving(answer: Answerer) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The endpoint's address and the requests it got. An int is a status, a text is sent as it is."""
    requests: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            requests.append({**body, "_authorization": self.headers.get("authorization"), "_path": self.path})
            said = answer(body)
            status = said if isinstance(said, int) else 200
            payload = said if isinstance(said, str) else json.dumps(said)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload.encode())))
            self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(payload.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
