/* Cloud DNS - Lookup of a mining pool
   id: 0d7a5f64-94a5-4c27-bd6a-4b8e0a5d1c04, version 1.0.0
   source: rules/gcp/dns/mining_pools.yaml, sha256 061070eaff1e60ae1a8baeafdd0ef88a49bdbf20246ed19e0b36948536f030c4 */
WITH where_3 AS (
  /* GCPCloudDNS | where Query has_any (pools) or Query hasprefix "xmr-" or Query has_all ("stratum", "pool") */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.rdata' AS ResponseName,
    entry ->> '$.jsonPayload.responseCode' AS ResponseCodeName,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr
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
), where_4 AS (
  /* where Query !startswith "status." */
  SELECT
    *
  FROM where_3
  WHERE
    NOT COALESCE(regexp_matches(Query, '(?i)^status\.'), FALSE)
), summarize_5 AS (
  /* summarize arg_max(TimeGenerated, ResponseName, ResponseCodeName), Lookups = count() by SrcIpAddr, Query */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    COALESCE(Query, '') AS Query,
    max(TimeGenerated) AS TimeGenerated,
    COALESCE(
      arg_max({'ResponseName': ResponseName, 'ResponseCodeName': ResponseCodeName}, TimeGenerated),
      any_value({'ResponseName': ResponseName, 'ResponseCodeName': ResponseCodeName})
    ).ResponseName AS ResponseName,
    COALESCE(
      arg_max({'ResponseName': ResponseName, 'ResponseCodeName': ResponseCodeName}, TimeGenerated),
      any_value({'ResponseName': ResponseName, 'ResponseCodeName': ResponseCodeName})
    ).ResponseCodeName AS ResponseCodeName,
    COUNT(*) AS Lookups
  FROM where_4
  GROUP BY
    1,
    2
)
/* project TimeGenerated, SrcIpAddr, Query, LastAnswer = ResponseName, LastCode = ResponseCodeName, Lookups */
SELECT
  TimeGenerated,
  SrcIpAddr,
  Query,
  ResponseName AS LastAnswer,
  ResponseCodeName AS LastCode,
  Lookups
FROM summarize_5
