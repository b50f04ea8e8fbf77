"""The policy file as a user writes it: strict, every field with its meaning. `load` turns it into a `Policy`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from scoring.policy.template_specs import TEMPLATE_FIELDS, EventSpec, Names, TemplateFields

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Outcome = Literal["pass", "fail", "not_applicable", "inconclusive", "error"]


class Strict(BaseModel):
    """Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSpec(Strict):
    """Where a rule comes from.

    Attributes:
        file: The prose.
        paragraph: Its heading or number.
        quote: Its words.
    """

    file: str
    paragraph: str = ""
    quote: str = ""


class AppliesToSpec(Strict):
    """Which conversations. All given conditions must hold.

    Attributes:
        agents: Shell patterns of agent names.
        domains: Names of domains; a conversation that names no domain is not refused by this.
        tools: All of these were offered to the agent or called by it.
        without_tools: None of these was.
    """

    agents: Names = ()
    domains: Names = ()
    tools: Names = ()
    without_tools: Names = ()


class FactSpec(Strict):
    """A table of what tools answered, for rules to look things up in.

    Attributes:
        tools: Their results fill the table; an answer replaces what was known under the same key.
        key: Path of the key (`result.order_id`, `item.sku`), or a list of paths whose values are joined by `|`.
        each: Path of a list or an object; each of its members is an `item`. None: one entry an answer.
        value: Path of what is remembered.
        keep: `last` answer or `first` answer.
    """

    tools: Annotated[Names, Field(min_length=1)]
    key: Annotated[Names, Field(min_length=1)]
    each: str | None = None
    value: str | None = None
    keep: Literal["last", "first"] = "last"


def _as_mapping(value: object) -> object:
    return {"call": value} if isinstance(value, str) else value


def _dates_as_text(value: object) -> object:
    """YAML reads bare dates as dates, where tools answer with text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _dates_as_text(member) for key, member in value.items()}
    return [_dates_as_text(member) for member in value] if isinstance(value, list) else value


class ExampleEventSpec(Strict):
    """One event of an example: what the `user` or the agent (`reply`) said, or a tool `call`.

    Attributes:
        user: Words of the customer.
        reply: Words of the agent.
        call: Name of a tool.
        args: Its arguments.
        result: Its answer.
        error: Its error, if it was refused.
        after_seconds: Seconds since the event before.
    """

    user: str | None = None
    reply: str | None = None
    call: str | None = None
    args: Annotated[dict[str, Any], BeforeValidator(_dates_as_text)] = Field(default_factory=dict)
    result: Annotated[Any, BeforeValidator(_dates_as_text)] = None
    error: str | None = None
    after_seconds: float = 1.0


class ExampleSpec(Strict):
    """A short conversation and what the rules say of it.

    Attributes:
        name: What it shows.
        now: The reference time, if rules use it.
        events: What happened.
        expect: The verdict of the rule beside which it stands, or verdicts by rule id.
    """

    name: str
    now: Annotated[str | None, BeforeValidator(_dates_as_text)] = None
    events: Annotated[tuple[Annotated[ExampleEventSpec, BeforeValidator(_as_mapping)], ...], Field(min_length=1)]
    expect: Outcome | dict[str, Outcome]


class RuleSpec(Strict, TemplateFields):
    """One rule: what it says, where that stands, and exactly one template.

    Attributes:
        id: Its name in scores: `policy.<id>`.
        says: The rule in one sentence, shown to people.
        source: Where it stands in the prose.
        severity: How bad a violation is.
        mode: `shadow` rules are evaluated and recorded and never fail a conversation.
        applies_to: Narrows the policy's own filter.
        when: The rule applies only if such an event occurred.
        by: Path of the key that ties events together: the rule holds for each key by itself.
        known: Facts about an event, by name: `order: orders[args.order_id]`; later ones may use earlier ones.
        if_unknown: The verdict where such a fact was never seen.
        examples: Conversations with the verdict this rule gives.
    """

    id: Name
    says: str
    source: SourceSpec
    severity: Literal["low", "medium", "high"] = "medium"
    mode: Literal["enforce", "shadow"] = "enforce"
    applies_to: AppliesToSpec = AppliesToSpec()
    when: EventSpec | None = None
    by: str | None = None
    known: dict[Name, str] = Field(default_factory=dict)
    if_unknown: Literal["inconclusive", "fail", "not_applicable"] = "inconclusive"
    examples: tuple[ExampleSpec, ...] = ()

    @property
    def template(self) -> str:
        """The name of its template."""
        return next(name for name in TEMPLATE_FIELDS if getattr(self, name) is not None)


class HeaderSpec(Strict):
    """Everything of a policy file but its rules.

    Attributes:
        policy: What people call it.
        applies_to: Which conversations it is for.
        timezone: Zone of times that name none.
        facts: Tables filled from tool results, by name.
        phrases: Lists of phrases that rules use as `$name`.
        examples: Conversations with expectations on several rules.
    """

    policy: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=60)]
    applies_to: AppliesToSpec = AppliesToSpec()
    timezone: str = "UTC"
    facts: dict[Name, FactSpec] = Field(default_factory=dict)
    phrases: dict[Name, Names] = Field(default_factory=dict)
    examples: tuple[ExampleSpec, ...] = ()
