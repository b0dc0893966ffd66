"""``parse_xml`` in BigQuery: tokens become nodes, nodes are put in the order of the JSON text, and that is put together.

Every step is a subquery over the step before; one that is read twice is an array in between. The service allows it, since only
arrays of one row are read.
"""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling
from transpiler.dialects.xml_syntax import parse_xml


def _decoded(value: str) -> str:
    """A text as the JSON of a string. A number that is no character's is dropped."""
    return (
        "TO_JSON_STRING(ARRAY_TO_STRING(ARRAY(SELECT CASE WHEN STARTS_WITH(@g@, '<![') THEN SUBSTR(@g@, 10, LENGTH(@g@) - 12) "
        "WHEN STARTS_WITH(@g@, '<') THEN '' "
        "WHEN STARTS_WITH(@g@, '&#x') "
        "THEN SAFE.CODE_POINTS_TO_STRING([CAST(CONCAT('0x', SUBSTR(@g@, 4, LENGTH(@g@) - 4)) AS INT64)]) "
        "WHEN STARTS_WITH(@g@, '&#') THEN SAFE.CODE_POINTS_TO_STRING([CAST(SUBSTR(@g@, 3, LENGTH(@g@) - 3) AS INT64)]) "
        "WHEN @g@ = '&lt;' THEN '<' WHEN @g@ = '&gt;' THEN '>' WHEN @g@ = '&amp;' THEN '&' WHEN @g@ = '&apos;' THEN \"'\" "
        "WHEN @g@ = '&quot;' THEN '\"' ELSE @g@ END "
        f"FROM UNNEST(REGEXP_EXTRACT_ALL({value}, {{piece}})) AS @g@ WITH OFFSET AS @q@ ORDER BY @q@), ''))"
    )


