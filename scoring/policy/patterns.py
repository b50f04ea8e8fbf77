"""Event patterns of a policy, compiled: which events of a conversation they hit, and under which key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from scoring.policy.events import Event, EventLog
from scoring.policy.expression import EvaluationError, Language, Predicate
from scoring.policy.hits import ANYTHING, Hit, Sureness
from scoring.policy.paths import MissingPathError, Path, key_of
from scoring.policy.scope import KnownFact, Scope, UnknownFactError
from scoring.policy.statements import ANY, Says, compile_phrases
from scoring.policy.template_specs import EventPattern


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled event pattern. `key` is None where the rule binds nothing."""

    spec: EventPattern
    says: Says | None
    unless: Says | None
    where: Predicate | None
    key: Path | Predicate | None
    known: Mapping[str, KnownFact]

    @classmethod
    def of(
        cls,
        spec: EventPattern,
        by: str | None,
        language: Language,
        known: Mapping[str, KnownFact],
        phrases: Mapping[str, tuple[str, ...]],
    ) -> Pattern:
        """Compile.

        Raises:
            ValueError: A phrase, path or predicate that cannot be used.
        """
        said = spec.user or spec.reply
        return cls(
            spec,
            compile_phrases(said, phrases) if said else None,
            compile_phrases(spec.unless, phrases) if spec.unless else None,
            language.compile(spec.where) if spec.where else None,
            _key(spec.key or (by if spec.tool else None), language),
            known,
        )

    def hits(self, log: EventLog, scope: Scope, *, bound: bool) -> list[Hit]:
        """The hits in order. `bound`: the rule ties events by key, so a message without a key goes with all."""
        found = (self._hit(event, scope, bound=bound) for event in self._candidates(log))
        return [hit for hit in found if hit is not None]

    def _candidates(self, log: EventLog) -> Iterable[Event]:
        if self.spec.user:
            return log.users
        if self.spec.reply:
            return log.replies
        if ANY in self.spec.tool:
            return log.calls
        if len(self.spec.tool) == 1:
            return log.by_tool.get(self.spec.tool[0], ())
        found = [event for tool in dict.fromkeys(self.spec.tool) for event in log.by_tool.get(tool, ())]
        return sorted(found, key=lambda event: event.index)

    def _hit(self, event: Event, scope: Scope, *, bound: bool) -> Hit | None:
        if event.call is not None:
            if self.spec.status != "any" and event.accepted != (self.spec.status == "accepted"):
                return None
        elif (self.says and not self.says(event.text)) or (self.unless and self.unless(event.text)):
            return None
        sureness, note = Sureness.SURE, ""
        if self.where is not None:
            true, sureness, note = scope.judge(self.where, event, self.known)
            if sureness is Sureness.SURE and not true:
                return None
        if not bound:
            return Hit(event, None, sureness, note)
        try:
            return Hit(event, self._key_of(event, scope), sureness, note)
        except UnknownFactError as error:
            return Hit(event, ANYTHING, Sureness.UNKNOWN, str(error))
        except (MissingPathError, EvaluationError) as error:
            return Hit(event, ANYTHING, Sureness.ERROR, str(error))

    def _key_of(self, event: Event, scope: Scope) -> Hashable:
        if self.key is None:
            return ANYTHING
        if isinstance(self.key, Path):
            call = event.call
            roots = {"args": call.arguments, "result": call.result} if call else {}
            return key_of(self.key.of({**roots, "text": event.text}))
        return key_of(self.key.eval_value(scope.values(self.key.names_used(), event, self.known)))


def _key(text: str | None, language: Language) -> Path | Predicate | None:
    if text is None:
        return None
    return language.compile(text[1:], boolean=False) if text.startswith("=") else Path.parse(text)
