"""Every part of Floorline, built once and connected. Read this file to see the flow.

OTLP -> otlp_app / grpc_receiver -> Handler -> Spool -> Loader -> TraceStore
scheduler -> Grader: ActivityStore (due) -> TraceStore (read) -> scorecard -> GradeStore (write) -> Metrics
API and console -> the stores' queries and the desks (review, drift, scenarios, incidents, upkeep)
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from alerts import objectives
from alerts.drift import DriftGauges
from alerts.metrics import Metrics
from conversation.errors import FloorlineError, UsageError
from conversation.turn_types import TurnTypes
from ingest.auth import Authenticator, KeyFile, OpenAccess
from ingest.http_receiver import Asgi
from scoring import scorecard
from scoring.backfill import Backfill
from scoring.due import Grader, Settle, Shard
from scoring.reading import Reading
from scoring.scorecard import Scorecard
from service.drift_desk import DriftDesk
from service.gauges import Gauges
from service.incident_desk import IncidentDesk
from service.insights import REFRESH_SECONDS, Insights, Known
from service.prices import price_table
from service.receiving import Receiving, open_receiving
from service.review import ReviewDesk
from service.scenario_book import ScenarioBook
from service.scheduler import Scheduler
from service.scorecard_facts import Budgets, budgets, severities
from service.settings import Settings
from service.upkeep import Upkeep
from service.waiting import Waiting
from store.activity import ActivityStore
from store.arguments import ArgumentStore
from store.baselines import BaselineStore
from store.client import Client, connect
from store.conversations import ConversationStore
from store.costs import CostStore
from store.erase import EraseStore
from store.grades import GradeStore
from store.labels import LabelStore
from store.latency import LatencyStore
from store.ledger import LedgerStore
from store.migrate import migrate
from store.retention import RetentionStore
from store.rollups import RollupStore
from store.scorecards import ScorecardStore
from store.slow_turns import SlowTurnStore
from store.traces import TraceStore
from store.verdicts import VerdictStore

VERSION = "0.1.0"


@dataclass
class Services:
    """The wired parts."""

    settings: Settings
    client: Client
    access: Authenticator
    traces: TraceStore
    activity: ActivityStore
    grades: GradeStore
    conversations: ConversationStore
    scorecards: ScorecardStore
    verdicts: VerdictStore
    latency: LatencyStore
    waiting: Waiting
    costs: CostStore
    ledger: LedgerStore
    scorecard: Scorecard
    metrics: Metrics
    review: ReviewDesk
    drift: DriftDesk
    upkeep: Upkeep
    insights: Insights
    known: Known
    scenarios: ScenarioBook
    incidents: IncidentDesk
    receiving: Receiving
    grader: Grader
    gauges: Gauges
    scheduler: Scheduler
    rollups: RollupStore
    reading: Reading
    budgets: Budgets
    compared: int = -1
    watched: tuple[int, int] = (-1, -1)

    def start(self) -> None:
        """Begin to load and to grade."""
        grading = self.settings.grading
        self.receiving.loader.start()
        self.scheduler.every(grading.tick_seconds, "grade", self.grade_due, catch_up=True)
        self.scheduler.every(REFRESH_SECONDS, "usual", self.known.refresh, at_once=True)
        self.scheduler.every(10, "gauges", self.gauges.update)
        self.scheduler.every(5, "releases", self._compare_releases)
        self.scheduler.every(10, "drift", self._watch_drift)
        self.scheduler.every(2, "notify", self.incidents.deliver)
        self.scheduler.every(30, "rollups", self.rollups.seal)
        self.scheduler.every(6 * 3600, "retention", self.upkeep.apply_retention)
        self.scheduler.start()

    def grade_due(self) -> int:
        """One pass over what is due; the number of revisions written."""
        now_ns = time.time_ns()
        written = self.grader.tick(now_ns)
        self.gauges.graded(now_ns)
        return written

    def _compare_releases(self) -> None:
        """Look at releases again when something was graded since the last look; an idle service stays idle."""
        if self.gauges.revisions != self.compared:
            self.compared = self.gauges.revisions
            self.incidents.compare_releases()

    def _watch_drift(self) -> None:
        """Look for drift when something was graded or pinned since the last look."""
        seen = (self.gauges.revisions, self.drift.pins)
        if seen != self.watched:
            self.watched = seen
            self.drift.watch()

    def close(self) -> None:
        """Stop in reverse order of the flow."""
        self.grader.stop()
        self.scheduler.stop()
        self.receiving.close()
        self.scorecard.close()
        self.client.close()

    def otlp_app(self) -> Asgi:
        """OTLP over HTTP."""
        return self.receiving.otlp_app()

    @property
    def turn_types(self) -> tuple[str, ...]:
        """The types the active rules give."""
        return (self.reading.turn_types or TurnTypes.built_in()).names

    @property
    def scorer_names(self) -> list[str]:
        """The scorers of the active scorecard."""
        return [bound.name for bound in self.scorecard.scorers]

    def problems(self) -> list[str]:
        """What keeps the service from working, empty if nothing does."""
        found = []
        try:
            self.client.query("SELECT 1")
        except FloorlineError as error:
            found.append(f"store: {error}")
        return found


def _access(settings: Settings) -> Authenticator:
    keys = KeyFile(settings.data / "keys.json", now_ns=time.time_ns)
    if keys.keys():
        return keys
    if not settings.on_loopback:
        raise UsageError(
            f"listening on {settings.host} without API keys would let anyone in; make one with "
            f"`floorline keys create --data {settings.data} --scope ingest --scope read --scope admin`"
        )
    return OpenAccess()


def build(settings: Settings) -> Services:
    """Open the store, bring its schema up to date and connect all parts; nothing runs yet.

    Raises:
        UsageError: Settings, scorecard or objectives cannot be used.
        FloorlineError: The store or the spool cannot be opened.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    access = _access(settings)
    card = scorecard.load(settings.grading.scorecard)
    spec, _ = objectives.load(settings.alerts.objectives)
    reading = _reading(settings)
    client = connect(settings.store_url)
    try:
        migrate(client)
        return _connected(settings, client, access, card, spec, reading=reading)
    except BaseException:
        client.close()
        raise


