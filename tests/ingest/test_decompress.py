from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decompress import check_encoding, decompress
from ingest.errors import Cause, Refused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


CODECS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("zstd", zstd.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("identity", bytes),
]


@pytest.mark.parametrize(("encoding", "compress"), CODECS)
def test_every_encoding_gives_the_body_back(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(compress(b"body" * 1000), encoding, 4000) == b"body" * 1000


@pytest.mark.parametrize(("encoding", "compress"), [c for c in CODECS if c[0] in {"gzip", "zstd"}])
def test_members_that_follow_one_another_are_one_body(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    assert decompress(compress(b"a") + compress(b"b"), encoding, 10) == b"ab"


@pytest.mark.parametrize(("encoding", "compress"), CODECS[:-1])
def test_a_bomb_is_refused_without_being_unpacked(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(bytes(50_000_000))
    with pytest.raises(Refused) as refused:
        decompress(bomb, encoding, 1_000_000)
    assert refused.value.cause is Cause.TOO_LARGE


@pytest.mark.parametrize(("encoding", "compress"), CODECS[:-1])
def test_a_body_cut_short_is_refused(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Refused) as refused:
        decompress(compress(b"body" * 1000)[:-3], encoding, 10_000)
    assert refused.value.cause is Cause.BAD_DATA


@given(body=st.binary(max_size=200), encoding=st.sampled_from(["gzip", "zstd", "deflate"]))
def test_any_bytes_are_taken_or_refused(body: bytes, encoding: str) -> None:
    try:
        size = len(decompress(body, encoding, 1000))
    except Refused:
        return
    assert size <= 1000


def test_names_are_read_in_any_case_and_unknown_ones_refused() -> None:
    assert [check_encoding(name) for name in (None, "", " GZIP ")] == ["identity", "identity", "gzip"]
    with pytest.raises(Refused) as refused:
        check_encoding("br")
    assert refused.value.cause is Cause.UNSUPPORTED_TYPE
