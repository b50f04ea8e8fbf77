"""The files through which the embedded engine takes what it stores; beside its data, never in the system's folder.

The driver would write them to the system's temporary folder, where kill -9 leaves customers' words behind, and would
have the engine keep the schema in the working directory. Here all lie with the data, and a start clears what was left.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clickhouse_connect.driver.client import Client as DriverClient
from clickhouse_connect.driver.insert import InsertContext
from clickhouse_connect.driver.transform import NativeTransform

from store.errors import RetryableStoreError

FORMAT: Final = "ProtobufSingle"
_LEFT: Final = (".pb", ".native")


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
    """A directory for what is on its way into the embedded engine; one process at a time.

    Args:
        directory: Created when missing; files that a killed process left in it are removed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in directory.iterdir():
            if left.suffix in _LEFT:
                left.unlink()

    @contextmanager
    def message(self, chunks: Iterable[bytes | memoryview]) -> Iterator[Path]:
        """A file with a message in it, gone afterwards.

        Raises:
            RetryableStoreError: The disk refused the message.
        """
        with self._file(".pb", chunks) as path:
            yield path

    @contextmanager
    def _file(self, suffix: str, chunks: Iterable[bytes | memoryview]) -> Iterator[Path]:
        path = self._directory / f"{uuid.uuid4().hex}{suffix}"
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
        driver.command(f"INSERT INTO {table} {_from(message, chosen)} FORMAT {FORMAT}")

    def insert_rows(
        self,
        driver: DriverClient,
        table: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        settings: Mapping[str, object],
    ) -> None:
        """Insert rows as the driver serializes them.

        Raises:
            RetryableStoreError: The disk refused them.
        """
        context = driver.create_insert_context(table, list(columns), data=rows)
        with self._file(".native", _native(context)) as path:
            # For a value of a wrong type the driver writes garbage and notes the error.
            if context.insert_exception is not None:
                raise context.insert_exception
            names = ", ".join(columns)
            driver.command(f"INSERT INTO {table} ({names}) {_from(path, settings)} FORMAT Native")

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


def _from(path: Path, settings: Mapping[str, object]) -> str:
    clause = ", ".join(f"{name} = {_literal(value)}" for name, value in settings.items())
    return f"FROM INFILE {_literal(str(path))}" + (f" SETTINGS {clause}" if clause else "")


def _native(context: InsertContext) -> Iterator[bytes]:
    """Rows in the engine's own format; the driver puts the statement before the first of them."""
    for place, chunk in enumerate(NativeTransform.build_insert(context)):
        yield chunk if place else bytes(chunk).partition(b"\n")[2]


def _literal(value: object) -> str:
    if isinstance(value, int):
        return str(int(value))
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
