"""The pairs of a text in which any character that is no letter and no digit may part keys from values.

Kusto's page does not say whether words are paired as they come or a key is looked for with the word behind it. Where both
come to the same, that is the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SEPARATOR = re.compile(r"\s*[:=]\s*")
_WORD = "[0-9A-Za-z]+"
_ENDS = frozenset(",;|&)]} \t\r\n")  # what may stand behind a value: more may be part of it


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


def paired(text: str, keys: Sequence[str], quote: str, escape: str) -> dict[str, str] | None:
    """The value of each key, '' for none; None where it is open how the words pair."""
    if not text.isascii() or "_" in text or not all(re.fullmatch(_WORD, key) for key in keys):
        return None
    words = _words(text, quote, escape)
    found: dict[str, str] = {}
    for key in keys:
        at = [place for place, word in enumerate(words) if word.text == key]
        if not at:
            found[key] = ""
            continue
        first = at[0]
        is_pair = first + 1 < len(words) and first % 2 == 0
        if not is_pair or not _is_parted(text, words[first], words[first + 1]):
            return None
        found[key] = words[first + 1].text
    return found


def _words(text: str, quote: str, escape: str) -> list[_Word]:
    pattern = rf"(?P<word>{_WORD})"
    if quote:
        closing = re.escape(quote[-1])
        within = rf"(?:[^{closing}{re.escape(escape)}]|{re.escape(escape)}.)*" if escape else f"[^{closing}]*"
        pattern = rf"{re.escape(quote[0])}(?P<quoted>{within}){closing}|{pattern}"
    found: list[_Word] = []
    for match in re.finditer(pattern, text, re.DOTALL):
        value = match["word"]
        if value is None:
            value = re.sub(rf"(?s){re.escape(escape)}(.)", r"\1", match["quoted"]) if escape else match["quoted"]
        found.append(_Word(value, match.start(), match.end()))
    return found


def _is_parted(text: str, key: _Word, value: _Word) -> bool:
    """Whether a colon or an equals sign alone stands between the two, and the value ends for certain."""
    between = text[key.end : value.start]
    return bool(_SEPARATOR.fullmatch(between)) and (value.end == len(text) or text[value.end] in _ENDS)
