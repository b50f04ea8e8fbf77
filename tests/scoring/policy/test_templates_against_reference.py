"""Every template against definitions read straight from its sentence: quadratic, without state."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.verdict import Verdict
from scoring.policy import count_templates, order_templates
from scoring.policy.events import Event, Kind
from scoring.policy.hits import ANYTHING, Finding, Hit, Sureness

Hits = list[Hit]
Fast = Callable[..., Finding]
Slow = Callable[..., set[int]]
SPAN = 2


def event(index: int) -> Event:
    return Event(index, Kind.CALL, index // 2, index, at_seconds=float(index))


def compatible(one: Hit, other: Hit) -> bool:
    return one.key is ANYTHING or other.key is ANYTHING or one.key == other.key


def slow_precedence(require: Hits, before: Hits) -> set[int]:
    return {b.index for b in before if not any(a.index < b.index and compatible(a, b) for a in require)}


def slow_response(after: Hits, require: Hits) -> set[int]:
    return {a.index for a in after if not any(b.index > a.index and compatible(a, b) for b in require)}


def slow_not_after(forbid: Hits, after: Hits) -> set[int]:
    return {f.index for f in forbid if any(a.index < f.index and compatible(a, f) for a in after)}


def slow_not_between(forbid: Hits, start: Hits, end: Hits) -> set[int]:
    def opened(f: Hit, s: Hit) -> bool:
        closed = any(s.index < e.index < f.index and compatible(e, s) for e in end)
        return s.index < f.index and compatible(s, f) and not closed

    return {f.index for f in forbid if any(opened(f, s) for s in start)}


def slow_within_seconds(after: Hits, require: Hits) -> set[int]:
    return {a.index for a in after if not any(0 < b.index - a.index <= SPAN and compatible(a, b) for b in require)}


def slow_within_turns(after: Hits, require: Hits) -> set[int]:
    def answered(a: Hit, b: Hit) -> bool:
        return b.index > a.index and compatible(a, b) and b.event.turn - a.event.turn <= 1

    return {a.index for a in after if not any(answered(a, b) for b in require)}


def slow_first(wanted: Hits, among: Hits) -> set[int]:
    firsts = {hit.key: hit.index for hit in reversed(among)}
    return set(firsts.values()) - {hit.index for hit in wanted}


def slow_last(wanted: Hits, among: Hits) -> set[int]:
    lasts = {hit.key: hit.index for hit in among}
    return set(lasts.values()) - {hit.index for hit in wanted}


def slow_absence(hits: Hits) -> set[int]:
    return {hit.index for hit in hits}


def slow_existence(hits: Hits) -> set[int]:
    return {-1} if not 1 <= len(hits) <= SPAN else set()


def slow_at_most(hits: Hits) -> set[int]:
    return {hit.index for hit in hits if sum(h.key == hit.key and h.index <= hit.index for h in hits) > SPAN}


def agrees(one: Event, other: Event) -> tuple[bool, Sureness, str]:
    return (one.index * 7 + 3) % 4 == (other.index * 5 + 1) % 4, Sureness.SURE, "differs"


def slow_same_argument(first: Hits, then: Hits) -> set[int]:
    failing = set()
    for t in then:
        earlier = [f for f in first if f.index < t.index and compatible(f, t)]
        if earlier and not agrees(max(earlier, key=lambda hit: hit.index).event, t.event)[0]:
            failing.add(t.index)
    return failing


def even(one: Event) -> tuple[bool, Sureness, str]:
    return one.index % 2 == 0, Sureness.SURE, ""


TEMPLATES: dict[str, tuple[int, Fast, Slow]] = {
    "precedence": (2, order_templates.precedence, slow_precedence),
    "response": (2, order_templates.response, slow_response),
    "not_after": (2, order_templates.not_after, slow_not_after),
    "not_between": (3, order_templates.not_between, slow_not_between),
    "within_seconds": (2, lambda a, b: order_templates.within(a, b, seconds=SPAN), slow_within_seconds),
    "within_turns": (2, lambda a, b: order_templates.within(a, b, turns=1), slow_within_turns),
    "first": (2, order_templates.first, slow_first),
    "last": (2, order_templates.last, slow_last),
    "absence": (1, count_templates.absence, slow_absence),
    "existence": (1, lambda hits: count_templates.existence(hits, min=1, max=SPAN), slow_existence),
    "at_most": (1, lambda hits: count_templates.at_most(hits, times=SPAN), slow_at_most),
    "same_argument": (2, lambda a, b: count_templates.same_argument(a, b, agrees), slow_same_argument),
    "each": (1, lambda hits: count_templates.each(hits, even), lambda hits: {h.index for h in hits if h.index % 2}),
}
KEYS = st.sampled_from(["x", "y", ANYTHING])
HITS = st.dictionaries(st.integers(0, 11), KEYS, max_size=6).map(
    lambda found: [Hit(event(index), key) for index, key in sorted(found.items())]
)
MAYBE = st.tuples(HITS, st.integers(0, 63)).map(
    lambda pair: [
        replace(hit, sureness=Sureness.ERROR if pair[1] >> place & 1 and place < 3 else Sureness.SURE, note="broken")
        for place, hit in enumerate(pair[0])
    ]
)


@given(st.sampled_from(sorted(TEMPLATES)), st.data())
@settings(max_examples=600, deadline=None)
def test_one_pass_finds_exactly_the_failures_of_the_definition(name: str, data: st.DataObject) -> None:
    count, fast, slow = TEMPLATES[name]
    groups = [data.draw(HITS) for _ in range(count)]
    finding = fast(*groups)
    if name == "existence":
        assert bool(finding.failures) == bool(slow(*groups))
    else:
        assert {failure.events[0].index for failure in finding.failures} == slow(*groups)


@given(st.sampled_from(sorted(TEMPLATES)), st.data())
@settings(max_examples=600, deadline=None)
def test_a_failure_among_unsure_hits_stands_whatever_they_were(name: str, data: st.DataObject) -> None:
    count, fast, slow = TEMPLATES[name]
    groups = [data.draw(MAYBE) for _ in range(count)]
    finding = fast(*groups)
    unsure = [(place, hit) for place, group in enumerate(groups) for hit in group if not hit.sure]
    if unsure:
        assert finding.verdict in {Verdict.FAIL, Verdict.ERROR}
    if finding.verdict is not Verdict.FAIL:
        return
    for real in itertools.product((True, False), repeat=len(unsure)):
        gone = {(place, hit.index) for (place, hit), is_real in zip(unsure, real, strict=True) if not is_real}
        world = [[hit for hit in group if (place, hit.index) not in gone] for place, group in enumerate(groups)]
        assert slow(*world)
