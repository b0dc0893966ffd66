"""``parse_xml`` in DuckDB: tokens become nodes, nodes are put in the order of the JSON text, and that is put together.

The subquery speaks of one value only, but DuckDB takes none within a lambda.
"""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling
from transpiler.dialects.xml_syntax import parse_xml


def _decoded(value: str) -> str:
    """A text as the JSON of a string. A number that is no character's is dropped."""
    return (
        f"CAST(to_json(array_to_string(list_transform(regexp_extract_all({value}, {{piece}}), lambda @g@: CASE "
        "WHEN starts_with(@g@, '<![') THEN @g@[10:-4] WHEN starts_with(@g@, '<') THEN '' "
        "WHEN starts_with(@g@, '&#x') THEN TRY(chr(CAST(concat('0x', @g@[4:-2]) AS INT))) "
        "WHEN starts_with(@g@, '&#') THEN TRY(chr(CAST(@g@[3:-2] AS INT))) "
        "WHEN @g@ = '&lt;' THEN '<' WHEN @g@ = '&gt;' THEN '>' WHEN @g@ = '&amp;' THEN '&' WHEN @g@ = '&apos;' THEN '''' "
        "WHEN @g@ = '&quot;' THEN '\"' ELSE @g@ END), '')) AS TEXT)"
    )


