"""The temporal templates as a user writes them. Each field of `TemplateFields` is one template."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _as_event(value: object) -> object:
    return {"tool": value} if isinstance(value, str) else value


def _as_pairs(value: object) -> object:
    return {path: path for path in value} if isinstance(value, list | tuple) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Positive = Annotated[int, Field(ge=1)]


class Strict(BaseModel):
    """Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventPattern(Strict):
    """Which events: exactly one of `tool`, `user` and `reply`. A bare text means `tool`.

    Attributes:
        tool: Names of tools, `*` for any.
        user: Phrases of which the customer's message has one, `*` for any message. `/…/` is a regular expression;
            any other phrase is compared word by word, case and punctuation aside; `$name` is a list of the file.
        reply: The same for the agent's messages.
        unless: Phrases that must not occur in the message.
        where: CEL over the event: `args`, `result`, `error`, `text`, `tool`, `turn`, `batch`, `now`,
            `customer_text`, `agent_text`, tables of facts, and names under `known`.
        status: Whether the tool accepted the call.
        key: Path of this event's key where it differs from the rule's `by`; or CEL after `=`.
    """

    tool: Names = ()
    user: Names = ()
    reply: Names = ()
    unless: Names = ()
    where: str | None = None
    status: Annotated[str, Field(pattern="^(accepted|rejected|any)$")] = "accepted"
    key: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> EventPattern:
        if sum(bool(kind) for kind in (self.tool, self.user, self.reply)) != 1:
            raise ValueError("give exactly one of tool, user and reply")
        if self.unless and self.tool:
            raise ValueError("unless is for messages; use where for calls")
        return self


EventSpec = Annotated[EventPattern, BeforeValidator(_as_event)]


class Each(Strict):
    """Every `event` satisfies `must` (CEL)."""

    event: EventSpec
    must: str


class Absence(Strict):
    """No `event` occurs."""

    event: EventSpec


class Existence(Strict):
    """At least `min` and at most `max` events occur."""

    event: EventSpec
    min: Annotated[int, Field(ge=0)] = 1
    max: Annotated[int, Field(ge=0)] | None = None


class Precedence(Strict):
    """An event `require` comes before each event `before`."""

    require: EventSpec
    before: EventSpec


class Response(Strict):
    """After each event `after` comes an event `require`."""

    after: EventSpec
    require: EventSpec


class NotAfter(Strict):
    """No event `forbid` comes after an event `after`."""

    forbid: EventSpec
    after: EventSpec


class NotBetween(Strict):
    """No event `forbid` comes after an event `start` and before the next event `end`."""

    forbid: EventSpec
    start: EventSpec
    end: EventSpec


class Within(Strict):
    """After each event `after` comes an event `require` within so many seconds or turns."""

    after: EventSpec
    require: EventSpec
    seconds: Annotated[float, Field(gt=0)] | None = None
    turns: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Within:
        if (self.seconds is None) == (self.turns is None):
            raise ValueError("give either seconds or turns")
        return self


class SameArgument(Strict):
    """Each event `then` agrees with the latest event `first` before it.

    `compare` maps a path of `first` to a path of `then`; a list of paths compares the same path of both.
    """

    first: EventSpec
    then: EventSpec
    compare: Annotated[dict[str, str], BeforeValidator(_as_pairs), Field(min_length=1)]


class AtMost(Strict):
    """No more than `times` events."""

    event: EventSpec
    times: Positive


class First(Strict):
    """The first event `among` is an `event`; left out, `among` is any tool call."""

    event: EventSpec
    among: EventSpec = EventPattern(tool=("*",), status="any")


class Last(Strict):
    """The last event `among` is an `event`; left out, `among` is any tool call."""

    event: EventSpec
    among: EventSpec = EventPattern(tool=("*",), status="any")


class ConfirmedBefore(Strict):
    """The customer says yes, explicitly, to listed details before each `event`.

    Attributes:
        event: What needs the yes.
        details: Paths of values that the agent must have named before the yes. Empty: any value of the arguments.
        ask: Phrases that ask for the yes beside the built-in ones.
    """

    event: EventSpec
    details: Names = ()
    ask: Names = ()


class RefusalRequired(Strict):
    """A `request` must be refused: no `forbid` event after it, and a reply that says no.

    Attributes:
        request: What the customer asks, or the event that shows it must be refused.
        forbid: What must not happen.
        says: Phrases of a refusal instead of the built-in ones.
    """

    request: EventSpec
    forbid: EventSpec
    says: Names = ()


class RefusalWrong(Strict):
    """A `request` that is `allowed` must not be refused: a refusal without `done` fails.

    Attributes:
        request: What the customer asks.
        allowed: The event that shows it is allowed, before or after the request.
        done: What fulfils the request.
        says: Phrases of a refusal instead of the built-in ones.
        refused: An event that is a refusal too, such as a transfer.
    """

    request: EventSpec
    allowed: EventSpec
    done: EventSpec
    says: Names = ()
    refused: EventSpec | None = None


class TemplateFields(BaseModel):
    """One field a template."""

    each: Each | None = None
    absence: Absence | None = None
    existence: Existence | None = None
    precedence: Precedence | None = None
    response: Response | None = None
    not_after: NotAfter | None = None
    not_between: NotBetween | None = None
    within: Within | None = None
    same_argument: SameArgument | None = None
    at_most: AtMost | None = None
    first: First | None = None
    last: Last | None = None
    confirmed_before: ConfirmedBefore | None = None
    refusal_required: RefusalRequired | None = None
    refusal_wrong: RefusalWrong | None = None

    @model_validator(mode="after")
    def _one_template(self) -> TemplateFields:
        given = [name for name in TEMPLATE_FIELDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a rule has exactly one template, this has {', '.join(given) or 'none'}")
        return self


TEMPLATE_FIELDS = tuple(TemplateFields.model_fields)
