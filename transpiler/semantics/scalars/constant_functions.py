"""Functions that no target has, computed for constants: hashes, compressed texts, punycode, paths, lengths on the sphere.

Of a column of texts or times that the query itself writes (``datatable``) each is computed, and the rows choose among them.
What else is no constant is refused as declared; so is a constant for which Kusto's answer is not known.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable, Iterator

from transpiler.kql import syntax
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.semantics.constants.hashing import xxhash64
from transpiler.semantics.constants.sphere import NotMeasuredError, line_length, perimeter
from transpiler.semantics.constants.wkt import NotReadError, shape_of
from transpiler.semantics.dispatch import bind_scalar, binds_function, check_count
from transpiler.semantics.scalars.calls import call_function, make_call, overload_of
from transpiler.semantics.scope import Scope
from transpiler.source import Span
from transpiler.types import INTEGERS, Type


class _NotComputedError(Exception):
    """What Kusto answers is not known here."""


def _hash(arguments: list[Constant]) -> Constant:
    source, *rest = arguments
    if source.type is Type.STRING and source.value:  # the other hashes of '' are no hashes in Kusto
        data = str(source.value).encode()
    elif source.type is Type.DATETIME and isinstance(source.value, int):
        data = source.value.to_bytes(8, "little")
    else:
        raise _NotComputedError
    found = xxhash64(data)
    if not rest:
        return Constant(Type.LONG, found)
    modulus = rest[0].value
    if rest[0].type not in INTEGERS or not isinstance(modulus, int) or modulus <= 0 or found < 0:
        raise _NotComputedError  # whether a negative hash counts as a large one is not documented
    return Constant(Type.LONG, found % modulus)


def _text_of(arguments: list[Constant]) -> str:
    (source,) = arguments
    if source.type is not Type.STRING:
        raise _NotComputedError
    return str(source.value or "")


def _decompressed(window: int) -> Callable[[list[Constant]], Constant]:
    """A text out of base64 and zlib; '' for what is neither."""

    def compute(arguments: list[Constant]) -> Constant:
        written = _text_of(arguments)
        try:
            reader = zlib.decompressobj(window)
            found = reader.decompress(base64.b64decode(written, validate=True), 2**20).decode()
        except (ValueError, zlib.error):
            return Constant(Type.STRING, "")
        if reader.unconsumed_tail:
            raise _NotComputedError
        # A text that ends within its stream is no compressed one.
        return Constant(Type.STRING, found if reader.eof else "")

    return compute


def _to_punycode(arguments: list[Constant]) -> Constant:
    written = _text_of(arguments)
    if written.isascii():
        raise _NotComputedError
    return Constant(Type.STRING, written.encode("punycode").decode())


def _from_punycode(arguments: list[Constant]) -> Constant:
    written = _text_of(arguments)
    try:
        found = written.encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        raise _NotComputedError from None
    if found.isascii() or found.encode("punycode").decode() != written:
        raise _NotComputedError
    return Constant(Type.STRING, found)


def _to_punycode_labels(arguments: list[Constant]) -> Constant:
    """Every label of a domain that is not ASCII; the full stops of East Asia part labels, too."""
    labels = re.split("[.\u3002\uff0e\uff61]", _text_of(arguments))
    encoded = [e if e.isascii() else f"xn--{e.encode('punycode').decode()}" for e in labels]
    return Constant(Type.STRING, ".".join(encoded))


def _from_punycode_labels(arguments: list[Constant]) -> Constant:
    labels = _text_of(arguments).split(".")
    if any(e[:4].lower() == "xn--" != e[:4] for e in labels):
        raise _NotComputedError  # whether capitals begin such a label is not documented
    decoded = [str(_from_punycode([Constant(Type.STRING, e[4:])]).value) if e.startswith("xn--") else e for e in labels]
    return Constant(Type.STRING, ".".join(decoded))


def _tree_paths(arguments: list[Constant]) -> Constant:
    """Every way to a member, each once; ``[0]`` stands for all the elements of an array."""
    (source,) = arguments
    value = json.loads(str(source.value or "null")) if source.type is Type.DYNAMIC else None
    if not value or not isinstance(value, dict | list):
        raise _NotComputedError
    found = list(dict.fromkeys(_ways(value, "")))
    return Constant(Type.DYNAMIC, json.dumps(found, ensure_ascii=False, separators=(",", ":")))


def _ways(value: object, way: str) -> Iterator[str]:
    """The ways to what a value holds, in its order."""
    if isinstance(value, dict):
        for name, member in value.items():
            if "'" in name or "\\" in name:
                raise _NotComputedError  # how such a name is quoted is not documented
            yield f"{way}['{name}']"
            yield from _ways(member, f"{way}['{name}']")
    elif isinstance(value, list):
        if not value:
            raise _NotComputedError  # whether an empty array has a way to its elements is not documented
        yield f"{way}[0]"
        for element in value:
            yield from _ways(element, f"{way}[0]")


def _measured(measure: Callable[[object], float | None]) -> Callable[[list[Constant]], Constant]:
    def compute(arguments: list[Constant]) -> Constant:
        (shape,) = arguments
        if shape.type is not Type.DYNAMIC or shape.value is None:
            raise _NotComputedError
        try:
            return Constant(Type.REAL, measure(json.loads(str(shape.value))))
        except NotMeasuredError:
            raise _NotComputedError from None

    return compute


def _from_wkt(arguments: list[Constant]) -> Constant:
    try:
        shape = shape_of(_text_of(arguments))
    except NotReadError:
        raise _NotComputedError from None
    return Constant(Type.DYNAMIC, None if shape is None else json.dumps(shape, separators=(",", ":")))


_COMPUTED: dict[str, tuple[int, int, Callable[[list[Constant]], Constant]]] = {
    "hash": (1, 2, _hash),
    "hash_xxhash64": (1, 2, _hash),
    "gzip_decompress_from_base64_string": (1, 1, _decompressed(31)),
    "zlib_decompress_from_base64_string": (1, 1, _decompressed(15)),
    "punycode_from_string": (1, 1, _to_punycode),
    "punycode_to_string": (1, 1, _from_punycode),
    "punycode_domain_to_string": (1, 1, _to_punycode_labels),
    "punycode_domain_from_string": (1, 1, _from_punycode_labels),
    "treepath": (1, 1, _tree_paths),
    "geo_from_wkt": (1, 1, _from_wkt),
    "geo_line_length": (1, 1, _measured(line_length)),
    "geo_polygon_perimeter": (1, 1, _measured(perimeter)),
}


@binds_function(*_COMPUTED)
def _constant_function(scope: Scope, node: syntax.Call) -> Scalar:
    least, most, compute = _COMPUTED[node.name]
    check_count(scope, node, (least, most))
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    first, *rest = arguments
    others = [c for c in map(known_constant, rest) if c is not None]
    given = _possible(first)
    if not given or len(others) < len(rest):
        return call_function(scope, node.name, arguments, node.span)
    try:
        found = [compute([c, *others]) for c in given]
    except _NotComputedError:
        return call_function(scope, node.name, arguments, node.span)
    return _chosen(scope, first, list(zip(given, found, strict=True)), node.span)


def _possible(scalar: Scalar) -> tuple[Constant, ...]:
    """The constants of which a scalar is one; none where that is not known."""
    known = known_constant(scalar)
    if known is not None:
        return (known,)
    is_told = isinstance(scalar, ColumnRef) and scalar.type in (Type.STRING, Type.DATETIME)
    return scalar.column.among if is_told and isinstance(scalar, ColumnRef) else ()


def _chosen(scope: Scope, scalar: Scalar, ways: list[tuple[Constant, Constant]], span: Span) -> Scalar:
    """The result for the constant that a scalar is in a row."""
    *before, (_, last) = ways
    default = Constant(last.type, last.value, span)
    if not before:
        return default
    branches: list[Scalar] = []
    for given, found in before:
        branches += [call_function(scope, "==", [scalar, given], span), Constant(found.type, found.value, span)]
    return make_call(scope, overload_of("case"), (*branches, default), span, last.type)


def known_constant(scalar: Scalar) -> Constant | None:
    """The constant that a scalar is, that its column holds in every row, or that is parsed from a constant text."""
    if isinstance(scalar, ColumnRef):
        return scalar.column.known
    if (
        isinstance(scalar, Call)
        and scalar.overload.key == "parse_json"
        and (source := known_constant(scalar.arguments[0]))
    ):
        try:
            json.loads(str(source.value), parse_constant=_no_number)
        except ValueError:
            return None
        return Constant(Type.DYNAMIC, str(source.value), scalar.span)
    return scalar if isinstance(scalar, Constant) else None


def _no_number(written: str) -> float:
    raise ValueError(written)