def _reading(settings: Settings) -> Reading:
    """The operator's turn types and prices."""
    own = settings.grading.turn_types
    return Reading(TurnTypes.read(own) if own else TurnTypes.built_in(), price_table(settings.prices))


def _connected(
    settings: Settings,
    client: Client,
    access: Authenticator,
    card: Scorecard,
    spec: objectives.ObjectivesSpec,
    *,
    reading: Reading,
) -> Services:
    traces, activity, grades = TraceStore(client), ActivityStore(client), GradeStore(client)
    conversations, verdicts, ledger = ConversationStore(client), VerdictStore(client), LedgerStore(client)
    metrics = _metrics(spec, card, verdicts)
    receiving = open_receiving(settings, traces, access)
    gauges = Gauges(metrics, receiving, activity, ledger)
    insights = Insights(conversations, grades)
    context = Known(insights)
    grader = _grader(settings, (traces, activity, grades), card, reading=reading, context=context, gauges=gauges)
    book = ScenarioBook(Path(settings.data) / "scenarios", conversations, card)
    incidents = IncidentDesk(settings, client, conversations, verdicts, gauges.notified)
    shown = DriftGauges(metrics.operations)
    upkeep = Upkeep(
        settings.retention,
        card,
        conversations,
        Backfill(traces, conversations, grades, card, reading=reading, context=context),
        retention_store=RetentionStore(client),
        erase_store=EraseStore(client),
        scenarios=book,
        receiving=receiving,
    )
    return Services(
        settings=settings,
        client=client,
        access=access,
        traces=traces,
        activity=activity,
        grades=grades,
        conversations=conversations,
        scorecards=ScorecardStore(client),
        verdicts=verdicts,
        latency=LatencyStore(client),
        waiting=Waiting(SlowTurnStore(client), conversations),
        costs=CostStore(client),
        ledger=ledger,
        scorecard=card,
        metrics=metrics,
        review=ReviewDesk(LabelStore(client), conversations, grades),
        drift=DriftDesk(ArgumentStore(client), BaselineStore(client), verdicts, incidents, shown),
        upkeep=upkeep,
        insights=insights,
        known=context,
        scenarios=book,
        incidents=incidents,
        receiving=receiving,
        grader=grader,
        gauges=gauges,
        scheduler=Scheduler(gauges.job_failed, gauges.job_overran),
        rollups=RollupStore(client),
        reading=reading,
        budgets=budgets(card),
    )


def _grader(
    settings: Settings,
    stores: tuple[TraceStore, ActivityStore, GradeStore],
    card: Scorecard,
    *,
    reading: Reading,
    context: Known,
    gauges: Gauges,
) -> Grader:
    grading, (traces, activity, grades) = settings.grading, stores
    return Grader(
        activity,
        traces,
        grades,
        card,
        settle=Settle(grading.idle_seconds, grading.idle_seconds_by_agent, grading.max_age_seconds),
        shard=Shard(grading.shard, grading.shards),
        reading=reading,
        context=context,
        observers=(gauges.observe,),
    )


def _metrics(spec: objectives.ObjectivesSpec, card: Scorecard, verdicts: VerdictStore) -> Metrics:
    """The metrics, with the series of known releases at 0 so that their first increase is seen."""
    made = Metrics(
        VERSION,
        turn_budgets=spec.turn_budgets,
        first_token_budgets=spec.first_token_budgets,
        severities=severities(card),
    )
    made.prime((release["agent"], release["version"]) for found in verdicts.releases().values() for release in found)
    return made
