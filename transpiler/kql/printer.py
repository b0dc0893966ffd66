"""Canonical KQL for any node: what is printed parses back to the same tree, places aside.

A query's pipelines go one operator to a line; operators, types and constants have one spelling; names are bracketed
where they are no plain words; parentheses stand where the tree needs them.
"""

from __future__ import annotations

from transpiler.kql.print_expressions import constant, operands, schema, value, with_list
from transpiler.kql.print_operators import pipeline_text
from transpiler.kql.print_text import TEXT_OF, name_text, text_of
from transpiler.kql.syntax import (
    AliasDatabase,
    Call,
    ControlCommand,
    DeclareParameters,
    DeclarePattern,
    FunctionBody,
    Let,
    Node,
    Parameter,
    Pipeline,
    Query,
    QueryStatement,
    RestrictAccess,
    SetOption,
)


def print_query(query: Query) -> str:
    """The query's text: statements with semicolons between them, a line break at the end."""
    return _query(query) + "\n"


def print_node(node: Node) -> str:
    """The text of one node of any kind."""
    return text_of(node)


def _query(node: Query) -> str:
    are_commands = isinstance(next(iter(node.statements), None), ControlCommand)
    return ("\n\n" if are_commands else ";\n").join([text_of(statement) for statement in node.statements])


def _lines(node: Node) -> str:
    return pipeline_text(node, "\n| ") if isinstance(node, Pipeline) else text_of(node)


def _let(node: Let) -> str:
    if isinstance(node.value, Call | FunctionBody):
        return f"let {name_text(node.name)} = {text_of(node.value)}"
    return f"let {name_text(node.name)} = {_lines(node.value)}"


def _function(node: FunctionBody) -> str:
    view = "view " if node.is_view else ""
    parameters = ", ".join([text_of(parameter) for parameter in node.parameters])
    if not node.statements:
        return f"{view}({parameters}) {{ }}"
    ends = "" if isinstance(node.statements[-1], QueryStatement) else ";"
    body = ";\n".join([text_of(statement) for statement in node.statements])
    return f"{view}({parameters}) {{\n{body}{ends}\n}}"


def _parameter(node: Parameter) -> str:
    if node.columns is not None:
        type_text = "(*)" if node.open else schema(node.columns)
    else:
        type_text = node.type_name or ""
    default = f"={constant(node.default)}" if node.default is not None else ""
    return f"{name_text(node.name)}:{type_text}{default}"


def _command(node: ControlCommand) -> str:
    content = ";\n".join([text_of(part) for part in node.content])
    is_function = any(isinstance(part, FunctionBody) for part in node.content)
    return (
        f".{node.verb} "
        + (f"function {name_text(node.name)}" if is_function else f"{name_text(node.name)} <|\n")
        + content
    )


def _set(node: SetOption) -> str:
    return f"set {name_text(node.name)}" + (f" = {value(node.value)}" if node.value is not None else "")


def _restrict(node: RestrictAccess) -> str:
    return f"restrict access to ({operands(node.items)}){with_list(node.properties)}"


def _declare(node: DeclareParameters) -> str:
    return f"declare query_parameters ({', '.join([text_of(parameter) for parameter in node.parameters])})"


TEXT_OF.update(
    {
        Query: _query,
        QueryStatement: lambda node: _lines(node.value),
        Let: _let,
        FunctionBody: _function,
        Parameter: _parameter,
        SetOption: _set,
        RestrictAccess: _restrict,
        ControlCommand: _command,
        DeclareParameters: _declare,
        DeclarePattern: lambda node: node.text,
        AliasDatabase: lambda node: f"alias database {name_text(node.name)} = {value(node.value)}",
    }
)
