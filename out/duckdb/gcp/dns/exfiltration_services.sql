/* Cloud DNS - Lookup of a data exfiltration service
   id: 2f6f0a52-6d6c-4c0b-9b44-7a0d5c1f3e01, version 1.0.0
   source: rules/gcp/dns/exfiltration_services.yaml, sha256 5b28df2c4843a3ed5016204eb60960708dc18e7e0792cc1725aa664f31cacee1 */
WITH where_3 AS (
  /* GCPCloudDNS | where Query has_any (services) */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr,
    CASE WHEN LOWER(entry ->> '$.jsonPayload.responseCode') = 'noerror' THEN 'Success' ELSE 'Failure' END AS EventResult
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(
      entry ->> '$.jsonPayload.queryName',
      '(?i)(?:^|[^\pL\pN])(?:webhook\.site|requestbin\.net|pipedream\.net|ngrok\.io|ngrok-free\.app|interact\.sh)(?:$|[^\pL\pN])'
    )
), where_4 AS (
  /* where EventResult == "Success" */
  SELECT
    *
  FROM where_3
  WHERE
    EventResult = 'Success'
), summarize_5 AS (
  /* summarize Lookups = count(), FirstSeen = min(TimeGenerated), LastSeen = max(TimeGenerated) by SrcIpAddr, Query */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    COALESCE(Query, '') AS Query,
    COUNT(*) AS Lookups,
    min(TimeGenerated) AS FirstSeen,
    max(TimeGenerated) AS LastSeen
  FROM where_4
  GROUP BY
    1,
    2
)
/* project FirstSeen, LastSeen, SrcIpAddr, Query, Lookups */
SELECT
  FirstSeen,
  LastSeen,
  SrcIpAddr,
  Query,
  Lookups
FROM summarize_5
