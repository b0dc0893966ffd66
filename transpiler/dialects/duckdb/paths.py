r"""DuckDB: steps into dynamic values, ``d.a[0]['c']``.

A step that is known is part of one JSON path (``d -> '$.a[0]'``, from the end with ``$[-1]``). A name with odd characters
stands in quotes, an empty one and those computed per row go through a JSON pointer. What is missing is NULL, and so is
JSON's null where a value is asked for. A path into a text that is no JSON raises in DuckDB: there the path stands in TRY.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from transpiler.dialects.duckdb.formats import part_at
from transpiler.dialects.spelling import Speller, call, sql_type, text
from transpiler.plan.scalars import Call, Constant, Path, Scalar
from transpiler.types import INTEGERS, Type

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_POINTER = "'/' || replace(replace({k}, '~', '~0'), '/', '~1')"


def property_step(name: str) -> str:
    """A property's name as a step of a JSON path."""
    if _PLAIN.fullmatch(name):
        return f".{name}"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'."{escaped}"'


def json_of(speller: Speller, scalar: Scalar, tail: str = "") -> exp.Expr:
    """The JSON of a dynamic scalar, JSON's null as ``null``; ``tail`` is a further piece of path (``[*]``: all elements)."""
    return _at(speller, scalar, "->", tail)


def text_of(speller: Speller, scalar: Scalar, tail: str = "") -> exp.Expr:
    """The string that a dynamic scalar holds, or the text of what else it is; NULL for null."""
    if not tail and (part := part_at(speller, scalar)) is not None:
        return part
    return _at(speller, scalar, "->>", tail)


def path(speller: Speller, scalar: Path) -> exp.Expr:
    """The value at a path; NULL where there is none or where it is JSON's null."""
    if (part := part_at(speller, scalar)) is not None:
        return speller.sql("CAST(to_json({x}) AS TEXT)", x=part)
    return speller.sql("NULLIF({x}, 'null')", x=json_of(speller, scalar))


def _at(speller: Speller, scalar: Scalar, arrow: str, tail: str) -> exp.Expr:
    steps: Sequence[str | int | Scalar] = scalar.steps if isinstance(scalar, Path) else ()
    base = scalar.base if isinstance(scalar, Path) else scalar
    if tail and isinstance(base, Constant) and base.value is None:
        # Over a NULL that it knows DuckDB gives the path no type of list.
        return speller.sql("CAST(NULL AS JSON[])" if arrow == "->" else "CAST(NULL AS TEXT[])")
    tree, may_raise = _base(speller, base) if steps else (speller.value(base), False)
    written = "$"
    for step in steps:
        if isinstance(step, str) and step:
            written += property_step(step)
        elif isinstance(step, int):
            written += f"[{step}]"
        else:
            tree = _into(speller, tree, written, "->")
            tree, written = _computed(speller, tree, step), "$"
    written += tail
    tree = _into(speller, tree, written, arrow)
    return speller.sql("TRY({x})", x=tree) if may_raise else tree


def elements_at(tree: exp.Expr, arrow: str = "->", path: str = "$[*]") -> exp.Expr:
    """The elements at a path of many as a list: of JSON, or (``->>``) of texts.

    Traps: as the list of a list function DuckDB takes an arrow for that of a lambda; of constants of which it finds out
    while binding that they are NULL it makes no list.
    """
    function, kind = ("json_extract", "JSON[]") if arrow == "->" else ("json_extract_string", "TEXT[]")
    found = call(function, tree, text(path))
    is_list = isinstance(tree, exp.Literal) or reads_row(tree)
    return found if is_list else exp.Cast(this=found, to=sql_type(kind, "duckdb"))


def reads_row(tree: exp.Expr) -> bool:
    """Whether a tree reads a column, and not only the variables of its own lambdas."""
    own = {name.name for bound in tree.find_all(exp.Lambda) for name in bound.expressions}
    return any(column.name not in own for column in tree.find_all(exp.Column))


def _into(speller: Speller, tree: exp.Expr, written: str, arrow: str) -> exp.Expr:
    if written == "$" and arrow == "->":
        return tree
    if written.endswith("[*]"):
        return elements_at(tree, arrow, written)
    return speller.sql(f"{{x}} {arrow} {{p}}", x=tree, p=text(written))


def _base(speller: Speller, base: Scalar) -> tuple[exp.Expr, bool]:
    """The tree under the first step, and whether it may be a text that is no JSON."""
    if isinstance(base, Call) and base.overload.key == "parse_json":
        (source,) = base.arguments
        return speller.value(source), True
    return speller.value(base), False


def _computed(speller: Speller, tree: exp.Expr, step: str | Scalar) -> exp.Expr:
    """One step whose name or position is known per row."""
    if isinstance(step, str):
        return speller.sql("{x} -> '/'", x=tree)
    if step.type is Type.STRING:
        # A pointer's 1 is an element of an array as well; a string names members only.
        template = f"CASE WHEN json_type({{x}}) = 'OBJECT' THEN {{x}} -> ({_POINTER}) END"
        return speller.once(tree, lambda x: speller.sql(template, x=x, k=speller.text(step)))
    if step.type in INTEGERS:
        return speller.sql("{x} -> CAST({i} AS BIGINT)", x=tree, i=speller.value(step))
    if step.type is Type.DYNAMIC:
        return speller.sql(
            "CASE WHEN json_type({v}) = 'VARCHAR' THEN CASE WHEN json_type({x}) = 'OBJECT' THEN {x} -> (" + _POINTER + ") END "
            "ELSE {x} -> TRY_CAST(CAST({v} AS TEXT) AS BIGINT) END",
            x=tree, v=json_of(speller, step), k=text_of(speller, step),
        )  # fmt: skip
    raise speller.refuse(f"an index is a string or a whole number, this is {step.type}", step.span)
