"""The two kinds of error every part of Floorline sorts its failures into.

FloorlineError
├── PermanentError    trying again cannot help: bad input, bad configuration
│   └── UsageError    the command or file the user gave is wrong; the text says what to change
└── RetryableError    the same call may work later: a full spool, a store that is away
"""

from __future__ import annotations


class FloorlineError(Exception):
    """Root of all errors raised on purpose; its text is one line a user can act on."""


class PermanentError(FloorlineError):
    """Trying again cannot help."""


class UsageError(PermanentError):
    """What the user gave cannot be used; the text names the place and the mend."""


class RetryableError(FloorlineError):
    """The same call may succeed later.

    Args:
        message: One line for the caller.
        retry_after_seconds: When to try again, if known.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
