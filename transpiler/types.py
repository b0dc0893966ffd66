"""KQL's scalar types, their families and their promotions.

``str(Type.LONG)`` is ``"long"``: the spelling of Microsoft's binder and of ``.columns[i].type``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Type(StrEnum):
    """A scalar type of KQL. UNKNOWN stands for a column of an undeclared table."""

    BOOL = "bool"
    INT = "int"
    LONG = "long"
    REAL = "real"
    DECIMAL = "decimal"
    STRING = "string"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    DYNAMIC = "dynamic"
    UNKNOWN = "unknown"


INTEGERS = frozenset({Type.INT, Type.LONG})
NUMBERS = INTEGERS | {Type.REAL, Type.DECIMAL}
SUMMABLE = NUMBERS | {Type.DATETIME, Type.TIMESPAN}
SCALARS = frozenset(Type)
ORDERABLE = SUMMABLE | {Type.STRING, Type.BOOL, Type.GUID}

# The order of Microsoft's "widest": long and real give real, real and decimal give decimal.
_WIDTH = {Type.INT: 0, Type.LONG: 1, Type.REAL: 2, Type.DECIMAL: 3}

# Every spelling that a declaration in KQL may use for a type.
TYPE_NAMES: dict[str, Type] = {
    "bool": Type.BOOL,
    "boolean": Type.BOOL,
    "int": Type.INT,
    "int32": Type.INT,
    "uint": Type.INT,
    "uint32": Type.INT,
    "int8": Type.INT,
    "uint8": Type.INT,
    "int16": Type.INT,
    "uint16": Type.INT,
    "long": Type.LONG,
    "int64": Type.LONG,
    "ulong": Type.LONG,
    "uint64": Type.LONG,
    "real": Type.REAL,
    "double": Type.REAL,
    "float": Type.REAL,
    "decimal": Type.DECIMAL,
    "string": Type.STRING,
    "datetime": Type.DATETIME,
    "date": Type.DATETIME,
    "timespan": Type.TIMESPAN,
    "time": Type.TIMESPAN,
    "guid": Type.GUID,
    "uuid": Type.GUID,
    "uniqueid": Type.GUID,
    "dynamic": Type.DYNAMIC,
}


def widest(types: Iterable[Type]) -> Type:
    """The numeric type that holds all the given ones; types that are no numbers are passed over (LONG when none is)."""
    numeric = [t for t in types if t in _WIDTH]
    return max(numeric, key=_WIDTH.__getitem__) if numeric else Type.LONG


def promotes(given: Type, wanted: Type) -> bool:
    """Whether a number of one type may stand where a wider one is wanted."""
    return given in _WIDTH and wanted in _WIDTH and _WIDTH[given] <= _WIDTH[wanted]
