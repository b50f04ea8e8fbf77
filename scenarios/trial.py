"""One trial: a customer and an agent talk until one hangs up or a limit is reached.

Tools answer from the cassette. The result is the same Conversation type that ingest yields, with the way it ended and
how each call was answered. Of the outcomes only `user_stop` and `agent_stop` can pass; `simulator_error` and
`infrastructure_error` say nothing of the agent and are left out of pass^k.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from conversation.errors import UsageError
from conversation.model import Agent as AgentName
from conversation.model import Conversation
from scenarios.agents.protocol import (
    Agent,
    AgentError,
    AgentMessage,
    InfrastructureError,
    Session,
    Task,
    ToolError,
)
from scenarios.cassette import EXACT, Cassette, CassetteMissError, Miss, Rung
from scenarios.clock import TrialClock
from scenarios.spec import Json, Scenario
from scenarios.transcript import Transcript, tool_schemas
from scenarios.users import Customer, Line, SimulatorError


class Outcome(StrEnum):
    """How a trial ended."""

    USER_STOP = "user_stop"
    AGENT_STOP = "agent_stop"
    MAX_STEPS = "max_steps"
    TIMEOUT = "timeout"
    TOO_MANY_ERRORS = "too_many_errors"
    AGENT_ERROR = "agent_error"
    SIMULATOR_ERROR = "simulator_error"
    INFRASTRUCTURE_ERROR = "infrastructure_error"
    CASSETTE_MISS = "cassette_miss"


FINISHED = frozenset({Outcome.USER_STOP, Outcome.AGENT_STOP})
NOT_COUNTED = frozenset({Outcome.SIMULATOR_ERROR, Outcome.INFRASTRUCTURE_ERROR})


@dataclass(frozen=True, slots=True)
class Played:
    """One tool call of a trial and the rung that answered it."""

    tool: str
    arguments: Mapping[str, Json]
    rung: Rung
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """What happened in one trial. `seconds` really passed; `improvised` counts customer lines beside the script."""

    scenario_id: str
    index: int
    seed: int
    outcome: Outcome
    detail: str
    conversation: Conversation
    calls: tuple[Played, ...]
    state: Mapping[str, Json]
    seconds: float
    miss: Miss | None = None
    improvised: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def loose(self) -> bool:
        """Whether any call was answered by something else than an equal recording."""
        return any(call.rung not in EXACT for call in self.calls)


class _EndedError(Exception):
    def __init__(self, outcome: Outcome, detail: str = "") -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


def run(
    scenario: Scenario,
    agent: Agent,
    customer: Customer,
    cassette: Cassette,
    *,
    now_ns: Callable[[], int],
    index: int = 0,
    seed: int = 0,
) -> Trial:
    """Run one trial to its end.

    Raises:
        UsageError: The agent cannot be reached as it is configured.
    """
    trial = _Run(scenario, agent, customer, cassette, clock=TrialClock(now_ns), seed=seed)
    ended = trial.talk()
    name = AgentName(agent.name, agent.version)
    return Trial(
        scenario_id=scenario.id,
        index=index,
        seed=seed,
        outcome=ended.outcome,
        detail=ended.detail,
        conversation=trial.transcript.conversation(f"{scenario.id}#{index}", name),
        calls=tuple(trial.played),
        state=cassette.store.state,
        seconds=trial.clock.real_seconds(),
        miss=trial.miss,
        improvised=trial.improvised,
        input_tokens=trial.tokens[0],
        output_tokens=trial.tokens[1],
    )


class _Run:
    """The state of a running trial."""

    def __init__(
        self,
        scenario: Scenario,
        agent: Agent,
        customer: Customer,
        cassette: Cassette,
        *,
        clock: TrialClock,
        seed: int,
    ) -> None:
        self.scenario, self.agent, self.customer, self.cassette, self.clock = scenario, agent, customer, cassette, clock
        self.transcript = Transcript(scenario, clock)
        self.played: list[Played] = []
        self.miss: Miss | None = None
        self.ended: _EndedError | None = None
        self.improvised, self.steps, self.errors = 0, 0, 0
        self.tokens = (0, 0)
        self.over = False
        self.task = Task(scenario.id, scenario.instructions, tool_schemas(scenario), scenario.reference_time, seed)

    def talk(self) -> _EndedError:
        """The whole conversation; how it ended."""
        try:
            session = self._bounded(lambda: self.agent.start(self.task))
            if self.scenario.user.greeting:
                self.transcript.said("assistant", self.scenario.user.greeting)
            for _ in range(self.scenario.limits.turns):
                line = self.customer.next(self.transcript.chat)
                if line is None:
                    return _EndedError(Outcome.USER_STOP)
                self._say(line)
                self._reply(session)
            # The script may end exactly at the limit.
            if self.customer.next(self.transcript.chat) is None:
                return _EndedError(Outcome.USER_STOP)
            return _EndedError(Outcome.MAX_STEPS, f"still talking after {self.scenario.limits.turns} turns")
        except _EndedError as ended:
            return ended
        except CassetteMissError as error:
            return _EndedError(Outcome.CASSETTE_MISS, str(error))
        except SimulatorError as error:
            return _EndedError(Outcome.SIMULATOR_ERROR, str(error))
        except InfrastructureError as error:
            return _EndedError(Outcome.INFRASTRUCTURE_ERROR, str(error))
        except AgentError as error:
            return _EndedError(Outcome.AGENT_ERROR, str(error))
        finally:
            self.over = True

    def _say(self, line: Line) -> None:
        self.improvised += not line.scripted
        for use in line.calls:
            self.cassette.play(use.tool, use.arguments)
        self.transcript.said("user", line.text)

    def _reply(self, session: Session) -> None:
        """The agent's messages and calls up to its next words."""
        while True:
            self._count_step()
            message = self._bounded(lambda: session.respond(list(self.transcript.chat), self._call_tool))
            if self.miss is not None:
                raise CassetteMissError(self.miss)
            if self.ended is not None:
                raise self.ended
            self.clock.skip(message.seconds)
            self.tokens = (self.tokens[0] + message.input_tokens, self.tokens[1] + message.output_tokens)
            self._take(message)
            if message.end:
                raise _EndedError(Outcome.AGENT_STOP)
            if not message.calls:
                return

    def _take(self, message: AgentMessage) -> None:
        if not message.calls:
            if message.text:
                self.transcript.said("assistant", message.text)
            return
        calls = [(call.name, call.arguments) for call in message.calls]
        ids = self.transcript.called(message.text, calls)
        for call_id, (name, arguments) in zip(ids, calls, strict=True):
            self._play(call_id, name, arguments)
        self._check_errors()

    def _call_tool(self, name: str, arguments: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """`call_tool` as callables get it."""
        if self.over:
            raise ToolError("the trial is over")
        self._count_step()
        given = {**(arguments or {}), **named}
        [call_id] = self.transcript.called("", [(name, given)])
        error, result = self._play(call_id, name, given)
        self._check_errors()
        if error is not None:
            raise ToolError(error)
        return result

    def _play(self, call_id: str, name: str, arguments: Mapping[str, Json]) -> tuple[str | None, Json]:
        try:
            answer = self.cassette.play(name, arguments)
        except CassetteMissError as error:
            # Kept, so that an agent which swallows every exception cannot hide it.
            self.miss = self.miss or error.miss
            self.played.append(Played(name, dict(arguments), Rung.MISS))
            raise
        self.clock.skip(answer.seconds)
        self.transcript.answered(call_id, name, answer)
        self.played.append(Played(name, dict(arguments), answer.rung, answer.error))
        self.errors += answer.error is not None
        return answer.error, answer.result

    def _count_step(self) -> None:
        self.steps += 1
        if self.steps > self.scenario.limits.steps:
            self._cut(Outcome.MAX_STEPS, f"more than {self.scenario.limits.steps} messages and calls")

    def _check_errors(self) -> None:
        if self.errors >= self.scenario.limits.tool_errors:
            self._cut(Outcome.TOO_MANY_ERRORS, f"{self.errors} tool calls failed")

    def _cut(self, outcome: Outcome, detail: str) -> NoReturn:
        """End the trial here; kept, so that an agent which swallows every exception cannot go on."""
        self.ended = self.ended or _EndedError(outcome, detail)
        raise self.ended

    def _bounded(self, work: Callable[[], Any]) -> Any:
        """Do the agent's work in a thread of its own, so that one that hangs cannot hang the run."""
        left = self.scenario.limits.seconds - self.clock.real_seconds()
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        context = contextvars.copy_context()

        def attempt() -> None:
            try:
                answers.put((context.run(work), None))
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
                answers.put((None, error))

        threading.Thread(target=attempt, name="floorline-agent", daemon=True).start()
        try:
            value, error = answers.get(timeout=max(0.0, left))
        except queue.Empty:
            limit = self.scenario.limits.seconds
            raise _EndedError(Outcome.TIMEOUT, f"no answer within {limit:g} s") from None
        if error is not None:
            self._raise(error)
        return value

    def _raise(self, error: BaseException) -> None:
        if self.miss is not None:
            raise CassetteMissError(self.miss)
        if self.ended is not None:
            raise self.ended
        if isinstance(error, _EndedError | InfrastructureError | AgentError | UsageError):
            raise error
        raise AgentError(f"agent {self.agent.name} raised {type(error).__name__}: {error}") from error
