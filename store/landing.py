"""The file through which the embedded engine takes a message to parse; beside its data, never in the system's folder.

The driver would write it to the system's temporary folder, where kill -9 leaves customers' words behind, and would have
the engine keep the schema in the working directory. Here both lie with the data, and a start clears what was left.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clickhouse_connect.driver.client import Client as DriverClient

from store.errors import RetryableStoreError

FORMAT: Final = "ProtobufSingle"
_MESSAGE: Final = ".pb"


@dataclass(frozen=True, slots=True)
class ProtobufSchema:
    """How the engine reads a message.

    Attributes:
        text: A `.proto` file.
        message: The message type in it.
    """

    text: str
    message: str


class Landing:
    """A directory for messages on their way into the embedded engine; one process at a time.

    Args:
        directory: Created when missing; messages that a killed process left in it are removed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in directory.glob(f"*{_MESSAGE}"):
            left.unlink()

    @contextmanager
    def message(self, chunks: Iterable[bytes | memoryview]) -> Iterator[Path]:
        """A file with a message in it, gone afterwards.

        Raises:
            RetryableStoreError: The disk refused the message.
        """
        path = self._directory / f"{uuid.uuid4().hex}{_MESSAGE}"
        try:
            self._write(path, chunks)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def insert(
        self, driver: DriverClient, table: str, message: Path, schema: ProtobufSchema, settings: Mapping[str, object]
    ) -> None:
        """Have the engine parse a message into a table."""
        chosen = {**settings, "format_schema": f"{self._schema(schema)}:{schema.message}"}
        clause = ", ".join(f"{name} = {_literal(value)}" for name, value in chosen.items())
        driver.command(f"INSERT INTO {table} FROM INFILE {_literal(str(message))} SETTINGS {clause} FORMAT {FORMAT}")

    def _write(self, path: Path, chunks: Iterable[bytes | memoryview]) -> None:
        try:
            with path.open("wb") as file:
                file.writelines(chunks)
        except OSError as error:
            raise RetryableStoreError(f"cannot write {self._directory}: {error}: free or repair its disk") from error

    def _schema(self, schema: ProtobufSchema) -> Path:
        """The file of a schema; its name changes with its text, because the engine keeps what it read."""
        path = self._directory / f"{hashlib.sha256(schema.text.encode()).hexdigest()[:16]}.proto"
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_text(schema.text, encoding="utf-8")
            fresh.replace(path)
        return path


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(int(value))
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
