"""KQL values in Python, from engines and to them, and the comparison of rows.

A KQL value in Python is: string ``str``, int and long ``int``, real ``float``, bool ``bool``, decimal ``Decimal``,
datetime a ``datetime`` in UTC without zone (microseconds), timespan a ``timedelta``, guid lower-case ``str``, dynamic
parsed JSON; null is None. A missing string and an empty one are the same value: ``''``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from transpiler.types import Type

_MICROSECOND = dt.timedelta(microseconds=1)
_SPAN = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,7}))?")
_SHORT_SPAN = re.compile(r"(-?\d+(?:\.\d+)?)(d|h|m|s|ms|microsecond|tick)")
_UNITS: dict[str, Decimal] = {
    "d": Decimal(86_400_000_000),
    "h": Decimal(3_600_000_000),
    "m": Decimal(60_000_000),
    "s": Decimal(1_000_000),
    "ms": Decimal(1_000),
    "microsecond": Decimal(1),
    "tick": Decimal("0.1"),
}
_FRACTION = re.compile(r"(?<=\.)\d+")


class JsonText(str):
    """JSON as text, for a dynamic value whose spelling matters (member order, 1.0, repeated keys)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Misfit:
    """A value that is none of its column's type; it equals nothing, itself included."""

    value: object
    type: Type

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # nothing equal to itself may be a key

    def __repr__(self) -> str:
        return f"<no {self.type}: {self.value!r}>"


# ---- written values (cells of a case, scalars of a YAML file) ------------------------------------------------------


def parse_value(written: object, kind: Type) -> object:
    """A written value as a KQL value. Texts are read as KQL prints them; ValueError says what does not fit."""
    if written is None:
        return "" if kind is Type.STRING else None
    try:
        return _PARSERS[kind](written)
    except (ValueError, TypeError, InvalidOperation, OverflowError):
        raise ValueError(f"{written!r} is no {kind}") from None


def _parse_string(written: object) -> str:
    if not isinstance(written, str):
        raise TypeError
    return written


def _parse_integer(written: object) -> int:
    if isinstance(written, bool) or not isinstance(written, int | str):
        raise TypeError
    return int(written)


def _parse_real(written: object) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise TypeError
    return float(written)


def _parse_decimal(written: object) -> Decimal:
    return Decimal(str(written))


def _parse_bool(written: object) -> bool:
    if isinstance(written, bool):
        return written
    return {"true": True, "false": False}[str(written).lower()] if str(written).lower() in ("true", "false") else _no()


def _no() -> bool:
    raise ValueError


def _parse_datetime(written: object) -> dt.datetime:
    if isinstance(written, str):
        text = _FRACTION.sub(lambda m: m.group()[:6], written.strip(), count=1)
        written = dt.datetime.fromisoformat(text)
    elif isinstance(written, dt.date) and not isinstance(written, dt.datetime):
        written = dt.datetime(written.year, written.month, written.day)
    if not isinstance(written, dt.datetime):
        raise TypeError
    return written.astimezone(dt.UTC).replace(tzinfo=None) if written.tzinfo else written


def _parse_timespan(written: object) -> dt.timedelta:
    if isinstance(written, dt.timedelta):
        return written
    text = str(written).strip()
    if short := _SHORT_SPAN.fullmatch(text):
        return int(Decimal(short[1]) * _UNITS[short[2]]) * _MICROSECOND
    whole = _SPAN.fullmatch(text)
    if whole is None:
        raise ValueError
    sign, days, hours, minutes, seconds, fraction = whole.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    span = dt.timedelta(int(days or 0), int(seconds), micros, minutes=int(minutes), hours=int(hours))
    return -span if sign else span


def _parse_guid(written: object) -> str:
    return str(uuid.UUID(str(written)))


def _parse_dynamic(written: object) -> object:
    return json.loads(written) if isinstance(written, JsonText) else written


_PARSERS: dict[Type, Callable[[object], object]] = {
    Type.STRING: _parse_string,
    Type.INT: _parse_integer,
    Type.LONG: _parse_integer,
    Type.REAL: _parse_real,
    Type.DECIMAL: _parse_decimal,
    Type.BOOL: _parse_bool,
    Type.DATETIME: _parse_datetime,
    Type.TIMESPAN: _parse_timespan,
    Type.GUID: _parse_guid,
    Type.DYNAMIC: _parse_dynamic,
}


def to_duckdb(value: object, kind: Type) -> object:
    """A KQL value (or a written one) as DuckDB's client takes it; KeyError for a type that no table stores."""
    if kind not in _PARSERS:
        raise KeyError(kind)
    if value is None:
        return None
    if kind is Type.DYNAMIC:
        return value if isinstance(value, JsonText) else json.dumps(value, ensure_ascii=False)
    return parse_value(value, kind)


# ---- from an engine ------------------------------------------------------------------------------------------------


def canonical(value: object, kind: Type) -> object:
    """What DuckDB's or Google's client returned, as a KQL value; a ``Misfit`` when this type has no such value."""
    if value is None:
        return "" if kind is Type.STRING else None
    try:
        return _READERS[kind](value)
    except (ValueError, TypeError, KeyError):
        return Misfit(value, kind)


def _exactly(*wanted: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if type(value) not in wanted:
            raise TypeError
        return value

    return read


def _read_timespan(value: object) -> dt.timedelta:
    if isinstance(value, dt.timedelta):
        return value
    if type(value) is not int:
        raise TypeError
    return value * _MICROSECOND  # BigQuery: a timespan leaves as microseconds


def _read_datetime(value: object) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        raise TypeError
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def _read_dynamic(value: object) -> object:
    if not isinstance(value, str):
        raise TypeError  # a LIST or STRUCT is another type than JSON
    return json.loads(value)


def _read_guid(value: object) -> str:
    if not isinstance(value, str | uuid.UUID):
        raise TypeError
    return str(value).lower()


_READERS: dict[Type, Callable[[object], object]] = {
    Type.STRING: _exactly(str, JsonText),
    Type.INT: _exactly(int),
    Type.LONG: _exactly(int),
    Type.REAL: _exactly(float),
    Type.DECIMAL: _exactly(Decimal),
    Type.BOOL: _exactly(bool),
    Type.DATETIME: _read_datetime,
    Type.TIMESPAN: _read_timespan,
    Type.GUID: _read_guid,
    Type.DYNAMIC: _read_dynamic,
}
