"""A process with so many files open that select(2) cannot take the next one's number."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

_SELECT_MOST = 1024  # FD_SETSIZE
_ROOM = 4096


@contextmanager
def many_files_open() -> Iterator[None]:
    """Every file opened within has a number above the 1,023 of select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < _ROOM:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_ROOM if hard < 0 else min(_ROOM, hard), hard))
    opened: list[int] = []
    try:
        while not opened or opened[-1] < _SELECT_MOST:
            opened.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for handle in opened:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
