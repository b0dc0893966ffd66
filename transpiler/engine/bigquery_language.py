"""What BigQuery has of GoogleSQL.

The open-source engine knows more than the service. Whatever it accepts only because of these would be refused in
production, so each is taken away here; where the service's state is in doubt (previews), it is taken away as well.
Names are those of ZetaSQL's ``LanguageFeature`` without ``FEATURE_`` and version, and of its built-in functions.
https://cloud.google.com/bigquery/docs/reference/standard-sql
"""

from __future__ import annotations

import re

_CLAUSES = """
    AGGREGATE_FILTERING MULTILEVEL_AGGREGATION MULTILEVEL_AGGREGATION_ON_UDAS LATERAL_JOIN MULTIWAY_UNNEST
    LIMIT_OFFSET_EXPRESSIONS WITH_RECURSIVE_DEPTH_MODIFIER MATCH_RECOGNIZE CHAINED_FUNCTION_CALLS LITERAL_CONCATENATION
    FOR_UPDATE INSERT_ON_CONFLICT_CLAUSE STRATIFIED_RESERVOIR_TABLESAMPLE ALLOW_SLASH_PATHS STRUCT_POSITIONAL_ACCESSOR
    INLINE_LAMBDA_ARGUMENT SAFE_FUNCTION_CALL_WITH_LAMBDA_ARGS UNNEST_AND_FLATTEN_ARRAYS ENABLE_MEASURES
    ANONYMIZATION ANONYMIZATION_CASE_INSENSITIVE_OPTIONS AGGREGATION_THRESHOLD EXPERIMENTAL_MODULES ENCRYPTION
"""
_COMPARISONS = """
    ARRAY_EQUALITY ARRAY_ORDERING ARRAY_GREATEST_LEAST JSON_TYPE_COMPARISON BETWEEN_UINT64_INT64
    IMPLICIT_COERCION_STRING_LITERAL_TO_BYTES
"""
_FUNCTION_FAMILIES = """
    FIRST_AND_LAST_N ARRAY_FIND_FUNCTIONS ARRAY_ZIP ARRAY_AGGREGATION_FUNCTIONS NULLIFZERO_ZEROIFNULL PI_FUNCTIONS
    DOT_PRODUCT MANHATTAN_DISTANCE L1_NORM L2_NORM TOKENIZED_SEARCH TIMESTAMP_FROM_UNIX_FUNCTIONS_WITH_UINT64
    KLL_WEIGHTS KLL_QUANTILES_EXTRACT_RELATIVE_RANK KLL_FLOAT64_PRIMARY_WITH_DOUBLE_ALIAS JSON_CONTAINS_FUNCTION
    BITWISE_AGGREGATE_BYTES_SIGNATURES PARSE_TIMESTAMP_WITH_PRECISION_AND_TIMEZONE TYPEOF_FUNCTION
    ENABLE_CONSTANT_EXPRESSION_IN_JSON_PATH
"""
_TYPES = """
    TIMESTAMP_NANOS TIMESTAMP_PICOS TIMESTAMP_PRECISION UUID_TYPE EXTRACT_FROM_PROTO FILTER_FIELDS REPLACE_FIELDS
    REPLACE_FIELDS_ALLOW_MULTI_ONEOF PROTO_MAPS PROTO_DEFAULT_IF_NULL PROTO_EXTENSIONS_WITH_NEW
    PROTO_EXTENSIONS_WITH_SET BRACED_PROTO_CONSTRUCTORS ENUM_VALUE_DESCRIPTOR_PROTO IGNORE_PROTO3_USE_DEFAULTS
    FROM_AND_TO_PROTO_INTERVAL EXTRACT_ONEOF_CASE
"""
_ABSENT = frozenset(" ".join((_CLAUSES, _COMPARISONS, _FUNCTION_FAMILIES, _TYPES)).split())
_ABSENT_PREFIXES = ("PIPE", "SQL_GRAPH", "GROUP_BY_GRAPH", "CREATE_", "ALTER_")
# Off unless asked for, although the service behaves so.
_ADDED = frozenset({"DISABLE_FLOAT32"})

ABSENT_FUNCTIONS = frozenset(
    """
    aead.envelope_decrypt_bytes aead.envelope_decrypt_string aead.envelope_encrypt apply approx_cosine_distance
    approx_dot_product approx_euclidean_distance array_filter array_first_n array_includes array_includes_all
    array_includes_any array_is_distinct array_last_n array_max array_min array_remove_first_n array_remove_last_n
    array_transform bool_array classifier dot_product elementwise_avg elementwise_sum first flatten float64_array
    iferror int64_array is_first is_last iserror json_contains l1_norm l2_norm last lax_bool_array lax_float64_array
    lax_int64_array lax_string_array manhattan_distance match_number match_row_number next nulliferror prev
    regexp_extract_groups safe_to_json split_substr st_askml st_geogfromkml st_nearest_neighbors st_unaryunion
    string_array timestamp_from_unix_micros timestamp_from_unix_millis timestamp_from_unix_seconds
    to_seconds_interval typeof zstd_compress zstd_decompress_to_bytes zstd_decompress_to_string
    """.split()
)


def offered(feature: str, default: bool) -> bool:
    """Whether BigQuery has a language feature; ``default`` is the engine's own opinion of a finished product."""
    name = re.sub(r"^FEATURE_(V_\d+_\d+_)?", "", feature)
    if name in _ADDED:
        return True
    return default and name not in _ABSENT and not name.startswith(_ABSENT_PREFIXES)
