"""The judge: a language model's opinion on policy clauses that rules cannot decide. See `scoring.judge`.

Unlike other scorers it asks an endpoint, so it may cost money and may be away. Every end has a ledger state: answered
(scored), no clause open (not applicable), a limit reached (over budget), endpoint away or unusable answer (failed).

    - name: judge
      sample: 0.1
      time_limit_seconds: 300
      parameters:
        url: http://127.0.0.1:8000/v1
        model: my-model
        clauses:
          - {id: no_promises, text: The agent promises no refund it did not book., rule: policy.no_promises}
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from conversation.errors import UsageError
from conversation.model import JSON, Conversation
from conversation.verdict import Evidence, Score, Verdict
from scoring.judge import prompt
from scoring.judge.answer import Answer, ClauseAnswer, JudgeAnswerError, read, schema
from scoring.judge.injection import addresses_judge
from scoring.judge.memory import Memory
from scoring.judge.rubric import Clause, open_clauses
from scoring.ledger import NotApplicableError, OverBudgetError
from scoring.llm import Endpoint, LlmAwayError, Reply, ask
from scoring.protocol import Context, Parameters


class JudgeParameters(Parameters):
    """How to judge. Without `model` the judge is off.

    Attributes:
        url: Base URL of an OpenAI-compatible endpoint; empty: the provider that litellm knows by the model's name.
        model: The model.
        api_key_file: File that holds the key; empty where none is needed.
        clauses: The rubric.
        always: Judge also what rules have decided.
        most_concurrent: Questions at one time in this process.
        most_characters: Longest transcript to judge.
        most_calls: Questions about one conversation, the repair included.
        calls_per_day: Questions a UTC day.
        usd_per_day: US dollars a UTC day; needs both prices.
        usd_per_million_input: Price of input tokens.
        usd_per_million_output: Price of output tokens.
        most_output_tokens: Most tokens of one answer.
        timeout_seconds: Longest wait for one answer.
        retries: Further tries within one question when the endpoint is away.
        memory: SQLite file of cached answers and spending; `:memory:` forgets them at the end of the process.
    """

    url: str = ""
    model: str = ""
    api_key_file: str = ""
    clauses: tuple[Clause, ...] = ()
    always: bool = False
    most_concurrent: Annotated[int, Field(ge=1, le=64)] = 4
    most_characters: Annotated[int, Field(ge=1)] = 100_000
    most_calls: Annotated[int, Field(ge=1, le=2)] = 2
    calls_per_day: Annotated[int, Field(ge=0)] | None = 1000
    usd_per_day: Annotated[float, Field(ge=0)] | None = None
    usd_per_million_input: Annotated[float, Field(ge=0)] | None = None
    usd_per_million_output: Annotated[float, Field(ge=0)] | None = None
    most_output_tokens: Annotated[int, Field(ge=16)] = 2000
    timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    memory: str = ":memory:"

    @model_validator(mode="after")
    def _prices(self) -> JudgeParameters:
        if self.usd_per_day is not None and None in {self.usd_per_million_input, self.usd_per_million_output}:
            raise ValueError("usd_per_day needs usd_per_million_input and usd_per_million_output")
        if self.model and not self.clauses:
            raise ValueError("a judge with a model needs clauses")
        if len({clause.id for clause in self.clauses}) < len(self.clauses):
            raise ValueError("two clauses have one id")
        return self


@dataclass(frozen=True, slots=True)
class Usage:
    """What the judge of this process has taken since it started, for metrics."""

    calls: int = 0
    cached: int = 0
    repairs: int = 0
    away: int = 0
    unusable: int = 0
    over_budget: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class JudgeScorer:
    """One score a clause, `judge.<clause>`. `fingerprint` changes with all that could change an answer."""

    name: ClassVar[str] = "judge"
    version: ClassVar[str] = "1"
    parameters_type: ClassVar[type[Parameters]] = JudgeParameters

    def __init__(self, parameters: JudgeParameters, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._parameters = parameters
        self._now_ns = now_ns
        self._endpoint = Endpoint(
            url=parameters.url,
            model=parameters.model,
            api_key=_key(parameters.api_key_file),
            timeout_seconds=parameters.timeout_seconds,
            retries=parameters.retries,
            usd_per_million_input=parameters.usd_per_million_input,
            usd_per_million_output=parameters.usd_per_million_output,
        )
        self._memory = Memory(parameters.memory)
        self._slots = threading.BoundedSemaphore(parameters.most_concurrent)
        self._counting = threading.Lock()
        self._usage: dict[str, float] = dict.fromkeys(Usage.__dataclass_fields__, 0)
        rubric = [clause.model_dump(mode="json") for clause in parameters.clauses]
        told = [prompt.VERSION, parameters.url, parameters.model, rubric, parameters.most_output_tokens]
        self.fingerprint = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]

    @property
    def usage(self) -> Usage:
        """What this process's judge has taken so far."""
        with self._counting:
            counted = dict(self._usage)
        cost = counted.pop("cost_usd")
        return Usage(**{name: int(value) for name, value in counted.items()}, cost_usd=cost)

    def score(self, conversation: Conversation, context: Context) -> Iterable[Score]:
        """Opinions on the open clauses.

        Raises:
            NotApplicableError: No model is configured, or no clause is open.
            OverBudgetError: The transcript is too long, or the day's budget is spent.
            LlmAwayError: The endpoint is away.
            LlmRefusedError: The endpoint refused the question.
            JudgeAnswerError: The answer could not be used, also after one repair.
        """
        chosen = self._parameters
        if not chosen.model:
            raise NotApplicableError("no judge is configured")
        clauses = open_clauses(chosen.clauses, context.scores, always=chosen.always)
        if not clauses:
            raise NotApplicableError("rules decided every clause")
        data = prompt.transcript(conversation)
        if len(data) > chosen.most_characters:
            self._over(f"transcript of {len(data)} characters, at most {chosen.most_characters}")
        ids = {prompt.message_id(message.position) for message in conversation.messages}
        asked = prompt.messages(data, clauses, context.policy_text, conversation.id)
        key = hashlib.sha256(f"{self.fingerprint}\n{json.dumps(asked)}".encode()).hexdigest()
        cached = self._memory.answer(key)
        if cached is not None:
            self._count(cached=1)
            answer, cost = read(cached, [clause.id for clause in clauses], ids), _Cost(cached=True)
        else:
            answer, cost = self._answered(asked, clauses, ids)
            self._memory.remember(key, self.fingerprint, answer.model_dump_json())
        swayed = addresses_judge(conversation)
        return [self._scored(clause, swayed, cost) for clause in answer.clauses]

    def _answered(
        self, asked: list[dict[str, str]], clauses: tuple[Clause, ...], message_ids: set[str]
    ) -> tuple[Answer, _Cost]:
        """A usable answer, after at most one repair."""
        names = [clause.id for clause in clauses]
        cost = _Cost()
        reply = self._asked(asked, names, message_ids, cost)
        try:
            return read(reply.text, names, message_ids), cost
        except JudgeAnswerError as problem:
            if self._parameters.most_calls < 2:  # noqa: PLR2004 - the question and its repair
                self._count(unusable=1)
                raise
            again = prompt.repair(asked, reply.text, str(problem))
        self._count(repairs=1)
        reply = self._asked(again, names, message_ids, cost)
        try:
            return read(reply.text, names, message_ids), cost
        except JudgeAnswerError:
            self._count(unusable=1)
            raise

    def _asked(self, messages: list[dict[str, str]], names: list[str], message_ids: set[str], cost: _Cost) -> Reply:
        """One question within the budget, counted."""
        chosen, now = self._parameters, self._now_ns()
        if chosen.usd_per_day is not None and self._memory.spending(now).usd >= chosen.usd_per_day:
            self._over(f"{chosen.usd_per_day:g} USD a day are spent")
        if not self._memory.reserve(now, chosen.calls_per_day):
            self._over(f"{chosen.calls_per_day} questions a day are asked")
        self._count(calls=1)
        try:
            with self._slots:
                reply = ask(self._endpoint, messages, schema(names, message_ids), chosen.most_output_tokens)
        except LlmAwayError:
            self._count(away=1)
            raise
        cost.add(reply)
        usd = reply.cost_usd or 0.0
        self._memory.spend(now, tokens=reply.input_tokens + reply.output_tokens, usd=usd)
        self._count(input_tokens=reply.input_tokens, output_tokens=reply.output_tokens, cost_usd=usd)
        return reply

    def _scored(self, clause: ClauseAnswer, swayed: int | None, cost: _Cost) -> Score:
        verdict, text = clause.as_verdict, clause.reason
        if swayed is not None and verdict is Verdict.PASS:
            verdict = Verdict.INCONCLUSIVE
            text = f"message {swayed} speaks to the judge, so its pass is not believed; it said: {text}"
        places = tuple(Evidence("message", message=int(item[1:])) for item in clause.evidence)
        value = {Verdict.PASS: 1.0, Verdict.FAIL: 0.0}.get(verdict)
        return Score(
            f"{self.name}.{clause.id}", verdict, value, verdict.value, text, source=cost.to_json(), evidence=places
        )

    def _over(self, cause: str) -> None:
        self._count(over_budget=1)
        raise OverBudgetError(cause)

    def _count(self, **more: float) -> None:
        with self._counting:
            for name, value in more.items():
                self._usage[name] += value


@dataclass(slots=True)
class _Cost:
    """What one conversation's answer took."""

    cached: bool = False
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None

    def add(self, reply: Reply) -> None:
        self.calls += 1
        self.input_tokens += reply.input_tokens
        self.output_tokens += reply.output_tokens
        if reply.cost_usd is not None:
            self.usd = (self.usd or 0.0) + reply.cost_usd

    def to_json(self) -> dict[str, JSON]:
        return {
            "kind": "judge",
            "cached": self.cached,
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": self.usd,
        }


def _key(path: str) -> str:
    """The API key in a file; a placeholder where none is needed."""
    if not path:
        return "none"
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"judge: cannot read api_key_file: {error}") from error
