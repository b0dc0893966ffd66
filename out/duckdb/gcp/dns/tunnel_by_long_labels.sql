/* Cloud DNS - Tunnel in long labels
   id: 8c1c6a1b-3a43-4f0b-8f5e-2d7b1e6c9a03, version 1.0.0
   source: rules/gcp/dns/tunnel_by_long_labels.yaml, sha256 6660966d5da165b2e9d436972ac1570e03dd6624283a5d4268be5b36d031b0d7 */
WITH where_2 AS (
  /* GCPCloudDNS | where QueryTypeName in~ ("TXT", "NULL", "CNAME", "A", "AAAA") */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.queryType' AS QueryTypeName,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND LOWER(entry ->> '$.jsonPayload.queryType') IN ('txt', 'null', 'cname', 'a', 'aaaa')
), extend_3 AS (
  /* extend Labels = split(trim_end(@"\.", Query), ".") */
  SELECT
    *,
    CAST(to_json(string_split(COALESCE(regexp_replace(Query, '(?:\.)$', '', 'g'), ''), '.')) AS TEXT) AS Labels
  FROM where_2
), extend_4 AS (
  /* extend Depth = array_length(Labels) */
  SELECT
    *,
    CASE WHEN json_type(Labels) = 'ARRAY' THEN CAST(len(json_extract(Labels, '$[*]')) AS BIGINT) END AS Depth
  FROM extend_3
), where_5 AS (
  /* where Depth >= 3 */
  SELECT
    *
  FROM extend_4
  WHERE
    Depth >= 3
), extend_6 AS (
  /* extend First = tostring(Labels[0]), Parent = strcat(tostring(Labels[Depth - 2]), ".", tostring(Labels[Depth - 1])) */
  SELECT
    *,
    Labels ->> '$[0]' AS First,
    concat((Labels -> CAST(Depth - 2 AS BIGINT)) ->> '$', '.', (Labels -> CAST(Depth - 1 AS BIGINT)) ->> '$') AS Parent
  FROM where_5
), where_7 AS (
  /* where strlen(First) >= 40 */
  SELECT
    *
  FROM extend_6
  WHERE
    length(COALESCE(First, '')) >= 40
), summarize_8 AS (
  /* summarize Lookups = count(), Payloads = dcount(First), Bytes = sum(strlen(First)), LastSeen = max(TimeGenerated) by SrcIpAddr, Parent */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    Parent,
    COUNT(*) AS Lookups,
    COUNT(DISTINCT COALESCE(First, '')) AS Payloads,
    CAST(sum(length(COALESCE(First, ''))) AS BIGINT) AS "Bytes",
    max(TimeGenerated) AS LastSeen
  FROM where_7
  GROUP BY
    1,
    2
)
/* where Payloads >= 20 */
SELECT
  *
FROM summarize_8
WHERE
  Payloads >= 20
