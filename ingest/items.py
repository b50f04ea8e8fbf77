"""The items of a batch as the loader carries them: read from the spool's own pages, nothing copied, nothing kept.

A batch is 50 MB; a list of its bodies was as much memory once more, and pages of the memory map that were read count as
the process's own until they are given back.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ingest.item import Head, Item, key
from store.traces import Body

# Smaller bodies share their page with others, which are likely to be wanted next.
_OWN_PAGES: Final = 4 * mmap.PAGESIZE
_LIBC: Final = ctypes.CDLL(None)
_DONT_NEED: Final = getattr(mmap, "MADV_DONTNEED", None)


@dataclass(frozen=True, slots=True)
class Items:
    """What a batch holds; can be gone through any number of times.

    Attributes:
        environment: The spool's LMDB environment.
        bodies: Its table of bodies.
        heads: Sequence number and head of each item, in order.
    """

    environment: Any
    bodies: Any
    heads: Sequence[tuple[int, Head]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.heads)

    def __iter__(self) -> Iterator[Item]:
        """In order; a payload is a view of the disk's pages that ends with the step to the next item."""
        with self.environment.begin(buffers=True) as transaction:
            for seq, head in self.heads:
                payload = transaction.get(key(seq), db=self.bodies)
                if payload is None:  # loaded or buried meanwhile
                    continue
                try:
                    yield Item(seq, head, payload)
                    _give_back(payload)
                finally:
                    payload.release()

    def spans(self) -> int:
        """Spans and log records in all of them."""
        return sum(head.spans for _, head in self.heads)

    def as_bodies(self) -> _Bodies:
        """As the store takes them."""
        return _Bodies(self)


@dataclass(frozen=True, slots=True)
class _Bodies:
    items: Items

    def __iter__(self) -> Iterator[Body]:
        return (item.body() for item in self.items)


def _give_back(view: memoryview) -> None:
    """Let go of the pages under a view: they stay in the system's cache, and in the file."""
    if _DONT_NEED is None or view.nbytes < _OWN_PAGES:
        return
    address = int(np.frombuffer(view, np.uint8).ctypes.data)
    start = address - address % mmap.PAGESIZE
    _LIBC.madvise(ctypes.c_void_p(start), ctypes.c_size_t(address + view.nbytes - start), _DONT_NEED)
