"""Where a sender may put its API key: `Authorization: Bearer`, `x-api-key`, or Basic with the key as password."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable


def presented(header: Callable[[str], str | None]) -> str | None:
    """The key in a request's headers.

    Args:
        header: Gives a header (or gRPC metadata value) by its lower-case name.

    Returns:
        The key as text; None when no header holds one. With Basic it is the password, or the user name when the
        password is empty (Langfuse's clients send `public:secret`, others `key:`).
    """
    scheme, _, rest = (header("authorization") or "").strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        return rest
    if scheme.lower() == "basic" and rest:
        return _basic(rest)
    return header("x-api-key") or None


def _basic(encoded: str) -> str | None:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return password or user or None
