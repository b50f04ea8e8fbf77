"""One person out of the spool: every trace in which a span names them, from waiting, claimed and dead bodies alike."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import orjson

from ingest.decode import SIGNALS
from ingest.item import Head, key
from ingest.spool import Spool

# Attribute keys that hold a user's id, whatever the convention: the last two words are "user" and "id".
_USER_KEY: Final = ("user.id", "userid")


def erase_user(spool: Spool, project: str, users: Collection[str], traces: Collection[bytes] = ()) -> int:
    """Take a person's spans and log records out of the spool.

    Pause the loader meanwhile (`Loader.stop`), so that no batch carries the old bodies to the store.

    Args:
        spool: Where to look.
        project: Whose data.
        users: The user's id, in every spelling it may have been stored (redacted too).
        traces: Trace ids known to be theirs, for instance from the store.

    Returns:
        How many spans and log records were removed.
    """
    wanted, theirs = frozenset(users), set(traces)
    seqs = [(seq, head) for seq, head in _heads(spool) if head.project == project]
    for seq, head in seqs:
        theirs |= _traces_of(_parse(spool, seq, head), head, wanted)
    return sum(_remove(spool, seq, head, wanted, theirs) for seq, head in seqs)


def _heads(spool: Spool) -> list[tuple[int, Head]]:
    with spool.environment.begin() as transaction:
        living = [(int.from_bytes(k, "big"), Head.decode(v)) for k, v in transaction.cursor(db=spool.heads)]
        dead = [(int.from_bytes(k, "big"), Head(*orjson.loads(v)[1])) for k, v in transaction.cursor(db=spool.dead)]
    return living + dead


def _parse(spool: Spool, seq: int, head: Head) -> Any:
    with spool.environment.begin() as transaction:
        raw = transaction.get(key(seq), db=spool.bodies)
    return SIGNALS[head.signal].request.FromString(bytes(raw or b""))


def _traces_of(request: Any, head: Head, users: Collection[str]) -> set[bytes]:
    return {
        item.trace_id
        for group, resource in _groups(request, head)
        for item in group
        if item.trace_id and (_names(resource, users) or _names(item, users))
    }


def _remove(spool: Spool, seq: int, head: Head, users: Collection[str], traces: Collection[bytes]) -> int:
    request = _parse(spool, seq, head)
    removed = 0
    for group, resource in _groups(request, head):
        for index in reversed(range(len(group))):
            item = group[index]
            if item.trace_id in traces or _names(item, users) or _names(resource, users):
                del group[index]
                removed += 1
    if removed:
        # The item keeps its place: its batch and token stay as they are, whatever of it is in the store already.
        payload = request.SerializeToString()
        spool.submit(lambda t: t.put(key(seq), payload, db=spool.bodies)).result()
    return removed


def _groups(request: Any, head: Head) -> list[tuple[Any, Any]]:
    if head.signal == "traces":
        return [(s.spans, r.resource) for r in request.resource_spans for s in r.scope_spans]
    return [(s.log_records, r.resource) for r in request.resource_logs for s in r.scope_logs]


def _names(item: Any, users: Collection[str]) -> bool:
    return any(
        pair.value.string_value in users
        for pair in item.attributes
        if pair.value.string_value and pair.key.lower().replace("_", ".").endswith(_USER_KEY)
    )
