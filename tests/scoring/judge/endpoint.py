"""A deterministic OpenAI-compatible endpoint on loopback. It answers by rules, so tests know what a judge will hear."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[str, list[dict[str, str]]], str]
BLOCK = re.compile(r"\ABEGIN (?P<mark>[0-9a-f]{16})\n(?P<data>.*)\nEND (?P=mark)\Z", re.DOTALL)


class Endpoint:
    """Answers questions and remembers them.

    Args:
        reply: Makes the answer's text from (system message, all messages).
    """

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.busy = 0
        self.most_busy = 0
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = endpoint.answer(body)
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self._open = True

    @property
    def url(self) -> str:
        """What a judge is configured with."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The HTTP answer to a question."""
        with self._lock:
            self.asked.append(body)
            status = self.statuses.pop(0) if self.statuses else 200
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        try:
            if status != 200:
                return status, {"error": {"message": f"made-up status {status}", "type": "test", "code": str(status)}}
            messages = body["messages"]
            text = self.reply(messages[0]["content"], messages)
        finally:
            with self._lock:
                self.busy -= 1
        message = {"role": "assistant", "content": text}
        return 200, {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        }

    def kill(self) -> None:
        """Stop listening."""
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


@contextmanager
def serving(reply: Reply) -> Iterator[Endpoint]:
    """An endpoint for the time of a test."""
    endpoint = Endpoint(reply)
    try:
        yield endpoint
    finally:
        endpoint.kill()


def lines(messages: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The transcript in a question, read the way the system message says: what stands between the two markers."""
    found = BLOCK.match(messages[1]["content"])
    assert found is not None, "the data block is broken"
    assert messages[1]["content"].count(found["mark"]) == 2, "a marker occurs inside the data"
    return [json.loads(line) for line in found["data"].split("\n")]


def clause_ids(system: str) -> list[str]:
    """The clauses a question asks about."""
    return re.findall(r"^- ([a-z_0-9]+): ", system, re.MULTILINE)


def verdicts(system: str, messages: list[dict[str, str]], word: str, evidence: str | None = None) -> str:
    """An answer with one verdict for all clauses."""
    cited = evidence or str(lines(messages)[0]["id"])
    return json.dumps(
        {
            "clauses": [
                {"id": name, "reason": "so it is", "evidence": [] if word == "unsure" else [cited], "verdict": word}
                for name in clause_ids(system)
            ]
        }
    )
