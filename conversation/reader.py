"""Reads a span by every convention that recognises it, field by field: the first family that yields a field gives it.

The order is that of specificity: families with marks of their own before plain `gen_ai.*`, which also reads whatever
no family recognises.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversation.convention import Convention
from conversation.conventions.agent_framework import AgentFramework
from conversation.conventions.gen_ai import GenAi
from conversation.conventions.google_adk import GoogleAdk
from conversation.conventions.langchain import LangChain
from conversation.conventions.langfuse import Langfuse
from conversation.conventions.langsmith import LangSmith
from conversation.conventions.litellm import LiteLlm
from conversation.conventions.livekit import LiveKit
from conversation.conventions.mlflow import Mlflow
from conversation.conventions.openai_agents import OpenAiAgents
from conversation.conventions.openinference import OpenInference
from conversation.conventions.openlit import OpenLit
from conversation.conventions.openllmetry import OpenLlmetry
from conversation.conventions.pipecat import Pipecat
from conversation.conventions.pydantic_ai import PydanticAi
from conversation.conventions.strands import Strands
from conversation.conventions.vercel import Vercel
from conversation.facts import Facts, Source, first_of

FALLBACK: Convention = GenAi()
CONVENTIONS: tuple[Convention, ...] = (
    Langfuse(),
    LangChain(),
    OpenAiAgents(),
    OpenInference(),
    LangSmith(),
    Mlflow(),
    Vercel(),
    LiteLlm(),
    OpenLlmetry(),
    PydanticAi(),
    Strands(),
    GoogleAdk(),
    LiveKit(),
    Pipecat(),
    OpenLit(),
    AgentFramework(),
    FALLBACK,
)
# What a convention may trip over in malformed content; anything else is a fault of ours and must be seen.
_ODD_CONTENT = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Reading:
    """The facts of a span, the families that recognised it (best first) and remarks on what could not be read."""

    facts: Facts
    families: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read(source: Source) -> Reading:
    """The facts of one span; never raises on odd content."""
    recognised = [convention for convention in CONVENTIONS if convention.recognises(source)]
    notes: list[str] = []
    readings: list[Facts] = []
    for convention in recognised or [FALLBACK]:
        try:
            readings.append(convention.read(source))
        except _ODD_CONTENT as error:
            notes.append(f"span {source.span.span_id}: {convention.name} content could not be read ({error})")
    return Reading(first_of(readings), tuple(convention.name for convention in recognised), tuple(notes))
