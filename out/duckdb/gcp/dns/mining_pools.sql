/* Cloud DNS - Lookup of a mining pool
   id: 0d7a5f64-94a5-4c27-bd6a-4b8e0a5d1c04, version 1.0.0
   source: rules/gcp/dns/mining_pools.yaml, sha256 061070eaff1e60ae1a8baeafdd0ef88a49bdbf20246ed19e0b36948536f030c4 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where Query has_any (pools) or Query hasprefix "xmr-" or… */
  SELECT
    COALESCE(entry ->> '$.jsonPayload.sourceIP', '') AS SrcIpAddr,
    COALESCE(entry ->> '$.jsonPayload.queryName', '') AS Query,
    max(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS TimeGenerated,
    COUNT(*) AS Lookups,
    COALESCE(
      arg_max(
        {'ResponseName': (
          entry ->> '$.jsonPayload.rdata'
        ), 'ResponseCodeName': (
          entry ->> '$.jsonPayload.responseCode'
        )},
        TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
      ),
      any_value(
        {'ResponseName': (
          entry ->> '$.jsonPayload.rdata'
        ), 'ResponseCodeName': (
          entry ->> '$.jsonPayload.responseCode'
        )}
      )
    ) AS first_row
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND (
      regexp_matches(
        entry ->> '$.jsonPayload.queryName',
        '(?i)(?:^|[^\pL\pN])(?:minexmr\.com|nanopool\.org|supportxmr\.com|2miners\.com|moneroocean\.stream)(?:$|[^\pL\pN])'
      )
      OR regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)(?:^|[^\pL\pN])xmr-')
      OR (
        regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)(?:^|[^\pL\pN])stratum(?:$|[^\pL\pN])')
        AND regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)(?:^|[^\pL\pN])pool(?:$|[^\pL\pN])')
      )
    )
    AND NOT COALESCE(regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)^status\.'), FALSE)
  GROUP BY 1, 2
)
/* project TimeGenerated, SrcIpAddr, Query, LastAnswer = ResponseName, Las… */
SELECT
  TimeGenerated, SrcIpAddr, Query,
  first_row.ResponseName AS LastAnswer,
  first_row.ResponseCodeName AS LastCode,
  Lookups
FROM summarize_5
