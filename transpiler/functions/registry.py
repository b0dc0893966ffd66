"""How a function is declared: what KQL promises about it, in one line of text, without any SQL.

``fn("strcmp(s1: text, s2: text) -> long!")`` reads: two arguments that are converted to text, a long that is never null.
The little language of a declaration:

    name(p: family, q: family?, rest: family*) -> result
    family   a type name or a family of FAMILIES, several joined by "|"; "#" behind it: must be a constant;
             "~" behind it: a NULL string may pass, because the SQL gives NULL (or false) where Kusto sees "".
    ?  *     optional; any number more; *2 at least two
    result   a type, "widest" (of the numeric arguments), "arithmetic" (widest, but int becomes long),
             "common" (the type that the arguments share), or the name of a parameter, whose type it takes
    result mark  none: null when an argument is; "?": may be null anyway; "!": never null;
             "%": a bool that is never null in KQL while its SQL may be NULL for false;
             "&": a bool that is null when all arguments are, and false when only some are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from transpiler.types import INTEGERS, NUMBERS, ORDERABLE, SCALARS, SUMMABLE, Type

_T = TypeVar("_T")


class Nulls(Enum):
    """When the SQL of a call may be NULL."""

    STRICT = ""
    MAYBE = "?"
    NEVER = "!"
    FALSE = "%"
    BOTH = "&"


class Naming(Enum):
    """The name of a result column that the query does not name (Microsoft's ResultNameKind)."""

    NONE = "none"
    FIRST = "first argument"
    ONLY = "only argument"
    NAME_AND_FIRST = "name and first argument"
    PREFIX_AND_FIRST = "prefix and first argument"
    PREFIX_ONLY = "prefix"


class Kind(Enum):
    """Where a function may stand."""

    SCALAR = "scalar"
    AGGREGATE = "aggregate"
    WINDOW = "window"


FAMILIES: dict[str, frozenset[Type]] = {
    **{str(t): frozenset({t}) for t in Type},
    "number": NUMBERS,
    "integer": INTEGERS,
    "summable": SUMMABLE,
    "orderable": ORDERABLE - {Type.GUID},  # sort takes guids, extremes do not
    "any": SCALARS,
    "plain": SCALARS - {Type.DYNAMIC},
    "text": SCALARS,  # converted to string by the binder
    "plain_text": SCALARS - {Type.DYNAMIC},  # the same, but a dynamic value is cast by the query
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. ``converts_to`` is the type that arguments of other accepted types are converted to, if any: STRING
    for ``text``, the type itself for a parameter of exactly one type.
    """

    name: str
    families: tuple[str, ...]
    optional: bool = False
    repeated: bool = False
    times: int = 1
    constant: bool = False
    keeps_null: bool = False
    accepts: frozenset[Type] = field(default=frozenset())
    converts_to: Type | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Overload:
    """One signature of a function. ``key`` is what the dialects spell; signatures that are written alike share one.

    ``least`` arguments are enough; those at the positions ``constants`` must come to constants.
    """

    name: str
    key: str
    parameters: tuple[Parameter, ...]
    result: str
    nulls: Nulls
    least: int
    constants: tuple[int, ...] = ()

    def parameter(self, position: int) -> Parameter | None:
        """The parameter that takes the argument at a position (from 0), or None when there are too many arguments."""
        if position < len(self.parameters):
            return self.parameters[position]
        last = self.parameters[-1] if self.parameters else None
        return last if last is not None and last.repeated else None

    def constant_arguments(self, arguments: Sequence[_T]) -> list[tuple[str, _T]]:
        """Of the arguments of a call those that must come to constants, with what the message for another calls them."""
        return [
            (f"{self.name}: '{self.parameters[i].name}' must be a constant", arguments[i])
            for i in self.constants
            if i < len(arguments)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of KQL with its overloads, in the order in which they are tried."""

    name: str
    kind: Kind
    overloads: tuple[Overload, ...]
    naming: Naming = Naming.NONE
    prefix: str = ""
    refusal: str = ""
    hint: str = ""


_TYPES = {str(t): t for t in Type}
_SIGNATURE = re.compile(r"\s*(\S.*?)\s*\((.*)\)\s*->\s*(\w+)\s*([?!%&]?)\s*", re.S)
_PARAMETER = re.compile(r"\s*(\w+)\s*:\s*([\w|]+)(~?)(#?)(\??)(\*?)(\d?)\s*")


def _parse_parameter(text: str) -> Parameter:
    m = _PARAMETER.fullmatch(text)
    if m is None:
        raise ValueError(f"not a parameter: {text!r}")
    name, families, tilde, sharp, question, star, times = m.groups()
    parts = tuple(families.split("|"))
    accepts = frozenset().union(*(FAMILIES[p] for p in parts))
    wanted = Type.STRING if parts in (("text",), ("plain_text",)) else _TYPES.get(families)
    flags = {"optional": bool(question), "repeated": bool(star), "constant": bool(sharp), "keeps_null": bool(tilde)}
    return Parameter(name, parts, **flags, times=int(times or 1), accepts=accepts, converts_to=wanted)


def parse_signature(text: str, key: str | None = None) -> Overload:
    """A declaration line as an Overload. Raises ValueError for a line that is not one (found at import)."""
    m = _SIGNATURE.fullmatch(text)
    if m is None:
        raise ValueError(f"not a declaration: {text!r}")
    name, inside, result, mark = m.groups()
    parameters = tuple(_parse_parameter(p) for p in inside.split(",")) if inside.strip() else ()
    least = sum(p.times for p in parameters if not p.optional)
    constants = tuple(i for i, p in enumerate(parameters) if p.constant)
    return Overload(name, key or name, parameters, result, Nulls(mark), least, constants)


class Registry:
    """All declarations by name. Filled at import by the modules of this package, read-only afterwards."""

    def __init__(self) -> None:
        self._functions: dict[tuple[bool, str], Function] = {}
        self._aliases: dict[str, str] = {}

    def add(self, function: Function) -> None:
        """Takes a declaration; a second one of the same name and place is a mistake, found at import."""
        slot = (function.kind is Kind.AGGREGATE, function.name)
        if slot in self._functions:
            raise ValueError(f"declared twice: {function.name}")
        self._functions[slot] = function

    def alias(self, old: str, name: str) -> None:
        """Another (legacy) name of a function."""
        self._aliases[old] = name

    def find(self, name: str, *, aggregate: bool = False) -> Function | None:
        """The scalar or window function of a name, or the aggregate; None when there is none."""
        # A name may be one function among aggregates and another among scalars, as `any` is.
        return self._functions.get((aggregate, name)) or self._functions.get((aggregate, self._aliases.get(name, name)))

    def known(self, name: str, *, aggregate: bool = False) -> Function:
        """As ``find``, of a name that is declared for certain. Raises KeyError where it is not."""
        found = self.find(name, aggregate=aggregate)
        if found is None:
            raise KeyError(name)
        return found

    def names(self) -> list[str]:
        """Every name that a query may call, for "did you mean"."""
        return sorted({name for _, name in self._functions} | self._aliases.keys())

    def __iter__(self) -> Iterator[Function]:
        return iter(self._functions.values())

    def keys(self, *kinds: Kind) -> set[str]:
        """What a dialect must spell of the functions of these kinds."""
        return {o.key for f in self if f.kind in kinds and not f.refusal for o in f.overloads}


FUNCTIONS = Registry()


def fn(
    *signatures: str | tuple[str, str],
    kind: Kind = Kind.SCALAR,
    naming: Naming = Naming.NONE,
    prefix: str = "",
    aliases: tuple[str, ...] = (),
) -> Function:
    """Declares a function. A signature is a line, or (line, key) where overloads are spelled differently."""
    overloads = tuple(parse_signature(s) if isinstance(s, str) else parse_signature(*s) for s in signatures)
    function = Function(overloads[0].name, kind, overloads, naming, prefix)
    FUNCTIONS.add(function)
    for old in aliases:
        FUNCTIONS.alias(old, function.name)
    return function


def aggregate(
    *signatures: str | tuple[str, str],
    naming: Naming = Naming.PREFIX_AND_FIRST,
    prefix: str | None = None,
    aliases: tuple[str, ...] = (),
) -> Function:
    """Declares an aggregate function; its result is named ``prefix_argument`` unless said otherwise."""
    first = signatures[0] if isinstance(signatures[0], str) else signatures[0][0]
    name = parse_signature(first).name
    return fn(
        *signatures, kind=Kind.AGGREGATE, naming=naming, prefix=name if prefix is None else prefix, aliases=aliases
    )


def refused(reason: str, *names: str, hint: str = "", kind: Kind = Kind.SCALAR) -> None:
    """Declares functions that are known and refused, for one reason."""
    for name in names:
        FUNCTIONS.add(Function(name, kind, (), refusal=reason, hint=hint))