_VALUE = r"regexp_replace(regexp_extract(@w@, {attribute_value}, 1), '[\t\n]', ' ', 'g')"
_ATTRIBUTES = (
    "array_to_string(list_transform(regexp_extract_all(@t@, {attribute}, 1), lambda @w@: "
    "concat(CAST(to_json(concat('@', regexp_extract(@w@, {attribute_name}))) AS TEXT), ':', "
    + _decoded(_VALUE)
    + ")), ',')"
)
_NEXT_TAG = "(PARTITION BY @l@, @s@ = 0 ORDER BY @i@)"
# i: place. t: token. s: 1 opens, -1 closes, 0 neither. n: name.
_TAGS = (
    "SELECT row_number() OVER (ORDER BY @i@) AS @i@, @t@, CASE WHEN starts_with(@t@, '</') THEN -1 "
    "WHEN regexp_matches(@t@, {tag}) AND NOT ends_with(@t@, '/>') THEN 1 ELSE 0 END AS @s@, "
    "CASE WHEN regexp_matches(@t@, {tag}) THEN regexp_extract(@t@, {tag_name}, 1) ELSE '#text' END AS @n@ "
    "FROM (SELECT unnest(@w@) AS @t@, generate_subscripts(@w@, 1) AS @i@ FROM @whole@) WHERE NOT regexp_matches(@t@, {blank})"
)
# l: depth. h: is all that stands between two tags. z: is a tag whose end is next. a: attributes.
_LEVELS = (
    "SELECT @i@, @t@, @s@, @n@, sum(@s@) OVER (ORDER BY @i@) - greatest(@s@, 0) AS @l@, "
    "@s@ = 0 AND lag(@s@, 1, 0) OVER (ORDER BY @i@) = 1 AND lead(@s@, 1, 0) OVER (ORDER BY @i@) = -1 AND @n@ = '#text' AS @h@, "
    "lead(@s@, 1, 0) OVER (ORDER BY @i@) - @s@ = -2 AS @z@, "
    f"CASE WHEN @n@ = '#text' THEN '' ELSE {_ATTRIBUTES} END AS @a@ FROM ({_TAGS})"
)
_TEXT = "CASE WHEN @h@ THEN @t@ ELSE regexp_replace(@t@, {edge}, '', 'g') END"
# e: the place of its end. k: whether it has one. v: the value of a text. h: the text is the value of the element.
_PAIRS = (
    f"SELECT @i@, @s@, @n@, @l@, @z@, @a@, CASE WHEN @s@ = 0 THEN @i@ ELSE lead(@i@) OVER {_NEXT_TAG} END AS @e@, "
    f"@s@ < 1 OR COALESCE(lead(@s@) OVER {_NEXT_TAG} = -1 AND lead(@n@) OVER {_NEXT_TAG} = @n@, FALSE) AS @k@, "
    "@h@ AND lag(@a@, 1, '') OVER (ORDER BY @i@) = '' AS @h@, "
    f"CASE WHEN @n@ = '#text' THEN {_decoded(_TEXT)} END AS @v@ "
    f"FROM ({_LEVELS})"
)
# b: what it begins with. m: whether members follow. k: whether the whole is XML.
_NODES = (
    "SELECT @i@, @e@, @s@, @n@, @h@, @i@ + 1 < @e@ AND NOT lead(@h@, 1, FALSE) OVER (ORDER BY @i@) AS @m@, "
    "CASE WHEN @n@ = '#text' THEN @v@ WHEN lead(@h@, 1, FALSE) OVER (ORDER BY @i@) THEN lead(@v@) OVER (ORDER BY @i@) "
    "WHEN @s@ = 0 OR @z@ THEN CASE WHEN @a@ = '' THEN 'null' ELSE concat('{', @a@, '}') END "
    "ELSE concat('{', @a@, CASE WHEN @a@ = '' THEN '' ELSE ',' END) END AS @b@, "
    "bool_and(@k@) OVER () AND sum(@s@) OVER () = 0 AND sum(CASE WHEN @l@ > 0 OR @s@ < 0 THEN 0 WHEN @n@ = '#text' THEN 2 "
    f"ELSE 1 END) OVER () = 1 AS @k@ FROM ({_PAIRS})"
)
# p: the place of the element around it.
_INNER = (
    "SELECT @i@, @e@, @n@, @m@, @b@, @k@, (SELECT max(@o@.@i@) FROM @nodes@ AS @o@ "
    "WHERE @o@.@s@ = 1 AND @o@.@i@ < @d@.@i@ AND @d@.@i@ < @o@.@e@) AS @p@ "
    "FROM @nodes@ AS @d@ WHERE @s@ >= 0 AND NOT @h@"
)
_FIRST, _LAST = "min(@i@) OVER (PARTITION BY @p@, @n@)", "max(@i@) OVER (PARTITION BY @p@, @n@)"
# f: the place of the first of its name. b, c: what it begins and ends with.
_MEMBERS = (
    f"SELECT @i@, @e@, @k@, {_FIRST} AS @f@, concat(CASE WHEN @i@ = min(@i@) OVER (PARTITION BY @p@) THEN '' ELSE ',' END, "
    f"CASE WHEN @i@ > {_FIRST} THEN '' ELSE concat('\"', @n@, '\":', CASE WHEN {_LAST} > @i@ THEN '[' ELSE '' END) END, @b@) "
    f"AS @b@, concat(CASE WHEN @m@ THEN '}}' ELSE '' END, CASE WHEN {_FIRST} < @i@ AND @i@ = {_LAST} THEN ']' ELSE '' END) "
    f"AS @c@ FROM ({_INNER})"
)
# o: the order of the JSON text: of what is around it the first of its name and itself, from the outside to it.
_ORDERED = (
    "SELECT @d@.@i@, any_value(@d@.@b@) AS @b@, any_value(@d@.@c@) AS @c@, any_value(@d@.@k@) AS @k@, "
    "string_agg(printf('%07d%07d', @o@.@f@, @o@.@i@), '' ORDER BY @o@.@i@) AS @o@ "
    "FROM @members@ AS @d@ JOIN @members@ AS @o@ ON @d@.@i@ BETWEEN @o@.@i@ AND @o@.@e@ GROUP BY @d@.@i@"
)
_WHOLE = "SELECT @x@, regexp_extract_all(@x@, {token}) AS @w@ FROM (SELECT regexp_replace({text}, '\\r\\n?', chr(10), 'g') AS @x@)"
_TEMPLATE = (
    f"(WITH @whole@ AS ({_WHOLE}), @nodes@ AS ({_NODES}), @members@ AS ({_MEMBERS}), @ordered@ AS ({_ORDERED}) "
    "SELECT CASE WHEN bool_and(@k@) AND (SELECT array_to_string(@w@, '') = @x@ FROM @whole@) "
    "THEN concat('{', string_agg(@b@, '' ORDER BY @o@), '}') END FROM "
    "(SELECT @k@, @o@, @b@ FROM @ordered@ UNION ALL SELECT @k@, concat(@o@, '~'), @c@ FROM @ordered@))"
)

SPELLINGS: dict[str, Spelling] = {"parse_xml": parse_xml(_TEMPLATE)}
