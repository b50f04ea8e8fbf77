"""Where notifications go: a signed webhook, Alertmanager, or any service apprise knows (`floorline[notify]`).

The webhook's signature is in `X-Floorline-Signature: t=<unix seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`; the
receiver recomputes it and refuses old times. URLs carry secrets: only `mask`ed ones reach messages and logs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from conversation.errors import PermanentError, RetryableError, UsageError

TIMEOUT_SECONDS = 10.0
HELD_NS = 7 * 86_400_000_000_000
"""How long Alertmanager holds an incident that nobody closes."""
SIGNATURE = "X-Floorline-Signature"
_FIRST_SERVER_ERROR = 500
_RETRYABLE = frozenset({408, 425, 429})


class Channel(Protocol):
    """Sends one incident's document; raises RetryableError or PermanentError where it did not arrive."""

    @property
    def name(self) -> str:
        """Short name for metrics and messages."""
        ...

    def send(self, document: Mapping[str, Any]) -> None:
        """Send an incident as `incidents.document` makes it."""
        ...


def mask(url: str) -> str:
    """The URL without what may be secret: user, password, path and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.scheme in {"http", "https"} and parts.port else ""
    shown = f"{host}{port}" if parts.scheme in {"http", "https"} else "***"
    return f"{parts.scheme}://{shown}/***"


def signature(secret: str, at_seconds: int, body: bytes) -> str:
    """The signature header's value for a body sent at a time."""
    digest = hmac.new(secret.encode(), f"{at_seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"


class WebhookChannel:
    """Posts the incident as JSON, signed where there is a secret.

    Args:
        url: Where to.
        secret: Key of the signature; empty sends none.
        now_ns: The clock, Unix nanoseconds.
        http: Client to use; one with a timeout of 10 s where None.
    """

    name = "webhook"

    def __init__(self, url: str, secret: str, now_ns: Callable[[], int], http: httpx.Client | None = None) -> None:
        self._url = url
        self._secret = secret
        self._now_ns = now_ns
        self._http = http or httpx.Client(timeout=TIMEOUT_SECONDS)

    def send(self, document: Mapping[str, Any]) -> None:
        """Post it."""
        body = json.dumps({"type": "incident", "incident": document}).encode()
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, self._now_ns() // 1_000_000_000, body)
        post(self._http, self._url, body, headers)


class AlertmanagerChannel:
    """Pushes incidents Floorline opened itself as alerts; those that came from Alertmanager stay out.

    Args:
        url: Alertmanager's base URL.
        console: Base URL of Floorline's console, for the link back.
        http: Client to use; one with a timeout of 10 s where None.
    """

    name = "alertmanager"

    def __init__(self, url: str, console: str = "", http: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/") + "/api/v2/alerts"
        self._console = console.rstrip("/")
        self._http = http or httpx.Client(timeout=TIMEOUT_SECONDS)

    def send(self, document: Mapping[str, Any]) -> None:
        """Push it; a closed incident is pushed with its end, which resolves the alert."""
        if document["source"] == "alertmanager":
            return
        alert: dict[str, Any] = {
            "labels": {name: text for name, text in document["labels"].items() if text},
            "annotations": {
                "summary": document["title"],
                "description": document["summary"],
                "runbook_url": document["runbook"],
            },
            "generatorURL": f"{self._console or 'http://localhost:8318'}{document['link']}",
            "startsAt": _rfc3339(document["started_ns"]),
        }
        # Without an end Alertmanager resolves an alert that is not pushed again within `resolve_timeout` (5 minutes).
        alert["endsAt"] = _rfc3339(document["ended_ns"] or document["started_ns"] + HELD_NS)
        post(self._http, self._url, json.dumps([alert]).encode(), {"Content-Type": "application/json"})


class AppriseChannel:
    """Tells people through the services apprise knows (chat, mail, phone).

    Args:
        urls: Apprise URLs; they hold secrets.

    Raises:
        UsageError: apprise is not installed, or does not know a URL.
    """

    name = "apprise"

    def __init__(self, urls: Sequence[str]) -> None:
        try:
            import apprise  # noqa: PLC0415 - an optional extra of 55 MB; loaded only where it is configured
        except ImportError as error:
            raise UsageError("notifications by apprise need the extra: pip install 'floorline[notify]'") from error
        self._apprise = apprise.Apprise()
        for url in urls:
            if not self._apprise.add(url):
                raise UsageError(f"apprise does not know the URL {mask(url)}")

    def send(self, document: Mapping[str, Any]) -> None:
        """Send title and summary; apprise does not say which of its services failed."""
        state = "resolved" if document["ended_ns"] is not None else document["severity"]
        if not self._apprise.notify(title=f"[{state}] {document['title']}", body=document["summary"] or "-"):
            raise RetryableError("apprise could not deliver to every service")


def post(http: httpx.Client, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Post a body.

    Raises:
        RetryableError: The receiver is away, busy or broken; with its delay where it named one.
        PermanentError: It refuses the body; sending it again cannot help.
    """
    try:
        reply = http.post(url, content=body, headers=dict(headers))
    except httpx.HTTPError as error:
        raise RetryableError(f"{mask(url)}: {type(error).__name__}") from error
    if reply.is_success:
        return
    text = f"{mask(url)} answered {reply.status_code}"
    if reply.status_code >= _FIRST_SERVER_ERROR or reply.status_code in _RETRYABLE:
        raise RetryableError(text, _delay(reply))
    raise PermanentError(text)


def _delay(reply: httpx.Response) -> float | None:
    after = reply.headers.get("Retry-After", "")
    return float(after) if after.isdigit() else None


def _rfc3339(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
