"""Sends spans to an OTLP endpoint until they are acknowledged.

The exporter of the OpenTelemetry SDK gives up after its own deadline; this keeps trying through a restart of the
receiver, because ids are derived and a repeated span changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import httpx
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from conversation.errors import PermanentError, RetryableError

RETRYABLE_STATUS = {429, 502, 503, 504}  # OTLP specification, "Failures"
log = logging.getLogger(__name__)


class Sender:
    """Posts spans to one endpoint.

    Args:
        endpoint: Base URL of the OTLP/HTTP receiver, such as `http://127.0.0.1:4318`.
        api_key: Sent as a bearer token.
        give_up_seconds: How long one batch is retried.
    """

    def __init__(self, endpoint: str, api_key: str | None = None, give_up_seconds: float = 120) -> None:
        headers = {"content-type": "application/x-protobuf"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._client = httpx.Client(headers=headers, timeout=30)
        self._post = retry(
            retry=retry_if_exception_type(RetryableError),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            stop=stop_after_delay(give_up_seconds),
            reraise=True,
        )(self._post_once)

    def send(self, spans: Sequence[ReadableSpan]) -> None:
        """Deliver `spans`.

        Raises:
            PermanentError: The receiver refused them.
            RetryableError: The receiver stayed away until the time was up.
        """
        if spans:
            self._post(encode_spans(spans).SerializeToString())

    def _post_once(self, body: bytes) -> None:
        try:
            answer = self._client.post(self._url, content=body)
        except httpx.TransportError as error:
            raise RetryableError(f"cannot reach {self._url} ({error}); is `floorline up` running there?") from error
        if answer.status_code in RETRYABLE_STATUS:
            raise RetryableError(f"{self._url} answered {answer.status_code}; try again later")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise PermanentError(f"{self._url} wants an API key; give one with --api-key")
        if answer.is_error:
            raise PermanentError(f"{self._url} refused the spans with {answer.status_code}: {answer.text[:200]!r}")

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
