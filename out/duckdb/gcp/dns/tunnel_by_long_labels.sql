/* Cloud DNS - Tunnel in long labels
   id: 8c1c6a1b-3a43-4f0b-8f5e-2d7b1e6c9a03, version 1.0.0
   source: rules/gcp/dns/tunnel_by_long_labels.yaml, sha256 6660966d5da165b2e9d436972ac1570e03dd6624283a5d4268be5b36d031b0d7 */
WITH extend_4 AS (
  /* GCPCloudDNS | where QueryTypeName in~ ("TXT", "NULL", "CNAME", "A", "AA… */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr,
    CAST(to_json(
      string_split(COALESCE(regexp_replace(entry ->> '$.jsonPayload.queryName', '(?:\.)$', '', 'g'), ''), '.')
    ) AS TEXT) AS Labels,
    list_transform(
      [
        CAST(to_json(
          string_split(COALESCE(regexp_replace(entry ->> '$.jsonPayload.queryName', '(?:\.)$', '', 'g'), ''), '.')
        ) AS TEXT)
      ],
      LAMBDA v : CASE WHEN json_type(v) = 'ARRAY' THEN CAST(len(json_extract(v, '$[*]')) AS BIGINT) END
    )[1] AS Depth
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND LOWER(entry ->> '$.jsonPayload.queryType') IN ('txt', 'null', 'cname', 'a', 'aaaa')
), summarize_8 AS (
  /* where Depth >= 3 | extend First = tostring(Labels[0]), Parent = strcat(… */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    concat((Labels -> CAST(Depth - 2 AS BIGINT)) ->> '$', '.', (Labels -> CAST(Depth - 1 AS BIGINT)) ->> '$') AS Parent,
    COUNT(*) AS Lookups,
    COUNT(DISTINCT COALESCE(Labels ->> '$[0]', '')) AS Payloads,
    CAST(sum(length(COALESCE(Labels ->> '$[0]', ''))) AS BIGINT) AS "Bytes",
    max(TimeGenerated) AS LastSeen
  FROM extend_4
  WHERE Depth >= 3 AND length(COALESCE(Labels ->> '$[0]', '')) >= 40
  GROUP BY 1, 2
)
/* where Payloads >= 20 */
SELECT *
FROM summarize_8
WHERE Payloads >= 20
