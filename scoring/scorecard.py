"""Reads a scorecard: one YAML file that says which scorers grade which conversations, and how.

The version is a hash of the content: the file, the files its parameters name (policies) and the user's own Python
files. Changing a scorecard never changes stored scores: each carries the version it was given under. All problems of
a file are reported at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from pydantic import ValidationError

from conversation.errors import UsageError
from scoring import registry
from scoring.budget import DayBudget
from scoring.isolation import ProcessScorer
from scoring.policy.load import shipped
from scoring.protocol import Parameters, Scorer
from scoring.scorecard_config import DimensionConfig, ScorecardConfig, ScorerConfig
from scoring.yaml_document import Document, read

POLICY_SCORER = "policy"
POLICY_PARAMETER = "files"


@dataclass(frozen=True, slots=True)
class BoundScorer:
    """A scorer with its parameters, ready to be asked. `own_name` is what the class calls itself."""

    config: ScorerConfig
    scorer: Scorer
    own_name: str
    version: str
    budget: DayBudget

    @property
    def name(self) -> str:
        """The name in the scorecard."""
        return self.config.name


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What to grade with; `version` is `name@hash`."""

    name: str
    version: str
    scorers: tuple[BoundScorer, ...]
    dimensions: Mapping[str, DimensionConfig]

    def close(self) -> None:
        """End the processes of isolated scorers."""
        for bound in self.scorers:
            if isinstance(bound.scorer, ProcessScorer):
                bound.scorer.close()


def load(
    path: Path | None = None,
    *,
    policy: Path | None = None,
    installed: registry.Registry | None = None,
) -> Scorecard:
    """Read a scorecard and make its scorers.

    Args:
        path: The YAML file; None is the shipped default.
        policy: A policy file to use instead of those the scorecard names.
        installed: The scorers there are; None asks the installed distributions.

    Raises:
        UsageError: The file cannot be used; the text has one line for each problem.
    """
    if path is None:
        with as_file(files("scoring") / "scorecards" / "default.yaml") as shipped:
            return load(shipped, policy=policy, installed=installed)
    document = read(path)
    config = _validated(document)
    known = installed or registry.installed()
    problems: list[str] = []
    bound: list[BoundScorer] = []
    content = hashlib.sha256(json.dumps(config.model_dump(mode="json"), sort_keys=True).encode())
    for index, scorer in enumerate(config.scorers):
        try:
            made, used = _bind(scorer, document, index, known, policy)
        except _ProblemsError as error:
            problems += error.lines
            continue
        bound.append(made)
        for file in used:
            content.update(file.read_bytes())
        content.update(str(getattr(made.scorer, "fingerprint", "")).encode())
    if problems:
        raise UsageError("\n".join(problems))
    return Scorecard(config.name, f"{config.name}@{content.hexdigest()[:12]}", tuple(bound), config.dimensions)


class _ProblemsError(Exception):
    """What is wrong with one scorer's section."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def _validated(document: Document) -> ScorecardConfig:
    """The file as a model, with the checks that look at the whole of it."""
    problems = list(document.duplicates)
    config: ScorecardConfig | None = None
    try:
        config = ScorecardConfig.model_validate(document.data)
    except ValidationError as error:
        problems += document.problems(error)
    if config is not None:
        seen: set[str] = set()
        for index, scorer in enumerate(config.scorers):
            if scorer.name in seen:
                problems.append(document.problem(("scorers", index, "name"), f"{scorer.name} stands twice"))
            seen.add(scorer.name)
        used = {scorer.in_dimension for scorer in config.scorers}
        problems += [
            document.problem(("dimensions", name), f"no scorer belongs to the dimension {name}")
            for name in config.dimensions
            if name not in used
        ]
    if problems or config is None:
        raise UsageError("\n".join(problems))
    return config


def _bind(
    config: ScorerConfig,
    document: Document,
    index: int,
    known: registry.Registry,
    policy: Path | None,
) -> tuple[BoundScorer, list[Path]]:
    """One scorer, and the files that could change what it says."""
    place = ("scorers", index)
    folder = document.path.resolve().parent
    used: list[Path] = []
    try:
        if config.python is None:
            cls = known.resolve(config.registered)
        else:
            cls, file = registry.from_file(config.python, folder)
            used.append(file)
    except UsageError as error:
        key = "python" if config.python else "use" if config.use else "name"
        raise _ProblemsError([document.problem((*place, key), str(error))]) from error
    given = dict(config.parameters)
    if config.registered == POLICY_SCORER and config.python is None:
        given[POLICY_PARAMETER], missing = _policy_files(given.get(POLICY_PARAMETER), folder, policy)
        if missing:
            told = [
                document.problem((*place, "parameters", POLICY_PARAMETER), f"{file} does not exist") for file in missing
            ]
            raise _ProblemsError(told)
        used += map(Path, given[POLICY_PARAMETER])
    try:
        parameters = _resolved(cls.parameters_type.model_validate(given), folder)
    except ValidationError as error:
        raise _ProblemsError(document.problems(error, (*place, "parameters"))) from error
    for file in _paths(parameters):
        if not file.is_file():
            raise _ProblemsError([document.problem((*place, "parameters"), f"{file} does not exist")])
        used.append(file)
    try:
        scorer = ProcessScorer(config, folder, parameters) if config.isolated else cls(parameters)  # type: ignore[call-arg]  # the contract's constructor takes the parameters; a Protocol cannot say so
    except UsageError as error:
        raise _ProblemsError(str(error).splitlines()) from error
    except Exception as error:
        text = f"scorer {config.name} cannot be made: {type(error).__name__}: {error}"
        raise _ProblemsError([document.problem(place, text)]) from error
    budget = DayBudget(config.budget.conversations_per_day)
    # A scorer whose answers depend on more than its code (a model, a prompt) says so by its fingerprint.
    fingerprint = str(getattr(scorer, "fingerprint", ""))
    version = f"{cls.version}+{fingerprint}" if fingerprint else cls.version
    return BoundScorer(config, scorer, cls.name, version, budget), used


def _policy_files(named: object, folder: Path, instead: Path | None) -> tuple[list[str], list[Path]]:
    """The policy files to use, and those of them that are missing.

    Named files are looked for beside the scorecard, then in the working directory; none named means the shipped ones.
    """
    if instead is not None:
        found = [instead.resolve()]
    elif isinstance(named, list):
        texts = [Path(str(item)) for item in named]
        found = [(folder / text if (folder / text).is_file() else text).resolve() for text in texts]
    else:
        found = shipped()
    return [str(file) for file in found], [file for file in found if not file.is_file()]


def _resolved(parameters: Parameters, folder: Path) -> Parameters:
    """Paths among the parameters, made relative to the scorecard's folder."""
    changed: dict[str, object] = {}
    for name in type(parameters).model_fields:
        value = getattr(parameters, name)
        if isinstance(value, Path):
            changed[name] = (folder / value).resolve()
        elif isinstance(value, tuple | list) and value and all(isinstance(item, Path) for item in value):
            changed[name] = type(value)((folder / item).resolve() for item in value)
    return parameters.model_copy(update=changed) if changed else parameters


def _paths(parameters: Parameters) -> Iterator[Path]:
    """All files the parameters name."""
    for name in type(parameters).model_fields:
        value = getattr(parameters, name)
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, Path):
                yield item
