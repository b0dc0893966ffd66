"""BigQuery's types as text, and values on their way into Google's engine and back.

In: ``None``, ``str``, ``int``, ``float``, ``bool``, ``Decimal``, ``bytes``, a ``datetime`` (no zone means UTC) or ISO
text for TIMESTAMP, a ``timedelta`` for INTERVAL, lists for ARRAY, mappings (an absent field is NULL) or sequences for
STRUCT, and anything that JSON can say (or a ``JsonText``) for JSON. Out: the same, with JSON as text, STRUCT as a dict
and TIMESTAMP as a ``datetime`` in UTC.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import struct
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from zetasql.wasi._pb2.zetasql.public import type_pb2, value_pb2

from transpiler.engine.values import JsonText, parse_value
from transpiler.types import Type

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NAMES: dict[str, int] = {
    "STRING": type_pb2.TYPE_STRING,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "BOOL": type_pb2.TYPE_BOOL,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
    "JSON": type_pb2.TYPE_JSON,
    "BYTES": type_pb2.TYPE_BYTES,
    "DATE": type_pb2.TYPE_DATE,
    "DATETIME": type_pb2.TYPE_DATETIME,
    "TIME": type_pb2.TYPE_TIME,
    "INTERVAL": type_pb2.TYPE_INTERVAL,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "BIGNUMERIC": type_pb2.TYPE_BIGNUMERIC,
    "GEOGRAPHY": type_pb2.TYPE_GEOGRAPHY,
}
_ALIASES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC"}
_KINDS = {number: name for name, number in _NAMES.items()}
_SCALE = {type_pb2.TYPE_NUMERIC: 9, type_pb2.TYPE_BIGNUMERIC: 38}
# The usual context rounds to 28 digits; a BIGNUMERIC has 76.
_EXACT = Context(prec=100)
_TOKEN = re.compile(r"`([^`]+)`|(\w+)|([<>,])|(\(\s*\d+(?:\s*,\s*\d+)?\s*\))|\s+")

# The generated protobuf classes carry no types that mypy could read, hence Any for messages.
TypeProto = Any
ValueProto = Any


# ---- types ---------------------------------------------------------------------------------------------------------


class _Reader:
    """``ARRAY<STRUCT<a STRING, b INT64>>`` token by token; a parameter such as (38, 9) is passed over."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        self.at = 0
        end = 0
        while match := _TOKEN.match(text, end):
            end = match.end()
            self.tokens += [token for token in match.groups()[:3] if token]
        if end != len(text):
            raise self.wrong()

    def wrong(self) -> ValueError:
        return ValueError(f"{self.text!r} is no type of BigQuery")

    def take(self, wanted: str = "") -> str:
        if self.at == len(self.tokens) or (wanted and self.tokens[self.at] != wanted):
            raise self.wrong()
        self.at += 1
        return self.tokens[self.at - 1]

    def type(self) -> TypeProto:
        name = self.take().upper()
        if name == "ARRAY":
            self.take("<")
            element = self.type()
            self.take(">")
            return type_pb2.TypeProto(
                type_kind=type_pb2.TYPE_ARRAY, array_type=type_pb2.ArrayTypeProto(element_type=element)
            )
        if name in ("STRUCT", "RECORD"):
            return type_pb2.TypeProto(type_kind=type_pb2.TYPE_STRUCT, struct_type=self.fields())
        number = _NAMES.get(_ALIASES.get(name, name))
        if number is None:
            raise self.wrong()
        return type_pb2.TypeProto(type_kind=number)

    def fields(self) -> Any:
        fields = type_pb2.StructTypeProto()
        separator = self.take("<")
        while separator != ">":
            name = self.take()
            fields.field.add(field_name=name, field_type=self.type())
            separator = self.take()
        return fields


def parse_type(text: str) -> TypeProto:
    """A type as BigQuery writes it; ValueError for any other text."""
    reader = _Reader(text)
    proto = reader.type()
    if reader.at != len(reader.tokens):
        raise reader.wrong()
    return proto


