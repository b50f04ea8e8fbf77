"""The scenario format, version 1: one failing conversation as a test that anybody can read and run again.

A scenario holds what a trial needs and nothing of the agent under test: the customer's words and facts, the tools with
their recorded results, the scorecard that judges, and what went wrong when it was recorded. Unknown keys are refused.
`scenarios.scenario_file` reads and writes it as YAML.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

Json = Any
Name = Annotated[str, Field(min_length=1)]


class Spec(BaseModel):
    """Base of all parts: frozen, no unknown keys, no silent conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Origin(Spec):
    """The conversation a scenario was promoted from."""

    conversation: Name
    project: str = "default"
    agent: str = ""
    version: str = ""
    revision: int = 1
    scorecard_version: str = ""


class Witness(Spec):
    """One piece of evidence, with positions in the original conversation."""

    kind: Name
    text: str = ""
    message: int | None = None
    path: str | None = None


class Failure(Spec):
    """A score that was red when the scenario was recorded, and where.

    `turn` counts turns from 0; `call` counts the calls of `tool` from 1; `argument` is a JSON pointer into the call's
    arguments.
    """

    scorer: Name
    label: str = ""
    turn: int | None = None
    tool: str | None = None
    call: int | None = None
    argument: str | None = None
    value: Json = None
    explanation: str = ""
    evidence: list[Witness] = []


class Reproduction(Spec):
    """What replaying the recorded agent against this file showed."""

    status: Literal["reproduced", "not_reproduced", "not_tried"] = "not_tried"
    reason: str = ""


class ToolUse(Spec):
    """A call of a tool by name."""

    tool: Name
    arguments: dict[str, Json] = {}


class UserTurn(Spec):
    """What the customer says, and what they do on their own devices (`calls`) just before saying it."""

    say: Name
    calls: list[ToolUse] = []


class User(Spec):
    """The customer: a script, and a fact sheet for the moments a script cannot foresee.

    `known` facts may be said at any time, `reveal_when_asked` only in answer to a question, `unknown` names what the
    customer cannot tell. `greeting` is what the agent's side says before the customer's first words.
    """

    turns: list[UserTurn] = []
    greeting: str | None = None
    goal: str | None = None
    persona: str | None = None
    known: dict[str, Json] = {}
    reveal_when_asked: dict[str, Json] = {}
    unknown: list[str] = []
    confirm: str = "Yes, please go ahead."

    @model_validator(mode="after")
    def _has_words(self) -> User:
        if not self.turns and not self.goal:
            raise ValueError("give the customer `turns` to say, or a `goal` for a simulated customer")
        return self


class Tool(Spec):
    """A tool the agent may call; `parameters` is JSON Schema. `kind` decides how loosely recordings may match."""

    name: Name
    description: str = ""
    parameters: dict[str, Json] | None = None
    kind: Literal["read", "write"] = "write"
    side: Literal["agent", "user"] = "agent"


class Recording(Spec):
    """One recorded call with what it returned: `result` or `error`, after `seconds`."""

    tool: Name
    arguments: dict[str, Json] = {}
    result: Json = None
    error: str | None = None
    seconds: float = 0.0


class Matching(Spec):
    """How loosely reads may match their recordings; writes always need equal arguments.

    `keys`: for a tool, the arguments that must be equal (rung `subset`). `normalized`: equal but for case, spaces,
    number and date form. `nearest`: the closest recording of the tool, off unless asked for.
    """

    keys: dict[str, list[str]] = {}
    normalized: bool = True
    nearest: bool = False


class WorldTool(Spec):
    """A tool answered from state: `$name` stands for an argument in paths and values.

    `read` is a path such as `orders/$order_id`; the result is what stands there unless `result` says otherwise.
    `write` maps paths to values. `missing` is the error when a path of `read` or `requires` is not there.
    """

    tool: Name
    read: str | None = None
    requires: list[str] = []
    write: dict[str, Json] = {}
    result: Json = None
    missing: str = "not found"


class World(Spec):
    """A small model of the systems behind the tools: a nested store and what each tool reads and writes."""

    state: dict[str, Json] = {}
    tools: list[WorldTool] = []


class CallExpectation(Spec):
    """Calls of a tool that must, or must not, happen.

    `arguments` None means any arguments. `compare` limits the comparison to the named arguments; without it all
    arguments count, so that an omitted or an extra argument is a difference.
    """

    tool: Name
    arguments: dict[str, Json] | None = None
    compare: list[str] | None = None
    at_least: int = 1
    at_most: int | None = None


class Statement(Spec):
    """Words in the agent's replies: a text (case and spacing do not count) or a regular expression."""

    text: str | None = None
    pattern: str | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Statement:
        if (self.text is None) == (self.pattern is None):
            raise ValueError("give either `text` or `pattern`")
        return self


class Expectations(Spec):
    """What a trial must and must not contain, beside what the scorecard says. `state` is a part of the final world."""

    calls: list[CallExpectation] = []
    forbidden_calls: list[CallExpectation] = []
    statements: list[Statement] = []
    forbidden_statements: list[Statement] = []
    state: dict[str, Json] = {}


class Limits(Spec):
    """When a trial is cut off."""

    turns: Annotated[int, Field(ge=1)] = 40
    steps: Annotated[int, Field(ge=1)] = 200
    seconds: Annotated[float, Field(gt=0)] = 300.0
    tool_errors: Annotated[int, Field(ge=1)] = 10


class Step(Spec):
    """One message of the recorded agent; `after` is how many customer messages came before it."""

    after: int
    say: str = ""
    calls: list[ToolUse] = []
    seconds: float = 0.0


class Scenario(Spec):
    """One scenario.

    `expected_failures` were red on the recorded agent; a trial passes when none of them, and nothing else that counts,
    is red. Scores whose name matches a glob of `ignore_scorers` do not count. `scorecard` and `policy` are files
    relative to this one; without them the run's own scorecard judges.
    """

    format: Literal[1]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=120)]
    title: str = ""
    tags: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]] = []
    origin: Origin | None = None
    expected_failures: list[Failure] = []
    reproduction: Reproduction = Reproduction()
    scorecard: str | None = None
    policy: str | None = None
    ignore_scorers: list[str] = []
    reference_time: str | None = None
    domain: str | None = None
    instructions: str | None = None
    user: User
    expectations: Expectations = Expectations()
    matching: Matching = Matching()
    limits: Limits = Limits()
    tools: list[Tool] = []
    world: World | None = None
    recordings: list[Recording] = []
    recorded_agent: list[Step] = []
    _file: Path | None = PrivateAttr(default=None)

    @field_validator("tools")
    @classmethod
    def _names_once(cls, tools: list[Tool]) -> list[Tool]:
        names = [tool.name for tool in tools]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"tools named more than once: {', '.join(twice)}")
        return tools

    @property
    def file(self) -> Path | None:
        """The file it was read from, if it was."""
        return self._file

    def beside(self, name: str) -> Path:
        """A path that the file gives relative to itself."""
        return self._file.parent / name if self._file else Path(name)

    def from_file(self, path: Path) -> Scenario:
        """The same scenario, remembering its file."""
        copy = self.model_copy()
        copy._file = path  # noqa: SLF001 - its own class
        return copy

    def tool(self, name: str) -> Tool | None:
        """The tool of that name."""
        return next((tool for tool in self.tools if tool.name == name), None)
