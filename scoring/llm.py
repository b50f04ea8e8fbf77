"""The one door to language models: one question to one OpenAI-compatible endpoint, through litellm.

litellm is imported on the first question only: it takes seconds and 150 MB, and nothing but the judge needs it. Its
price list is the built-in one and its telemetry is off, so that importing it opens no connection.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conversation.errors import PermanentError, RetryableError

_IMPORT = threading.Lock()


class LlmRefusedError(PermanentError):
    """The endpoint refused the question: wrong key, unknown model, bad request."""


class LlmAwayError(RetryableError):
    """The endpoint did not answer, or asked to come back later."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask.

    Attributes:
        url: Base URL of an OpenAI-compatible API, such as `http://127.0.0.1:8000/v1`; empty for the provider that
            litellm knows by the model's name.
        model: The model's name there.
        api_key: The key; endpoints without keys get a placeholder.
        timeout_seconds: Longest wait for one answer.
        retries: Further tries within one question after a 429, a 5xx or a lost connection.
        usd_per_million_input: Price of input tokens; None takes litellm's list.
        usd_per_million_output: Price of output tokens.
    """

    url: str
    model: str
    api_key: str = "none"
    timeout_seconds: float = 60.0
    retries: int = 2
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back and what it took; `cost_usd` is None where no price is known."""

    text: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


def ask(endpoint: Endpoint, messages: Sequence[dict[str, str]], schema: dict[str, Any], most_tokens: int) -> Reply:
    """One answer to one question.

    Args:
        endpoint: Where to ask.
        messages: Chat messages, `role` and `content`.
        schema: JSON Schema of the answer. Endpoints may ignore it: the caller checks the answer.
        most_tokens: Most output tokens.

    Raises:
        LlmAwayError: No answer for a reason that may pass.
        LlmRefusedError: No answer, and asking again will not help.
    """
    litellm = _litellm()
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
    target: dict[str, Any] = {"model": endpoint.model}
    if endpoint.url:
        target = {"model": f"openai/{endpoint.model}", "api_base": endpoint.url}
    try:
        response = litellm.completion(
            **target,
            messages=list(messages),
            api_key=endpoint.api_key,
            response_format=wanted,
            temperature=0,
            max_tokens=most_tokens,
            timeout=endpoint.timeout_seconds,
            max_retries=endpoint.retries,
        )
    except _passing(litellm) as error:
        raise LlmAwayError(f"judge endpoint {endpoint.url or endpoint.model}: {_short(error)}") from error
    except Exception as error:
        raise LlmRefusedError(f"judge endpoint {endpoint.url or endpoint.model}: {_short(error)}") from error
    usage = getattr(response, "usage", None)
    text = (response.choices[0].message.content or "") if response.choices else ""
    asked = int(getattr(usage, "prompt_tokens", 0) or 0)
    answered = int(getattr(usage, "completion_tokens", 0) or 0)
    return Reply(text, asked, answered, _cost(endpoint, response, asked, answered))


def warm() -> None:
    """Import litellm now, so that the first question does not wait for it."""
    _litellm()


def _litellm() -> Any:
    """The litellm module, imported offline and quiet."""
    with _IMPORT, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies warn at import; our tests turn warnings into errors
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import fetches a price list
        import litellm  # noqa: PLC0415 - measured: 2.4-5 s and 155 MB, for the judge alone

        litellm.telemetry = False
        litellm.suppress_debug_info = True
        litellm.drop_params = True  # endpoints without response_format still answer; the answer is checked anyway
    return litellm


def _passing(litellm: Any) -> tuple[type[Exception], ...]:
    """Errors that may pass. A dead endpoint shows up as InternalServerError or APIConnectionError."""
    return (
        litellm.RateLimitError,
        litellm.APIConnectionError,
        litellm.InternalServerError,
        litellm.ServiceUnavailableError,
        litellm.BadGatewayError,
        litellm.Timeout,
    )


def _short(error: Exception) -> str:
    """The error's first line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _cost(endpoint: Endpoint, response: Any, asked: int, answered: int) -> float | None:
    """US dollars, by the given prices or litellm's list."""
    if endpoint.usd_per_million_input is not None and endpoint.usd_per_million_output is not None:
        return (asked * endpoint.usd_per_million_input + answered * endpoint.usd_per_million_output) / 1e6
    listed = getattr(response, "_hidden_params", {}).get("response_cost")
    return float(listed) if listed is not None else None