def type_name(proto: TypeProto) -> str:
    """A type as BigQuery writes it: ``ARRAY<STRUCT<a STRING, b INT64>>``."""
    if proto.type_kind == type_pb2.TYPE_ARRAY:
        return f"ARRAY<{type_name(proto.array_type.element_type)}>"
    if proto.type_kind == type_pb2.TYPE_STRUCT:
        fields = (f"{f.field_name} {type_name(f.field_type)}".strip() for f in proto.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return _KINDS.get(proto.type_kind) or type_pb2.TypeKind.Name(proto.type_kind).removeprefix("TYPE_")


# ---- in ------------------------------------------------------------------------------------------------------------


def encode(value: object, proto: TypeProto) -> ValueProto:
    """A Python value as the engine's; TypeError or ValueError when it does not fit the type."""
    out = value_pb2.ValueProto()
    if value is not None:
        writer = _WRITERS.get(proto.type_kind)
        if writer is None:
            raise TypeError(f"no value of type {type_name(proto)} can be stored")
        writer(out, value, proto)
    return out


def _set(field: str, *wanted: type) -> Callable[[ValueProto, object, TypeProto], None]:
    def write(out: ValueProto, value: object, proto: TypeProto) -> None:
        if type(value) not in wanted:
            raise TypeError(f"{value!r} is no {type_name(proto)}")
        setattr(out, field, value)

    return write


def _write_json(out: ValueProto, value: object, proto: TypeProto) -> None:
    out.json_value = _stored_json(value if isinstance(value, JsonText) else json.dumps(value))


def _stored_json(text: str) -> str:
    """What the service keeps of a JSON text: sorted members, the first of a repeated one, long integers as reals."""

    def first_of_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
        return dict(reversed(pairs))

    def integer(digits: str) -> int | float:
        number = int(digits)
        return number if -(2**63) <= number < 2**64 else float(digits)

    value = json.loads(text, object_pairs_hook=first_of_each, parse_int=integer)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _write_timestamp(out: ValueProto, value: object, proto: TypeProto) -> None:
    moment = parse_value(value, Type.DATETIME)
    assert isinstance(moment, dt.datetime)
    micros = (moment.replace(tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
    out.timestamp_value.seconds, rest = divmod(micros, 1_000_000)
    out.timestamp_value.nanos = rest * 1000


def _write_date(out: ValueProto, value: object, proto: TypeProto) -> None:
    day = dt.date.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(day, dt.date):
        raise TypeError(f"{value!r} is no DATE")
    out.date_value = day.toordinal() - _EPOCH.toordinal()


def _write_interval(out: ValueProto, value: object, proto: TypeProto) -> None:
    span = parse_value(value, Type.TIMESPAN)
    assert isinstance(span, dt.timedelta)
    # 16 bytes, little endian: microseconds, days, and 32 bits that pack months and nanoseconds.
    out.interval_value = struct.pack("<qiI", span // _MICROSECOND, 0, 0)


def _write_decimal(out: ValueProto, value: object, proto: TypeProto) -> None:
    number = int(Decimal(str(value)).scaleb(_SCALE[proto.type_kind], _EXACT))
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    setattr(out, "numeric_value" if proto.type_kind == type_pb2.TYPE_NUMERIC else "bignumeric_value", data)


def _write_array(out: ValueProto, value: object, proto: TypeProto) -> None:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no {type_name(proto)}")
    out.array_value.SetInParent()
    out.array_value.element.extend(encode(v, proto.array_type.element_type) for v in value)


def _write_struct(out: ValueProto, value: object, proto: TypeProto) -> None:
    fields = proto.struct_type.field
    if isinstance(value, Mapping):
        names = {f.field_name.lower() for f in fields}
        if unknown := [k for k in value if k.lower() not in names]:
            raise ValueError(f"{type_name(proto)} has no field {unknown[0]!r}")
        given = {k.lower(): v for k, v in value.items()}
        values = [given.get(f.field_name.lower()) for f in fields]
    elif isinstance(value, list | tuple) and len(value) == len(fields):
        values = list(value)
    else:
        raise TypeError(f"{value!r} is no {type_name(proto)}")
    out.struct_value.SetInParent()
    out.struct_value.field.extend(encode(v, f.field_type) for v, f in zip(values, fields, strict=True))


def _write_real(out: ValueProto, value: object, proto: TypeProto) -> None:
    real = parse_value(value, Type.REAL)
    assert isinstance(real, float)
    out.double_value = real


_WRITERS: dict[int, Callable[[ValueProto, Any, TypeProto], None]] = {
    type_pb2.TYPE_STRING: _set("string_value", str, JsonText),
    type_pb2.TYPE_INT64: _set("int64_value", int),
    type_pb2.TYPE_DOUBLE: _write_real,
    type_pb2.TYPE_BOOL: _set("bool_value", bool),
    type_pb2.TYPE_BYTES: _set("bytes_value", bytes),
    type_pb2.TYPE_TIMESTAMP: _write_timestamp,
    type_pb2.TYPE_DATE: _write_date,
    type_pb2.TYPE_JSON: _write_json,
    type_pb2.TYPE_INTERVAL: _write_interval,
    type_pb2.TYPE_NUMERIC: _write_decimal,
    type_pb2.TYPE_BIGNUMERIC: _write_decimal,
    type_pb2.TYPE_ARRAY: _write_array,
    type_pb2.TYPE_STRUCT: _write_struct,
}


# ---- out -----------------------------------------------------------------------------------------------------------


def decode(value: ValueProto, proto: TypeProto) -> object:
    """The engine's value as Python's; what has no reader comes as its text."""
    field = value.WhichOneof("value")
    if field is None:
        return None
    reader = _READERS.get(proto.type_kind)
    return reader(getattr(value, field), proto) if reader else getattr(value, field)


def _read_timestamp(value: Any, proto: TypeProto) -> dt.datetime:
    return _EPOCH + dt.timedelta(seconds=value.seconds, microseconds=value.nanos // 1000)


def _read_interval(value: bytes, proto: TypeProto) -> object:
    micros, days, packed = struct.unpack("<qiI", value)
    if packed >> 13 & 0x3FFFF:
        raise ValueError("an INTERVAL with months has no fixed length")
    return dt.timedelta(days=days, microseconds=micros)


def _read_civil(value: Any, proto: TypeProto) -> dt.datetime:
    bits = value.bit_field_datetime_seconds
    return dt.datetime(
        bits >> 26, bits >> 22 & 15, bits >> 17 & 31, bits >> 12 & 31, bits >> 6 & 63, bits & 63, value.nanos // 1000
    )


def _read_decimal(value: bytes, proto: TypeProto) -> Decimal:
    return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-_SCALE[proto.type_kind], _EXACT)


_READERS: dict[int, Callable[[Any, TypeProto], object]] = {
    type_pb2.TYPE_TIMESTAMP: _read_timestamp,
    type_pb2.TYPE_DATE: lambda value, _: dt.date.fromordinal(value + _EPOCH.toordinal()),
    type_pb2.TYPE_DATETIME: _read_civil,
    type_pb2.TYPE_INTERVAL: _read_interval,
    type_pb2.TYPE_NUMERIC: _read_decimal,
    type_pb2.TYPE_BIGNUMERIC: _read_decimal,
    type_pb2.TYPE_ARRAY: lambda value, proto: [decode(e, proto.array_type.element_type) for e in value.element],
    type_pb2.TYPE_STRUCT: lambda value, proto: {
        f.field_name: decode(v, f.field_type) for v, f in zip(value.field, proto.struct_type.field, strict=True)
    },
}
