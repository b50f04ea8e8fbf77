"""How commands reach Floorline: the running service over HTTP, or the same application in this process on `--data`.

The embedded engine lets one process open a data directory, so commands talk to the service while it runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from conversation.errors import PermanentError, RetryableError, UsageError
from service import settings

if TYPE_CHECKING:
    from service.wiring import Services

DEFAULT_URL = "http://127.0.0.1:8318"


class Client:
    """Calls of the HTTP API.

    Args:
        url: Base URL of the running service.
        data: Data directory to open instead; the service must not be running on it.
        api_key: Key for the service.
    """

    def __init__(self, url: str = DEFAULT_URL, data: Path | None = None, api_key: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._services: Services | None = None
        if data is not None:
            if not data.is_dir():
                raise UsageError(f"there is no data directory {data}; give the one that `floorline up --data` uses")
            from service.wiring import build  # noqa: PLC0415 - the engine loads only for commands that open a store

            self._services = build(settings.load(overrides={"data": str(data)}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._services is not None:
            self._services.close()

    def get(self, path: str, **parameters: object) -> Any:
        """The JSON answer to GET `path`; parameters that are None are left out."""
        return self._call("GET", path, {key: value for key, value in parameters.items() if value is not None}, None)

    def post(self, path: str, body: object = None) -> Any:
        """The JSON answer to POST `path`."""
        return self._call("POST", path, {}, body)

    def _call(self, method: str, path: str, parameters: Mapping[str, object], body: object) -> Any:
        try:
            answer = asyncio.run(self._request(method, path, parameters, body))
        except httpx.TransportError as error:
            raise RetryableError(
                f"cannot reach {self._url} ({str(error) or type(error).__name__}); start it with `floorline up`, "
                "or give --url, or --data to open a data directory that no service is using"
            ) from error
        if answer.is_error:
            raise PermanentError(_reason(answer))
        return answer.json()

    async def _request(self, method: str, path: str, parameters: Mapping[str, object], body: object) -> httpx.Response:
        transport = None
        if self._services is not None:
            from service.app import build_app  # noqa: PLC0415 - only a command on --data needs the web framework

            transport = httpx.ASGITransport(app=build_app(self._services))
        base = "http://floorline.local" if transport else self._url
        async with httpx.AsyncClient(transport=transport, base_url=base, headers=self._headers, timeout=600) as client:
            return await client.request(
                method,
                path,
                params=httpx.QueryParams({name: str(value) for name, value in parameters.items()}),
                json=body,
            )


def _reason(answer: httpx.Response) -> str:
    try:
        detail = answer.json().get("detail", answer.text)
    except ValueError:
        detail = answer.text
    return str(detail)[:500] or f"the service answered {answer.status_code}"
