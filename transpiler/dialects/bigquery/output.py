"""What a column of a result may be called in BigQuery.

The analyser takes any name; the service refuses the result (https://cloud.google.com/bigquery/docs/schemas#flexible-column-names:
letters, digits, marks, dashes, blanks and few others, at most 300, and no prefix of its own pseudo-columns).
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 300
_FORBIDDEN = re.compile(r"""[!"$()*,./;?@\[\\\]^`{}~\x00-\x1f\x7f]""")
_PREFIXES = (
    "_TABLE_",
    "_FILE_",
    "_PARTITION",
    "_ROW_TIMESTAMP",
    "__ROOT__",
    "_COLIDENTIFIER",
    "_CHANGE_SEQUENCE_NUMBER",
    "_CHANGE_TYPE",
    "_CHANGE_TIMESTAMP",
)


def output_name(name: str, ending: str) -> str:
    """The name with an underscore for each character that is not allowed, and before a prefix that is not, and the ending."""
    spelled = _FORBIDDEN.sub("_", name)
    whole = f"_{spelled}" if spelled.upper().startswith(_PREFIXES) else spelled
    return f"{whole[: MOST_CHARACTERS - len(ending)]}{ending}"
