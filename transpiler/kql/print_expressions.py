"""The text of scalar expressions, with the parentheses that the tree needs; a chain in a chain always has them."""

from __future__ import annotations

from transpiler.kql.expressions import (
    AND,
    COMPARISON,
    EQUALITY,
    OR,
    PRODUCT,
    STRING_OPERATION,
    STRING_OPERATORS,
    SUM,
)
from transpiler.kql.print_text import TEXT_OF, comma, literal_text, name_text, placeholder_text, text_of, word_text
from transpiler.kql.syntax import (
    Between,
    Binary,
    Bracketed,
    Call,
    ColumnDeclaration,
    DataScoped,
    DataTable,
    EntityGroup,
    Expr,
    ExternalData,
    Index,
    InList,
    Literal,
    Logical,
    Member,
    Name,
    NamedExpression,
    NameList,
    NamePattern,
    Node,
    OpaqueTable,
    Pipeline,
    Property,
    Star,
    TabularWildcard,
    TypeOf,
    Unary,
)

_UNARY = STRING_OPERATION + 1
_PATH = _UNARY + 1
_LEVELS = {
    **dict.fromkeys(("==", "!="), EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
    **dict.fromkeys(STRING_OPERATORS.values(), STRING_OPERATION),
}
_LOOSE: dict[type[Node], int] = {
    InList: EQUALITY,
    Between: EQUALITY,
    Unary: _UNARY,
    DataScoped: _UNARY,
    Pipeline: 0,
    NamedExpression: 0,
}
# The tree's names of operators that the parser takes under an older name only.
_WRITTEN = {"!like": "notlike", "like_cs": "likecs", "!like_cs": "notlikecs"}


def _level(node: Expr) -> int:
    if isinstance(node, Binary):
        return _LEVELS[node.operator]
    if isinstance(node, Logical):
        return OR if node.operator == "or" else AND
    return _LOOSE.get(type(node), _PATH)


def operand(node: Expr, lowest: int = OR) -> str:
    """An expression as an operand of something that binds at that level."""
    text = text_of(node)
    return text if _level(node) >= lowest else f"({text})"


def operands(nodes: tuple[Expr, ...]) -> str:
    """Expressions with commas between them; pipelines among them stand in parentheses."""
    return ", ".join([value(node) for node in nodes])


def value(node: Expr) -> str:
    """An expression, named or not, where a pipeline needs parentheses."""
    text = text_of(node)
    return f"({text})" if type(node) is Pipeline else text


def _binary(node: Binary) -> str:
    level = _LEVELS[node.operator]
    left = level if level in (SUM, PRODUCT) else level + 1
    written = _WRITTEN.get(node.operator, node.operator)
    return f"{operand(node.left, left)} {written} {operand(node.right, level + 1)}"


def _logical(node: Logical) -> str:
    return f" {node.operator} ".join([operand(item, EQUALITY) for item in node.operands])


def _unary(node: Unary) -> str:
    return node.operator + operand(node.operand, _PATH)


def _in_list(node: InList) -> str:
    items = node.items
    if len(items) == 1 and isinstance(items[0], Pipeline) and items[0].source is not None and items[0].operators:
        listed = text_of(items[0])
    else:
        listed = operands(items)
    return f"{operand(node.left, COMPARISON)} {node.operator} ({listed})"


def _between(node: Between) -> str:
    return f"{operand(node.operand, COMPARISON)} {node.operator} ({operand(node.low)} .. {operand(node.high)})"


def _base(node: Expr) -> str:
    """What a path begins with; a number would swallow the dot."""
    text = operand(node, _PATH)
    return f"({text})" if isinstance(node, Literal) and text[0].isdigit() else text


def _member(node: Member) -> str:
    return f"{_base(node.base)}.{name_text(node.name)}"


def _index(node: Index) -> str:
    inside = node.index.pattern if isinstance(node.index, NamePattern) else operand(node.index)
    return f"{_base(node.base)}[{inside}]"


_QUERY_FUNCTIONS = frozenset({"toscalar", "totable", "materialize"})
_NOT_CALLED_PLAIN = frozenset({"typeof", "bool", "guid"})


def _call(node: Call) -> str:
    name = name_text(node.name) if node.name in _NOT_CALLED_PLAIN else word_text(node.name)
    base = f"{_base(node.base)}." if node.base is not None else ""
    if node.name in _QUERY_FUNCTIONS:
        parameters = "".join([f" {text_of(p)} " for p in node.parameters])
        return f"{base}{name}{parameters}({comma(node.arguments)})"
    return f"{base}{name}({operands(node.arguments)})"


def _type_of(node: TypeOf) -> str:
    if node.type_name is not None:
        return f"typeof({node.type_name})"
    columns = [text_of(column) for column in node.columns]
    return f"typeof({', '.join([*columns, '*'] if node.open else columns)})"


def _named(node: NamedExpression) -> str:
    names = [name_text(name) for name in node.names]
    prefix = "" if not names else f"{names[0]} = " if len(names) == 1 else f"({', '.join(names)}) = "
    suffix = f" to typeof({node.type_name})" if node.type_name else ""
    return f"{prefix}{operand(node.value)}{suffix}"


def schema(columns: tuple[ColumnDeclaration, ...], *, is_open: bool = False) -> str:
    """``(a:long, b:string)``; an open schema begins with a star."""
    texts = [text_of(column) for column in columns]
    return f"({', '.join(['*', *texts] if is_open else texts)})"


def _data_table(node: DataTable) -> str:
    return f"datatable {schema(node.columns)} [{', '.join([constant(item) for item in node.values])}]"


def constant(node: Expr) -> str:
    """What stands for a constant: a literal, a word, a placeholder."""
    return placeholder_text(node.name) if isinstance(node, Name) else text_of(node)


def _external_data(node: ExternalData) -> str:
    return f"externaldata {schema(node.columns)} [{comma(node.uris)}]{with_list(node.properties)}"


def with_list(properties: tuple[Property, ...]) -> str:
    """`` with (a=1, …)``, or nothing."""
    return f" with ({comma(properties)})" if properties else ""


def _property(node: Property) -> str:
    written = node.value
    return f"{node.name}={constant(written) if isinstance(written, Name) else value(written)}"


def _wildcard(node: TabularWildcard) -> str:
    return f"{_base(node.base)}.{node.pattern}" if node.base is not None else node.pattern


TEXT_OF.update(
    {
        Literal: literal_text,
        Name: lambda node: name_text(node.name),
        NamePattern: lambda node: f"[{node.pattern}]",
        Star: lambda node: "*",
        Member: _member,
        Index: _index,
        Call: _call,
        Unary: _unary,
        Binary: _binary,
        Logical: _logical,
        InList: _in_list,
        Between: _between,
        TypeOf: _type_of,
        Bracketed: lambda node: f"[{operand(node.value)}]",
        NamedExpression: _named,
        ColumnDeclaration: lambda node: f"{name_text(node.name)}:{node.type_name}",
        DataTable: _data_table,
        ExternalData: _external_data,
        Property: _property,
        NameList: lambda node: comma(node.names),
        DataScoped: lambda node: f"{operand(node.table, _PATH)} datascope={node.scope}",
        EntityGroup: lambda node: f"entity_group [{operands(node.items)}]",
        OpaqueTable: lambda node: node.text,
        TabularWildcard: _wildcard,
    }
)
