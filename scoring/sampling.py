"""Which conversations a scorer looks at when it looks at a share of them: by hash, so that the choice is stable.

The same conversation is in the sample in every process, after every restart and in every revision, and a larger share
contains every smaller one.
"""

from __future__ import annotations

import hashlib

_SPAN = 1 << 64


def position(key: str, salt: str = "") -> float:
    """A number in [0, 1) that depends on nothing but key and salt; uniform over keys."""
    digest = hashlib.blake2b(key.encode(), key=salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest) / _SPAN


def chosen(key: str, share: float, salt: str = "") -> bool:
    """Whether the key belongs to this share of all keys; salts choose independently of each other."""
    return share >= 1 or position(key, salt) < share


def shard(key: str, shards: int) -> int:
    """Which of `shards` workers does this key, from 0."""
    return int(position(key, "shard") * shards)
