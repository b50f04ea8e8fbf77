"""A client for OpenAI-compatible chat completions: one request, retried while a retry can help.

429, 5xx and broken connections are retried with growing waits, the server's Retry-After first; what then still fails is
the machinery's fault (`InfrastructureError`). Any other refusal is a wrong set-up (`UsageError`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import tenacity

from conversation.errors import UsageError
from scenarios.agents.protocol import AgentOptions, InfrastructureError

_LONGEST_WAIT = 30.0
_TOO_MANY = 429
_SERVER_FAULT = 500
_REFUSED = 400


class ChatClient:
    """One endpoint and model; may be used from several threads.

    Args:
        url: Base address, such as `http://127.0.0.1:8000/v1`.
        model: The model's name there.
        options: Key, headers, time limit and number of attempts.
        sleep: Waits between attempts.
    """

    def __init__(
        self, url: str, model: str, options: AgentOptions, sleep: Callable[[float], None] = tenacity.nap.sleep
    ) -> None:
        headers = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}
        self._client = httpx.Client(timeout=options.timeout_seconds, headers={**headers, **options.headers})
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model, self._options, self._sleep = model, options, sleep

    def complete(self, messages: Sequence[Mapping[str, Any]], **parameters: Any) -> dict[str, Any]:
        """The response of one completion request, with at least one choice.

        Raises:
            InfrastructureError: No usable answer after all attempts.
            UsageError: The endpoint refuses the request for good.
        """
        body = {"model": self._model, "messages": list(messages), **parameters}
        if self._options.temperature is not None:
            body["temperature"] = self._options.temperature
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(InfrastructureError),
            stop=tenacity.stop_after_attempt(self._options.attempts),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._once, body)

    def _once(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise InfrastructureError(f"{self._url}: {type(error).__name__}: {error}") from error
        status = response.status_code
        if status == _TOO_MANY or status >= _SERVER_FAULT:
            raise InfrastructureError(f"{self._url} answered {status}", _retry_after(response))
        if status >= _REFUSED:
            raise UsageError(f"{self._url} refuses the request with {status}: {response.text[:200]}")
        try:
            data: Any = response.json()
            data["choices"][0]["message"]["role"]
        except (ValueError, LookupError, TypeError) as error:
            raise InfrastructureError(f"{self._url} answered with something that is no chat completion") from error
        return dict(data)


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["retry-after"])
    except (KeyError, ValueError):
        return None


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after_seconds if isinstance(error, InfrastructureError) else None
    return float(min(_LONGEST_WAIT, 0.5 * 2 ** (state.attempt_number - 1) if asked is None else asked))