_VALUE = r"REGEXP_REPLACE(REGEXP_EXTRACT(@u@, {attribute_value}), r'[\t\n]', ' ')"
_ATTRIBUTES = (
    "ARRAY_TO_STRING(ARRAY(SELECT CONCAT(TO_JSON_STRING(CONCAT('@', REGEXP_EXTRACT(@u@, {attribute_name}))), ':', "
    + _decoded(_VALUE)
    + ") FROM UNNEST(REGEXP_EXTRACT_ALL(@t@, {attribute})) AS @u@ WITH OFFSET AS @r@ ORDER BY @r@), ',')"
)
_NEXT_TAG = "(PARTITION BY @l@, @s@ = 0 ORDER BY @i@)"
# y: whether tokens cover the text. i: place. t: token. s: 1 opens, -1 closes, 0 neither. n: name.
_TAGS = (
    "SELECT @y@, ROW_NUMBER() OVER (ORDER BY @i@) AS @i@, @t@, CASE WHEN STARTS_WITH(@t@, '</') THEN -1 "
    "WHEN REGEXP_CONTAINS(@t@, {tag}) AND NOT ENDS_WITH(@t@, '/>') THEN 1 ELSE 0 END AS @s@, "
    "IF(REGEXP_CONTAINS(@t@, {tag}), REGEXP_EXTRACT(@t@, {tag_name}), '#text') AS @n@ "
    r"FROM UNNEST([REGEXP_REPLACE({text}, r'\r\n?', '\n')]) AS @x@, "
    "UNNEST([STRUCT(REGEXP_EXTRACT_ALL(@x@, {token}) AS @w@)]), UNNEST([ARRAY_TO_STRING(@w@, '') = @x@]) AS @y@, "
    "UNNEST(@w@) AS @t@ WITH OFFSET AS @i@ WHERE NOT REGEXP_CONTAINS(@t@, {blank})"
)
# What windows tell is taken apart one step later: BigQuery's analyzer takes no window function within IF and CASE.
# l: depth. h: is all that stands between two tags. z: is a tag whose end is next. a: attributes.
_BESIDE = (
    "SELECT @y@, @i@, @t@, @s@, @n@, SUM(@s@) OVER (ORDER BY @i@) AS @l@, LAG(@s@, 1, 0) OVER (ORDER BY @i@) AS @b@, "
    f"LEAD(@s@, 1, 0) OVER (ORDER BY @i@) AS @e@ FROM ({_TAGS})"
)
_LEVELS = (
    "SELECT @y@, @i@, @t@, @s@, @n@, @l@ - GREATEST(@s@, 0) AS @l@, @n@ = '#text' AND @b@ = 1 AND @e@ = -1 AS @h@, "
    f"@e@ - @s@ = -2 AS @z@, IF(@n@ = '#text', '', {_ATTRIBUTES}) AS @a@ FROM ({_BESIDE})"
)
# e: the place of its end. k: whether it has one. v: the value of a text. h: the text is the value of the element.
_ENDS = (
    f"SELECT @y@, @i@, @t@, @s@, @n@, @l@, @h@, @z@, @a@, LEAD(@i@) OVER {_NEXT_TAG} AS @e@, LEAD(@s@) OVER {_NEXT_TAG} AS @k@, "
    f"LEAD(@n@) OVER {_NEXT_TAG} AS @m@, LAG(@a@, 1, '') OVER (ORDER BY @i@) AS @b@ FROM ({_LEVELS})"
)
_TEXT = "IF(@h@, @t@, REGEXP_REPLACE(@t@, {edge}, ''))"
_PAIRS = (
    "SELECT @y@, @i@, @s@, @n@, @l@, @z@, @a@, IF(@s@ = 0, @i@, @e@) AS @e@, @s@ < 1 OR COALESCE(@k@ = -1 AND @m@ = @n@, FALSE) "
    f"AS @k@, @h@ AND @b@ = '' AS @h@, IF(@n@ = '#text', {_decoded(_TEXT)}, NULL) AS @v@ FROM ({_ENDS})"
)
# b: what it begins with. m: whether members follow. k: whether the whole is XML.
_AROUND = (
    "SELECT @y@, @i@, @e@, @s@, @n@, @h@, @z@, @a@, @v@, LEAD(@h@, 1, FALSE) OVER (ORDER BY @i@) AS @m@, "
    "LEAD(@v@) OVER (ORDER BY @i@) AS @b@, LOGICAL_AND(@k@) OVER () AS @k@, SUM(@s@) OVER () AS @f@, "
    f"SUM(CASE WHEN @l@ > 0 OR @s@ < 0 THEN 0 WHEN @n@ = '#text' THEN 2 ELSE 1 END) OVER () AS @c@ FROM ({_PAIRS})"
)
_NODES = (
    "SELECT AS STRUCT @i@, @e@, @s@, @n@, @h@, @i@ + 1 < @e@ AND NOT @m@ AS @m@, "
    "CASE WHEN @n@ = '#text' THEN @v@ WHEN @m@ THEN @b@ WHEN @s@ = 0 OR @z@ THEN IF(@a@ = '', 'null', CONCAT('{', @a@, '}')) "
    "ELSE CONCAT('{', @a@, IF(@a@ = '', '', ',')) END AS @b@, "
    f"@y@ AND @k@ AND @f@ = 0 AND @c@ = 1 AS @k@ FROM ({_AROUND})"
)
# p: the place of the element around it.
_INNER = (
    "SELECT @d@.*, (SELECT MAX(@o@.@i@) FROM UNNEST(@nodes@) AS @o@ "
    "WHERE @o@.@s@ = 1 AND @o@.@i@ < @d@.@i@ AND @d@.@i@ < @o@.@e@) AS @p@ "
    "FROM UNNEST(@nodes@) AS @d@ WHERE @d@.@s@ >= 0 AND NOT @d@.@h@"
)
# f: the place of the first of its name. b, c: what it begins and ends with.
_SIBLINGS = (
    "SELECT @i@, @e@, @k@, @n@, @m@, @b@, MIN(@i@) OVER (PARTITION BY @p@) AS @a@, MIN(@i@) OVER (PARTITION BY @p@, @n@) AS @f@, "
    f"MAX(@i@) OVER (PARTITION BY @p@, @n@) AS @z@ FROM ({_INNER})"
)
_MEMBERS = (
    "SELECT AS STRUCT @i@, @e@, @k@, @f@, CONCAT(IF(@i@ = @a@, '', ','), "
    "IF(@i@ > @f@, '', CONCAT('\"', @n@, '\":', IF(@z@ > @i@, '[', ''))), @b@) AS @b@, "
    f"CONCAT(IF(@m@, '}}', ''), IF(@f@ < @i@ AND @i@ = @z@, ']', '')) AS @c@ FROM ({_SIBLINGS})"
)
# o: the order of the JSON text: of what is around it the first of its name and itself, from the outside to it.
_ORDER = (
    "(SELECT STRING_AGG(FORMAT('%07d%07d', @o@.@f@, @o@.@i@), '' ORDER BY @o@.@i@) FROM UNNEST(@members@) AS @o@ "
    "WHERE @d@.@i@ BETWEEN @o@.@i@ AND @o@.@e@)"
)
_TEMPLATE = (
    "(SELECT IF(LOGICAL_AND(@d@.@k@), CONCAT('{', STRING_AGG(@j@.@v@, '' ORDER BY @j@.@p@), '}'), NULL) "
    f"FROM UNNEST([STRUCT(ARRAY({_NODES}) AS @nodes@)]), UNNEST([STRUCT(ARRAY({_MEMBERS}) AS @members@)]), "
    f"UNNEST(@members@) AS @d@, UNNEST([{_ORDER}]) AS @f@, "
    "UNNEST([STRUCT(@f@ AS @p@, @d@.@b@ AS @v@), STRUCT(CONCAT(@f@, '~'), @d@.@c@)]) AS @j@)"
)

SPELLINGS: dict[str, Spelling] = {"parse_xml": parse_xml(_TEMPLATE)}
