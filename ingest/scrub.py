"""What left the spool, off its disk too: LMDB only marks pages as free, and their bytes stay until they are used again.

Every free page is taken by a record of zeros, and the records are dropped; then every body that stays is written again,
which copies its page without what was deleted beside it, and the pages that this freed are blanked in turn. Meant for a
drained spool: it costs a copy of what is held.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from ingest.item import key
from ingest.spool import Spool

_SETTLE: Final = 2
_A_TRANSACTION: Final = 10_000
_HEADER_BYTES: Final = 16  # of an overflow page (lmdb.h: sizeof(MDB_page))


def scrub(spool: Spool) -> int:
    """Overwrite the spool's free pages; nobody may hold a read transaction meanwhile.

    Returns:
        Pages that were free and are blank now.
    """
    _blank(spool)
    spool.submit(partial(_rewrite, spool)).result()
    return _blank(spool)


def _blank(spool: Spool) -> int:
    # LMDB hands out a page only two transactions after the one that freed it.
    for number in range(_SETTLE):
        spool.submit(partial(_fill, spool, number, number + 1)).result()
    pages = _free_pages(spool)
    for first in range(_SETTLE, pages, _A_TRANSACTION):
        spool.submit(partial(_fill, spool, first, min(first + _A_TRANSACTION, pages))).result()
    spool.submit(lambda transaction: transaction.drop(spool.blank, delete=False)).result()
    return pages


def _rewrite(spool: Spool, transaction: Any) -> None:
    # All tables: LMDB prepares pages in buffers that held others before, and writes them whole.
    for table in (spool.heads, spool.bodies, spool.batches, spool.dead):
        for name in [bytes(found) for found in transaction.cursor(db=table).iternext(values=False)]:
            transaction.put(name, bytes(transaction.pop(name, db=table)), db=table)


def _fill(spool: Spool, first: int, last: int, transaction: Any) -> None:
    zeros = bytes(transaction.stat(spool.blank)["psize"] - _HEADER_BYTES)
    for number in range(first, last):
        transaction.put(key(number), zeros, db=spool.blank, append=True)


def _free_pages(spool: Spool) -> int:
    """Pages of the file that no table uses; those of LMDB's own list of free pages are counted too."""
    with spool.environment.begin() as transaction:
        tables = (transaction.stat(table) for table in (spool.heads, spool.bodies, spool.batches, spool.dead))
        used = sum(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"] for stat in tables)
    return max(0, int(str(spool.environment.info()["last_pgno"])) + 1 - int(used))
