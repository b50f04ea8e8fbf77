"""Names a turn by readable rules: `turn_types.yaml`, or an operator's own file of the same form.

Rules are tried in order, the first whose conditions all hold names the turn. The definition of the built-in types, the
labelled set behind them and its accuracy are in `tests/conversation/turn_types/GUIDE.md`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from conversation.errors import UsageError
from conversation.model import ToolCall
from conversation.wording import Wording
from conversation.yaml_lines import line_of

Place = tuple[int | str, ...]


class RuleSpec(BaseModel):
    """One rule of the file. Patterns are regular expressions, case is ignored, any of a list is enough.

    Attributes:
        type: The type it gives.
        name: The rule's name, kept as `Turn.type_rule`.
        why: What it is for.
        tool_executed: Whether a tool must (or must not) have been executed.
        tools: Names of tools of which one must have been executed.
        reply: Patterns of which one must occur in the reply.
        not_reply: Patterns of which none may occur in the reply.
        user: Patterns of which one must occur in the customer's message.
        no_reply: Whether the reply must be missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(min_length=1)
    name: str = ""
    why: str = ""
    tool_executed: bool | None = None
    tools: tuple[str, ...] = ()
    reply: tuple[str, ...] = ()
    not_reply: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    no_reply: bool | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ignore: tuple[str, ...] = ()
    rules: tuple[RuleSpec, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class _Rule:
    spec: RuleSpec
    reply: Wording | None
    not_reply: Wording | None
    user: Wording | None

    def holds(self, user: str, reply: _Heard, executed: Sequence[str]) -> bool:
        spec = self.spec
        if spec.tool_executed is not None and spec.tool_executed is not bool(executed):
            return False
        if spec.tools and not set(spec.tools) & set(executed):
            return False
        if spec.no_reply is not None and spec.no_reply is bool(reply.text):
            return False
        if self.reply and not self.reply.occurs(reply.text):
            return False
        if self.not_reply and self.not_reply.occurs(reply.text):
            return False
        return not self.user or self.user.occurs(user)


class _Heard:
    """A reply as rules see it, prepared when the first of them looks at it."""

    def __init__(self, reply: str, ignore: Wording | None) -> None:
        self._reply = reply
        self._ignore = ignore

    @cached_property
    def text(self) -> str:
        plain = _plain(self._reply)
        return self._ignore.sub(" ", plain) if self._ignore else plain


class TurnTypes:
    """Rules that name turns.

    Args:
        rules: In the order they are tried.
        ignore: Patterns of what is cut out of a reply before any rule sees it.
        version: What tells these rules from others; kept with every turn they name.
    """

    def __init__(self, rules: Sequence[RuleSpec], ignore: Sequence[str] = (), version: str = "") -> None:
        self.version = version
        self._ignore = _pattern(ignore)
        self._rules = [
            _Rule(rule, _pattern(rule.reply), _pattern(rule.not_reply), _pattern(rule.user)) for rule in rules
        ]

    @classmethod
    def parse(cls, text: str, where: str = "turn types") -> TurnTypes:
        """Rules out of YAML text.

        Raises:
            UsageError: The text is no such file; the message names every problem with `where` and its line.
        """
        try:
            document = _File.model_validate(yaml.safe_load(text))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise UsageError(f"{where}:{line}: not YAML: {error.problem}") from error
        except yaml.YAMLError as error:
            raise UsageError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
        except ValidationError as error:
            problems = [(item["loc"], item["msg"]) for item in error.errors()]
            raise UsageError(_told(where, text, problems)) from error
        if broken := list(_broken(document)):
            raise UsageError(_told(where, text, broken))
        return cls(document.rules, document.ignore, hashlib.sha256(text.encode()).hexdigest()[:12])

    @classmethod
    def read(cls, path: Path) -> TurnTypes:
        """Rules out of an operator's file.

        Raises:
            UsageError: As `parse`, or the file cannot be read.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise UsageError(f"cannot read the turn types {path}: {reason}") from error
        return cls.parse(text, str(path))

    @classmethod
    def built_in(cls) -> TurnTypes:
        """The shipped rules."""
        return _built_in()

    @property
    def names(self) -> tuple[str, ...]:
        """All types the rules can give, each once."""
        return tuple(dict.fromkeys(rule.spec.type for rule in self._rules))

    def name(self, *, user: str | None, reply: str | None, tool_calls: Sequence[ToolCall]) -> tuple[str, str]:
        """The type of a turn and the name of the rule that gave it.

        Args:
            user: What the customer said.
            reply: What the agent answered last.
            tool_calls: Tool calls of the turn.
        """
        executed = [call.name for call in tool_calls if call.executed]
        heard = _Heard(reply or "", self._ignore)
        for rule in self._rules:
            if rule.holds(user or "", heard, executed):
                return rule.spec.type, rule.spec.name or rule.spec.type
        last = self._rules[-1].spec
        return last.type, "no rule"


def _broken(document: _File) -> Iterator[tuple[Place, str]]:
    """Patterns that are no regular expressions, each with its place in the file."""
    lists: list[tuple[Place, tuple[str, ...]]] = [(("ignore",), document.ignore)]
    for number, rule in enumerate(document.rules):
        lists += [(("rules", number, name), getattr(rule, name)) for name in ("reply", "not_reply", "user")]
    for place, patterns in lists:
        for index, pattern in enumerate(patterns):
            try:
                re.compile(pattern)
            except re.error as error:
                yield (*place, index), f"{pattern!r} is no regular expression: {error}"


def _told(where: str, text: str, problems: Iterable[tuple[Place, str]]) -> str:
    """All problems on one line, each with its place."""
    told = [f"{where}:{line_of(text, place)}: {'.'.join(map(str, place))}: {what}" for place, what in problems]
    return "; ".join(told) + "; see conversation/turn_types.yaml for the form"


def _plain(reply: str) -> str:
    """A reply without Markdown marks and with plain apostrophes, so that rules need not know either."""
    plain = reply.replace("\u2019", "'").replace("\u2018", "'")
    for mark in "*_`#":
        plain = plain.replace(mark, "")
    return plain


def _pattern(patterns: Sequence[str]) -> Wording | None:
    return Wording("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE) if patterns else None


@cache
def _built_in() -> TurnTypes:
    text = (files("conversation") / "turn_types.yaml").read_text(encoding="utf-8")
    return TurnTypes.parse(text, "conversation/turn_types.yaml")
