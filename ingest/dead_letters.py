"""Bodies the store will never take: kept with the reason until an operator replays or drops them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from conversation.errors import UsageError
from ingest.item import Batch, Head, Item, key
from ingest.spool import Spool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One body that was refused, and why."""

    seq: int
    head: Head
    reason: str


class DeadLetters:
    """The dead part of a spool.

    Args:
        spool: Whose items die and come back.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def bury(self, batch: Batch, reason: str) -> None:
        """Move all items of a batch to the dead list and end the batch."""
        spool = self._spool

        def run(transaction: Any) -> int:
            buried = list(spool.range_of(transaction, batch))
            for seq, head in buried:
                transaction.put(key(seq), orjson.dumps([reason, _fields(head)]), db=spool.dead)
                transaction.delete(key(seq), db=spool.heads)
            transaction.delete(key(batch.first), db=spool.batches)
            return len(buried)

        spool.submit(run, lambda buried: spool.count(open_batches=-1, dead_items=buried)).result()

    def list(self, limit: int = 100) -> list[DeadLetter]:
        """The oldest dead letters, at most `limit`."""
        letters: list[DeadLetter] = []
        with self._spool.environment.begin(db=self._spool.dead) as transaction:
            for raw_key, raw in transaction.cursor():
                if len(letters) == limit:
                    break
                reason, fields = orjson.loads(raw)
                letters.append(DeadLetter(int.from_bytes(raw_key, "big"), Head(*fields), reason))
        return letters

    def item(self, seq: int) -> Item:
        """A dead letter with its body.

        Raises:
            UsageError: There is no such dead letter.
        """
        with self._spool.environment.begin() as transaction:
            raw = transaction.get(key(seq), db=self._spool.dead)
            if raw is None:
                raise _unknown(seq)
            return Item(seq, Head(*orjson.loads(raw)[1]), bytes(transaction.get(key(seq), db=self._spool.bodies)))

    def replay(self, seq: int) -> None:
        """Queue a dead letter again, as if it had just arrived; its receive time stays."""
        item = self.item(seq)
        spool = self._spool

        def run(transaction: Any) -> None:
            if transaction.pop(key(seq), db=spool.dead) is None:
                raise _unknown(seq)
            transaction.delete(key(seq), db=spool.bodies)
            spool.put(transaction, item.head, item.payload)

        def then(_: None) -> None:
            spool.count(held_bytes=-item.head.size, dead_items=-1)
            spool.added(item.head)

        spool.submit(run, then).result()

    def drop(self, seq: int) -> None:
        """Delete a dead letter for good.

        Raises:
            UsageError: There is no such dead letter.
        """
        spool = self._spool

        def run(transaction: Any) -> int:
            raw = transaction.pop(key(seq), db=spool.dead)
            if raw is None:
                raise _unknown(seq)
            transaction.delete(key(seq), db=spool.bodies)
            return Head(*orjson.loads(raw)[1]).size

        spool.submit(run, lambda size: spool.count(held_bytes=-size, dead_items=-1)).result()


def _fields(head: Head) -> list[object]:
    return [head.project, head.signal, head.received_ns, head.spans, head.size]


def _unknown(seq: int) -> UsageError:
    return UsageError(f"there is no dead letter {seq}: list them to see which there are")
