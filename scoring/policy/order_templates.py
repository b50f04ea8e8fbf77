"""Templates about the order of events. Each is one pass over hits sorted by their place; "after" means strictly after.

For events tied by key, the keys must go together: equal, or one of them belongs to every key.
"""

from __future__ import annotations

from collections.abc import Sequence

from scoring.policy.events import Event
from scoring.policy.hits import Finding, Hit, Keyed, merged


def precedence(require: Sequence[Hit], before: Sequence[Hit]) -> Finding:
    """Each `before` has a `require` earlier."""
    finding = Finding(duties=len(before))
    finding.note(require, before)
    seen: Keyed[bool] = Keyed()
    for event, (required, duty) in merged(require, before):
        if duty is not None and duty.sure and not any(seen.matching(duty.key)):
            finding.fail("what must come first did not", event)
        if required is not None:
            seen.put(required.key, value=True)
    return finding


def response(after: Sequence[Hit], require: Sequence[Hit]) -> Finding:
    """Each `after` has a `require` later."""
    finding = Finding(duties=len(after))
    finding.note(after, require)
    pending: Keyed[list[Event]] = Keyed()
    for event, (duty, answer) in merged(after, require):
        if answer is not None:
            pending.drop(answer.key)
        if duty is not None and duty.sure:
            _append(pending, duty, event)
    for event in sorted((event for events in pending.all() for event in events), key=lambda event: event.index):
        finding.fail("what must follow did not", event)
    return finding


def not_after(forbid: Sequence[Hit], after: Sequence[Hit]) -> Finding:
    """No `forbid` later than an `after`."""
    finding = Finding(duties=len(after))
    finding.note(forbid, after)
    seen: Keyed[Event] = Keyed()
    for event, (forbidden, start) in merged(forbid, after):
        if forbidden is not None and forbidden.sure:
            earlier = next(seen.matching(forbidden.key), None)
            if earlier is not None:
                finding.fail("must not come after this", event, earlier)
        if start is not None and start.sure and seen.at(start.key) is None:
            seen.put(start.key, event)
    return finding


def not_between(forbid: Sequence[Hit], start: Sequence[Hit], end: Sequence[Hit]) -> Finding:
    """No `forbid` after a `start` unless an `end` came between them or with the start's successor."""
    finding = Finding(duties=len(start))
    finding.note(forbid, start, end)
    opened: Keyed[Event] = Keyed()
    for event, (forbidden, start_hit, end_hit) in merged(forbid, start, end):
        if forbidden is not None and forbidden.sure:
            earlier = next(opened.matching(forbidden.key), None)
            if earlier is not None:
                finding.fail("must not come in between", event, earlier)
        if end_hit is not None:
            opened.drop(end_hit.key)
        if start_hit is not None and start_hit.sure:
            opened.put(start_hit.key, event)
    return finding


def within(
    after: Sequence[Hit],
    require: Sequence[Hit],
    *,
    seconds: float | None = None,
    turns: int | None = None,
) -> Finding:
    """Each `after` has a `require` later, no more than so many seconds or turns away."""
    finding = Finding(duties=len(after))
    finding.note(after, require)
    pending: Keyed[list[Event]] = Keyed()
    for event, (duty, answer) in merged(after, require):
        if answer is not None:
            for start in (start for starts in pending.matching(answer.key) for start in starts):
                _timed(finding, start, event, seconds, turns)
            pending.drop(answer.key)
        if duty is not None and duty.sure:
            _append(pending, duty, event)
    for start in (start for starts in pending.all() for start in starts):
        finding.fail("what must follow did not", start)
    finding.failures.sort(key=lambda failure: failure.events[0].index)
    return finding


def _timed(finding: Finding, start: Event, answer: Event, seconds: float | None, turns: int | None) -> None:
    """Judge the distance of an event and the first answer to it."""
    if turns is not None:
        if answer.turn - start.turn > turns:
            finding.fail(f"followed only {answer.turn - start.turn} turns later, of {turns} allowed", start, answer)
    elif seconds is not None:
        if start.at_seconds is None or answer.at_seconds is None:
            finding.unknown.append("the time of an event is not known")
        elif answer.at_seconds - start.at_seconds > seconds:
            late = answer.at_seconds - start.at_seconds
            finding.fail(f"followed only {late:.1f} s later, of {seconds:g} allowed", start, answer)


def first(event: Sequence[Hit], among: Sequence[Hit]) -> Finding:
    """For each key, the first of `among` is an `event` too."""
    return _end(event, among, list(merged(among, event)), "the first is another")


def last(event: Sequence[Hit], among: Sequence[Hit]) -> Finding:
    """For each key, the last of `among` is an `event` too."""
    return _end(event, among, list(merged(among, event))[::-1], "the last is another")


def _end(
    wanted: Sequence[Hit],
    among: Sequence[Hit],
    rows: list[tuple[Event, list[Hit | None]]],
    text: str,
) -> Finding:
    """Walk from the end in question until a sure one decides each key."""
    finding = Finding(duties=len(among))
    finding.note(wanted, among)
    decided: set[object] = set()
    for event, (candidate, hit) in rows:
        if candidate is None or candidate.key in decided:
            continue
        if hit is not None:
            decided.add(candidate.key)
        elif candidate.sure:
            decided.add(candidate.key)
            finding.fail(text, event)
    finding.failures.sort(key=lambda failure: failure.events[0].index)
    return finding


def _append(pending: Keyed[list[Event]], duty: Hit, event: Event) -> None:
    waiting = pending.at(duty.key)
    if waiting is None:
        pending.put(duty.key, [event])
    else:
        waiting.append(event)
