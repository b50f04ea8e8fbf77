"""Predicates over one event, written in CEL (Common Expression Language) and run by the C++ implementation.

The rest of the package sees three calls: `compile`, `eval_bool`, `names_used`. The engine returns a run-time error
(missing key, wrong type) as a value whose text is truthy; here it always becomes an `EvaluationError`, so that a
broken predicate can never count as true or false.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from conversation.errors import PermanentError
from scoring.policy.functions import Function

_STRING = re.compile(r"""(?:r?)("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")
_PATH = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+")
_TYPES = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "list": cel.Type.LIST,
    "timestamp": cel.Type.TIMESTAMP,
    "dyn": cel.Type.DYN,
}


class EvaluationError(PermanentError):
    """A predicate that compiled could not be evaluated on this event."""


class Predicate(Protocol):
    """A compiled expression."""

    @property
    def source(self) -> str:
        """The expression as it was written."""
        ...

    def names_used(self) -> frozenset[str]:
        """The variables the expression reads."""
        ...

    def eval_bool(self, values: Mapping[str, object]) -> bool:
        """True or false.

        Raises:
            EvaluationError: A missing key, a wrong type, or a result that is not a truth value.
        """
        ...

    def eval_value(self, values: Mapping[str, object]) -> object:
        """The plain value of an expression that is not a predicate, such as a key.

        Raises:
            EvaluationError: As `eval_bool`.
        """
        ...


class Language(Protocol):
    """What compiles expressions."""

    def compile(self, source: str, *, boolean: bool = True) -> Predicate:
        """Compile one expression; `boolean` says that it must give a truth value.

        Raises:
            ValueError: Syntax error, undeclared name or an expression that cannot give a truth value, on one line.
        """
        ...


@dataclass(frozen=True, slots=True)
class CelPredicate:
    """A compiled CEL expression."""

    source: str
    program: Any
    names: frozenset[str]
    path: tuple[str, ...] = ()

    def names_used(self) -> frozenset[str]:
        """The declared variables the expression reads."""
        return self.names

    def eval_bool(self, values: Mapping[str, object]) -> bool:
        """True or false; see `Predicate.eval_bool`."""
        value = self._eval(values)
        kind = value.type()
        if kind != cel.Type.BOOL:
            raise EvaluationError(f"`{self.source}` gives {kind.name()}, not true or false")
        return bool(value.value())

    def eval_value(self, values: Mapping[str, object]) -> object:
        """The plain value; see `Predicate.eval_value`."""
        # Most keys are a text at a path: no need to hand the whole object to the engine.
        value: object = values
        for step in self.path:
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            return value
        return self._eval(values).plain_value()

    def _eval(self, values: Mapping[str, object]) -> Any:
        try:
            value = self.program.eval(data={name: values[name] for name in self.names})
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:
            raise EvaluationError(f"`{self.source}`: {_one_line(error)}") from error
        if value.type() == cel.Type.ERROR:
            raise EvaluationError(f"`{self.source}`: {_one_line(value.plain_value())}")
        return value


class CelLanguage:
    """CEL with the given variables (untyped, except timestamps) and functions.

    Args:
        names: Untyped variables.
        timestamps: Variables that hold a timestamp.
        functions: Functions beside those of the CEL standard library and its string extension.
    """

    def __init__(
        self, names: Iterable[str], timestamps: Iterable[str] = (), functions: Iterable[Function] = ()
    ) -> None:
        variables = dict.fromkeys(names, cel.Type.DYN) | dict.fromkeys(timestamps, cel.Type.TIMESTAMP)
        self._names = frozenset(variables)
        self._environment = cel.NewEnv(
            variables=variables,
            functions=[_declared(name, list(group)) for name, group in _by_name(functions).items()],
            extensions=[ext_strings.ExtStrings()],
        )

    def compile(self, source: str, *, boolean: bool = True) -> Predicate:
        """Compile one expression; see `Language.compile`."""
        try:
            program = self._environment.compile(source)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"`{source.strip()}`: {_one_line(error)}") from error
        if boolean and program.return_type() not in (cel.Type.BOOL, cel.Type.DYN):
            raise ValueError(f"`{source.strip()}` gives {program.return_type().name()}, not true or false")
        names = frozenset(_NAME.findall(_STRING.sub("''", source))) & self._names
        path = tuple(source.strip().split(".")) if _PATH.fullmatch(source.strip()) else ()
        return CelPredicate(source.strip(), program, names, path)


def _by_name(functions: Iterable[Function]) -> dict[str, list[Function]]:
    named: dict[str, list[Function]] = {}
    for function in functions:
        named.setdefault(function.name, []).append(function)
    return named


def _declared(name: str, functions: list[Function]) -> cel.FunctionDecl:
    return cel.FunctionDecl(
        name,
        [
            cel.Overload(
                f"{name}_{'_'.join(function.parameters)}",
                _TYPES[function.returns],
                [_TYPES[parameter] for parameter in function.parameters],
                is_member=False,
                impl=function.run,
            )
            for function in functions
        ],
    )


def _one_line(error: object) -> str:
    """The engine's message without its source picture and status words."""
    first = str(error).split("\n", 1)[0]
    return re.sub(r"^(?:[A-Z_]+: )?(?:ERROR: <input>:)?", "", first).removesuffix("[INVALID_ARGUMENT]").strip()
