from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alerts import objectives
from alerts.backtest import Happened, Replay, backtest, rows
from alerts.history import StoredHistory
from alerts.objectives import SloSpec
from conversation.model import Agent
from conversation.verdict import Score, Verdict
from store.client import Client
from store.grades import GradedRevision, GradeStore
from tests.alerts.conftest import SECOND_NS, graded, turn

SPEC, WINDOWS = objectives.load()
MINUTE_NS = 60 * SECOND_NS
START_NS = 1_800_000_000 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS


class Told:
    """The same events for one objective, none for the others."""

    def __init__(self, name: str, events: list[Happened]) -> None:
        self._name = name
        self._events = events

    def events(self, project: str, slo: SloSpec, since_ns: int, until_ns: int) -> Iterable[Happened]:
        assert project == "p"
        return [e for e in self._events if since_ns <= e.at_ns < until_ns] if slo.name == self._name else []


def replay(events: list[Happened], name: str = "tool-turn-latency", hours: int = 6) -> Replay:
    until_ns = START_NS + hours * HOUR_NS
    found = backtest(SPEC, WINDOWS, Told(name, events), "p", since_ns=START_NS, until_ns=until_ns)
    return next(item for item in found if item.objective == name)


def every_minute(first: int, count: int, bad: bool, agent: str = "shop") -> list[Happened]:
    return [Happened(START_NS + (first + n) * MINUTE_NS, agent, bad) for n in range(count)]


def test_good_history_pages_nobody() -> None:
    found = replay(every_minute(0, 300, bad=False))
    assert (found.events, found.bad, found.firings, found.first_ns) == (300, 0, (), None)


def test_an_outage_pages_once_from_when_enough_is_known_until_it_is_over() -> None:
    found = replay(
        every_minute(0, 120, bad=False) + every_minute(120, 60, bad=True) + every_minute(180, 120, bad=False)
    )
    pages = [firing for firing in found.firings if firing.severity == "page"]
    assert len(pages) == 1
    began, ended = ((at - START_NS) / MINUTE_NS for at in (pages[0].started_ns, pages[0].ended_ns))
    assert 120 < began < 170
    assert 180 <= ended < 215
    assert pages[0].share > 0.72


def test_a_few_bad_events_page_nobody() -> None:
    assert replay(every_minute(0, 29, bad=True), hours=1).firings == ()


def test_agents_burn_budgets_of_their_own() -> None:
    found = replay(every_minute(0, 200, bad=True, agent="a") + every_minute(0, 200, bad=False, agent="b"))
    assert {firing.agent for firing in found.firings} == {"a"}


def test_events_before_the_time_shown_count_in_its_first_windows_only() -> None:
    found = replay(every_minute(-90, 91, bad=True))
    assert found.events == 1
    assert found.first_ns == START_NS


def test_the_rows_say_how_many_pages_and_when_the_first() -> None:
    (row,) = rows([replay(every_minute(0, 200, bad=True))])
    assert (row["objective"], row["pages"], row["tickets"]) == ("tool-turn-latency", 1, 1)


def revision(name: str, at_ns: int, scores: list[Score], seconds: float = 1.0) -> GradedRevision:
    one = turn(0, seconds=seconds, started_ns=at_ns)
    conversation, grade = graded(
        name, turns=[one], scores=scores, started_ns=at_ns, ended_ns=at_ns + SECOND_NS, agent=Agent("shop", "1.0")
    )
    return GradedRevision(conversation, grade, at_ns, name, 1)


def found_by(history: StoredHistory, slo: SloSpec) -> tuple[int, int]:
    """How many events, and how many of them bad."""
    found = list(history.events("default", slo, START_NS, START_NS + HOUR_NS))
    assert {event.agent for event in found} <= {"shop"}
    return len(found), sum(event.bad for event in found)


def test_stored_history_gives_the_events_of_each_objective(engine: Client) -> None:
    wrong = Score("tool_arguments", Verdict.FAIL, label="stale", tool_call_id="call-0", argument_path="/order_id")
    right = replace(wrong, verdict=Verdict.PASS, label="ok")
    policy = Score("policy.identity_first", Verdict.PASS)
    broken = [wrong, replace(right, argument_path="/x"), replace(policy, verdict=Verdict.FAIL)]
    GradeStore(engine).write(
        [
            revision("good", START_NS, [right, policy]),
            revision("bad", START_NS + MINUTE_NS, broken, 30.0),
            revision("early", START_NS - 2 * HOUR_NS, [wrong, policy]),
        ]
    )
    history = StoredHistory(engine)
    assert {slo.name: found_by(history, slo) for slo in SPEC.slos if slo.name != "grading-freshness"} == {
        "tool-turn-latency": (2, 1),
        "reasoning-turn-latency": (0, 0),
        "small-talk-latency": (0, 0),
        "first-token": (2, 1),
        "conversation-pass-rate": (2, 1),
        "argument-correctness": (3, 1),
        "policy-adherence": (2, 1),
    }
    for indicator, wanted in (
        ({"pass_rate": {"scorer": "policy", "inconclusive": "bad"}}, (2, 1)),
        ({"policy_adherence": {"policy": "identity_first"}}, (2, 1)),
        ({"policy_adherence": {"policy": "other"}}, (2, 0)),
        ({"argument_correctness": {"tool": "cancel"}}, (0, 0)),
    ):
        slo = SloSpec.model_validate({"name": "x", "objective": 90, "description": "d", "indicator": indicator})
        assert found_by(history, slo) == wanted
