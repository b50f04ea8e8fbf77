"""The `floorline` command: one module a family of commands. A failure is one line on stderr, never a traceback."""

from __future__ import annotations

import logging
import sys

import typer

from conversation.errors import FloorlineError, UsageError
from service.cli import (
    alerts,
    baseline,
    costs,
    demo,
    grade,
    labels,
    operations,
    passk,
    policy,
    probes,
    promote,
    replay,
    score,
    send,
    tau2,
    up,
)

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_COULD_NOT_RUN = 3

app = typer.Typer(
    name="floorline",
    help="Measures the floor of a deployed AI agent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for module in (up, demo, send, grade, score, costs, labels, promote, replay, passk):
    module.register(app)
for name, group in {
    "policy": policy.app,
    "probes": probes.app,
    "baseline": baseline.app,
    "alerts": alerts.app,
    "tau2": tau2.app,
    "keys": operations.keys,
    "dead-letters": operations.dead_letters,
}.items():
    app.add_typer(group, name=name)
operations.register(app)


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; the exit status."""
    try:
        result = app(arguments, standalone_mode=False)
    except UsageError as error:
        return _say(str(error), EXIT_USAGE)
    except FloorlineError as error:
        return _say(str(error), EXIT_COULD_NOT_RUN)
    except (KeyboardInterrupt, typer.Abort):
        return _say("stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        return EXIT_FAILED
    except OSError as error:
        return _say(f"{error.filename or 'system'}: {error.strerror or error}", EXIT_COULD_NOT_RUN)
    except Exception as error:
        # Typer brings its own copy of click, so its errors are known by what they can do, not by their class.
        if not hasattr(error, "format_message"):
            raise
        return _say(f"{error.format_message()} (see floorline --help)", EXIT_USAGE)
    return result if isinstance(result, int) else 0


def _say(text: str, status: int) -> int:
    sys.stderr.write(f"floorline: {' '.join(text.split())}\n")
    return status


def main() -> None:
    """Entry point of the console script."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # A skipped tick is counted in floorline_job_runs_total; a line for each would bury what matters.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    sys.exit(run())
