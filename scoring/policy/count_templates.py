"""Templates about whether, how often and how events occur."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from scoring.policy.events import Event
from scoring.policy.hits import Finding, Hit, Keyed, Sureness, merged

Judgement = tuple[bool, Sureness, str]


def each(event: Sequence[Hit], judge: Callable[[Event], Judgement]) -> Finding:
    """Every sure `event` is judged true. `judge` gives truth, sureness of it, and a note where unsure."""
    finding = Finding(duties=len(event))
    finding.note(event)
    for hit in (hit for hit in event if hit.sure):
        true, sureness, note = judge(hit.event)
        if sureness is not Sureness.SURE:
            finding.note([Hit(hit.event, sureness=sureness, note=note)])
        elif not true:
            finding.fail(note or "does not hold here", hit.event)
    return finding


def absence(event: Sequence[Hit]) -> Finding:
    """No `event`."""
    finding = Finding(duties=1)
    finding.note(event)
    for hit in (hit for hit in event if hit.sure):
        finding.fail("must not occur", hit.event)
    return finding


def existence(event: Sequence[Hit], *, min: int = 1, max: int | None = None) -> Finding:  # noqa: A002 - the words of the file
    """At least `min` and at most `max` of `event`."""
    finding = Finding(duties=1)
    finding.note(event)
    certain = [hit for hit in event if hit.sure]
    if len(event) < min:
        finding.fail(f"occurs {len(event)} times, at least {min} are needed", *(hit.event for hit in event))
    if max is not None and len(certain) > max:
        finding.fail(f"occurs {len(certain)} times, {max} are allowed", *(hit.event for hit in certain[max:]))
    return finding


def at_most(event: Sequence[Hit], *, times: int) -> Finding:
    """No more than `times` of `event` for each key; those too many are shown."""
    finding = Finding(duties=len(event))
    finding.note(event)
    counts: dict[Hashable, int] = {}
    for hit in (hit for hit in event if hit.sure):
        counts[hit.key] = counts.get(hit.key, 0) + 1
        if counts[hit.key] > times:
            finding.fail(f"occurs for the {counts[hit.key]}th time, {times} allowed", hit.event)
    return finding


def same_argument(
    first: Sequence[Hit],
    then: Sequence[Hit],
    compare: Callable[[Event, Event], Judgement],
) -> Finding:
    """Each `then` agrees with the latest `first` before it; one without such is none of the rule's business."""
    finding = Finding()
    finding.note(first, then)
    latest: Keyed[Hit] = Keyed()
    for event, (earlier, later) in merged(first, then):
        if later is not None:
            known = max(latest.matching(later.key), key=lambda hit: hit.index, default=None)
            finding.duties += known is not None
            if known is not None and known.sure and later.sure:
                true, sureness, note = compare(known.event, event)
                if sureness is not Sureness.SURE:
                    finding.note([Hit(event, sureness=sureness, note=note)])
                elif not true:
                    finding.fail(note, event, known.event)
        if earlier is not None:
            latest.put(earlier.key, earlier)
    return finding
