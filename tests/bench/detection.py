"""How well faults and failures are found, by kind and never pooled: `python -m tests.bench.detection`.

Injected faults: the faulty argument ranked first (ties shared), AUROC of the conversation's worst suspicion against
matched controls, share flagged. Real failures: precision and recall of verdicts, and the wrong argument named first.
"""

from __future__ import annotations

import time
from collections import defaultdict

from conversation.verdict import Verdict
from scoring.statistics import wilson
from tests.bench.labelled import Labelled, auroc, labelled

OMISSIONS = ("missing_action", "partial", "missing_information")


def injected(rows: list[Labelled]) -> None:
    """Prints the figures of one set of injected faults."""
    kinds: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        kinds[row.label["matched_kind"]].append(row)
    for kind, members in sorted(kinds.items()):
        faults = [row for row in members if row.label["injected"]]
        controls = [row for row in members if not row.label["injected"]]
        first = sum(_named_first(row) for row in faults) / len(faults)
        area = auroc([_worst(row) for row in faults], [_worst(row) for row in controls])
        print(  # noqa: T201 - the figures are the product of this script
            f"  {kind:16} n={len(faults):3} top-1 {first:.2f} AUROC {area:.3f} "
            f"flagged {_share(faults):.2f} controls {_share(controls):.3f}"
        )


def natural(rows: list[Labelled]) -> None:
    """Prints the figures of real conversations, by domain."""
    for domain in sorted({row.domain for row in rows}):
        members = [row for row in rows if row.domain == domain]
        failed = sum(row.failed for row in members)
        flags = [row for row in members if row.grade.verdict is Verdict.FAIL]
        right = sum(row.failed for row in flags)
        risk = auroc(
            [row.grade.risk for row in members if row.failed], [row.grade.risk for row in members if not row.failed]
        )
        print(  # noqa: T201 - as above
            f"  {domain:10} n={len(members)} failed={failed} flagged={len(flags)} "
            f"precision {right / max(1, len(flags)):.2f} recall {right / failed:.2f} risk AUROC {risk:.2f}"
        )
        for kind in sorted({row.label["failure_kind"] for row in members if row.failed}):
            of_kind = [row for row in members if row.label["failure_kind"] == kind]
            print(f"    {kind:20} n={len(of_kind):3} flagged {_flagged(of_kind):.2f}")  # noqa: T201 - as above
        left = [row for row in members if row.failed and row.label["failure_kind"] in OMISSIONS]
        found = wilson(sum(row.grade.verdict is Verdict.FAIL for row in left), len(left))
        print(f"    omissions together   n={len(left):3} flagged {found.value:.2f} [{found.low:.2f}, {found.high:.2f}]")  # noqa: T201 - as above
    wrong = [row for row in rows if row.label["failure_kind"] == "wrong_argument"]
    print(f"  wrong argument named first: {sum(map(_named_first, wrong)):.1f} of {len(wrong)}")  # noqa: T201 - as above


def _flagged(rows: list[Labelled]) -> float:
    return sum(row.grade.verdict is Verdict.FAIL for row in rows) / len(rows)


def _worst(row: Labelled) -> float:
    return max(row.suspicions.values(), default=0.0)


def _share(rows: list[Labelled]) -> float:
    """Share of conversations with an argument that fails."""
    failing = [
        any(score.verdict is Verdict.FAIL for score in row.grade.scores if score.argument_path is not None)
        for row in rows
    ]
    return sum(failing) / max(1, len(failing))


def _named_first(row: Labelled) -> float:
    """1 where a wrong argument is the most suspicious one, its share among ties."""
    worst = _worst(row)
    first = [place for place, value in row.suspicions.items() if value == worst]
    hits = sum(
        any(call == at and (path == there or path.startswith(there + "/")) for at, there in row.faults)
        for call, path in first
    )  # fmt: skip - one line each way is unreadable
    return hits / len(first) if first else 0.0


def main() -> None:
    """Prints all figures."""
    for source in ("injected-tau", "injected-sgd", "natural"):
        begun = time.process_time()
        rows = list(labelled(source))
        spent = time.process_time() - begun
        print(f"{source}: {len(rows)} conversations, {len(rows) / spent:.0f} a second of one core")  # noqa: T201 - as above
        (natural if source == "natural" else injected)(rows)


if __name__ == "__main__":
    main()
