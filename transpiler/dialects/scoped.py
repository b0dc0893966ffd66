"""Templates that name variables of their own: of a lambda, of a subquery over an array.

Such a variable would hide a column of the same name that stands in a slot, so its name is chosen when the slots are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count

from sqlglot import exp

from transpiler.dialects.spelling import Speller

_VARIABLE = re.compile(r"@([a-z]\w*)")


def scoped(speller: Speller, template: str, **slots: exp.Expr | Sequence[exp.Expr]) -> exp.Expr:
    """A template filled like ``Speller.sql``, in which ``@e`` is a variable's name: ``e``, or ``e1`` … where a slot uses that."""
    trees = [t for s in slots.values() for t in ([s] if isinstance(s, exp.Expr) else s)]
    used = {i.name.lower() for t in trees for i in t.find_all(exp.Identifier)}
    names: dict[str, str] = {}
    for wanted in dict.fromkeys(_VARIABLE.findall(template)):
        free = chain((wanted,), (f"{wanted}{n}" for n in count(1)))
        names[wanted] = next(n for n in free if n not in used)
        used.add(names[wanted])
    return speller.sql(_VARIABLE.sub(lambda m: names[m[1]], template), **slots)
