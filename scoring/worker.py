"""The child process of an isolated scorer: reads conversations from stdin, answers on stdout. See `isolation`.

Whatever the scorer prints goes to stderr, so that it cannot break the framing.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

from scoring import registry
from scoring.isolation import read_frame, write_frame
from scoring.protocol import Scorer


def main() -> None:
    """Serve until stdin closes."""
    source = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        scorer = _made(*pickle.loads(read_frame(source)))  # noqa: S301 - bytes of our own parent process
    except Exception as error:  # noqa: BLE001 - carried to the parent
        write_frame(answers, pickle.dumps((False, f"{type(error).__name__}: {error}")))
        return
    write_frame(answers, pickle.dumps((True, ())))
    while True:
        try:
            conversation, context = pickle.loads(read_frame(source))  # noqa: S301 - bytes of our own parent process
        except EOFError:
            return
        try:
            answer: tuple[bool, object] = (True, tuple(scorer.score(conversation, context)))
        except Exception as error:  # noqa: BLE001 - carried to the parent
            answer = (False, f"{type(error).__name__}: {error}")
        write_frame(answers, pickle.dumps(answer))


def _made(reference: str, registered: str, folder: str, parameters: dict[str, object]) -> Scorer:
    """The scorer the parent asks for."""
    cls = registry.from_file(reference, Path(folder))[0] if reference else registry.installed().resolve(registered)
    made: Scorer = cls(cls.parameters_type.model_validate(parameters))  # type: ignore[call-arg]  # the contract's constructor takes the parameters; a Protocol cannot say so
    return made


if __name__ == "__main__":
    main()
