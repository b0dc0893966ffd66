"""Functions of Kusto that no target can answer exactly, each with the reason and, where there is one, the way out."""

from __future__ import annotations

from transpiler.functions.registry import FUNCTIONS, Function, Kind, Naming, refused

refused(
    "xxHash64 is in neither BigQuery nor DuckDB, and a hash that differs is no hash of Kusto's; of a constant it is computed",
    *("hash", "hash_xxhash64"),
    hint="hash_sha256, hash_sha1 and hash_md5 are translated",
)
refused(
    "how Kusto combines hashes is not documented",
    *("hash_combine", "hash_many"),
    *("__hash_xxh64", "__hash_crc32", "__hash_djb2", "__hash_many_crc32"),
    hint="hash_sha256, hash_sha1 and hash_md5 are translated",
)
refused(
    "its values differ from run to run, so that no fixture could prove the rule",
    *("rand", "new_guid"),
    hint="hash_md5 of columns gives a value that stays",
)
refused(
    "it needs Kusto's list of browsers and devices",
    "parse_user_agent",
    hint="has, matches regex or extract on the user agent's text",
)
refused(
    "it needs Kusto's database of the places of addresses",
    "geo_info_from_ip_address",
    hint="a table of networks as a source, joined by ipv4_lookup",
)
refused(
    "neither target has this codec; of a constant it is computed",
    *("gzip_decompress_from_base64_string", "zlib_decompress_from_base64_string"),
    *("punycode_to_string", "punycode_from_string"),
    *("punycode_domain_to_string", "punycode_domain_from_string"),
)
refused(
    "neither target has this codec",
    *("gzip_compress_to_base64_string", "zlib_compress_to_base64_string"),
    "__lz4_compress_dynamic_array_to_base64_string",
)

# What Kusto knows of itself, of the session and of its storage.
# Bound on rows of a table whose source says which column holds it.
FUNCTIONS.add(
    Function(
        "ingestion_time",
        Kind.SCALAR,
        (),
        Naming.PREFIX_ONLY,
        "$IngestionTime",
        refusal="when a row arrived is a column of the table, and no source says which",
        hint="declare it in the table's source or schema file: 'ingestion_time: COLUMN'",
    )
)
refused(
    "it tells of the session in Kusto, which a scheduled query has not",
    *("current_database", "current_cluster_endpoint", "current_node_id"),
    *("current_principal", "current_principal_details", "current_principal_is_member_of"),
    hint="a literal, or a parameter of the query",
)
refused(
    "it tells of Kusto's own storage",
    *("extent_id", "extentid", "extent_tags", "rowstore_ordinal_range"),
    *("cursor_after", "cursor_before_or_at", "cursor_current", "current_cursor"),
)
refused("it tells of Kusto's own storage; of longs and strings it is computed", "estimate_data_size")
refused(
    "it is internal to Kusto",
    *("__invoke", "__cast", "__ipv6_lookup_ranges"),
)
refused("it is internal to Kusto", "passthrough", kind=Kind.AGGREGATE)
refused(
    "it names what only a database of Kusto holds",
    *("external_table", "materialized_view", "stored_query_result", "graph", "entity_group", "cluster", "database"),
    hint="declare the table's columns in a schema file and name it without the function",
)

# Sketches as scalars; the aggregates that make them are refused in aggregates.
refused(
    "its argument is a sketch that only Kusto reads",
    *("percentile_tdigest", "percentiles_array_tdigest", "percentrank_tdigest", "rank_tdigest", "tdigest_isvalid"),
    *("tdigest_merge", "merge_tdigest", "hll_merge", "dcount_hll", "hll_isvalid", "__hll_normalize"),
    hint="dcount and percentile are exact here",
)
refused(
    "it stands within graph-match only, which is not translated",
    *("all", "any", "map", "inner_nodes", "node_id", "node_degree_in", "node_degree_out", "labels"),
)
refused(
    "its answer depends on the geometry library and its cells",
    *("geo_closest_point_on_line", "geo_closest_point_on_polygon", "geo_distance_point_to_line"),
    *("geo_distance_point_to_polygon", "geo_intersects_2lines", "geo_intersects_2polygons"),
    *("geo_intersects_line_with_polygon", "geo_intersection_2lines", "geo_intersection_2polygons"),
    *("geo_intersection_line_with_polygon", "geo_union_polygons_array", "geo_union_lines_array"),
    *("geo_simplify_polygons_array", "geo_polygon_to_h3cells", "geo_polygon_to_s2cells", "geo_polygon_densify"),
    *("geo_polygon_area", "geo_polygon_buffer", "geo_polygon_centroid"),
    *("geo_polygon_simplify", "geo_line_buffer", "geo_line_centroid", "geo_line_densify"),
    *("geo_line_simplify", "geo_line_locate_point", "geo_line_interpolate_point", "geo_line_to_s2cells"),
    *("geo_point_buffer", "geo_point_to_s2cell"),
    *("geo_s2cell_to_central_point", "geo_s2cell_to_polygon", "geo_s2cell_neighbors", "geo_point_to_h3cell"),
    *("geo_h3cell_to_central_point", "geo_h3cell_to_polygon", "geo_h3cell_neighbors", "geo_h3cell_children"),
    *("geo_h3cell_parent", "geo_h3cell_rings", "geo_h3cell_level"),
    *("__geo_polygon_s2cell_covering_level", "__geo_polygon_validate", "__geo_line_s2cell_covering_level"),
    *("__geo_line_validate", "__geo_length_to_s2cell_level"),
    hint="geo_distance_2points, geo_point_in_circle and geo_point_in_polygon are translated",
)
refused(
    "which texts Kusto reads as shapes is not documented in full; of a constant it is computed where that is known",
    "geo_from_wkt",
    hint="parse_json reads a shape in GeoJSON",
)
refused(
    "it measures the union of lines, which may cross; of a constant without crossings it is computed",
    *("geo_line_length", "geo_polygon_perimeter"),
    hint="geo_distance_2points and geo_point_in_circle are translated",
)
