/* Cloud DNS - Lookup of a data exfiltration service
   id: 2f6f0a52-6d6c-4c0b-9b44-7a0d5c1f3e01, version 1.0.0
   source: rules/gcp/dns/exfiltration_services.yaml, sha256 5b28df2c4843a3ed5016204eb60960708dc18e7e0792cc1725aa664f31cacee1 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where Query has_any (services) | where EventResult == "Su… */
  SELECT
    COALESCE(entry ->> '$.jsonPayload.sourceIP', '') AS SrcIpAddr,
    COALESCE(entry ->> '$.jsonPayload.queryName', '') AS Query,
    COUNT(*) AS Lookups,
    min(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS FirstSeen,
    max(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS LastSeen
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(
      entry ->> '$.jsonPayload.queryName',
      '(?i)(?:^|[^\pL\pN])(?:webhook\.site|requestbin\.net|pipedream\.net|ngrok\.io|ngrok-free\.app|interact\.sh)(?:$|[^\pL\pN])'
    )
    AND CASE
      WHEN LOWER(entry ->> '$.jsonPayload.responseCode') = 'noerror' THEN 'Success'
      ELSE 'Failure'
    END = 'Success'
  GROUP BY 1, 2
)
/* project FirstSeen, LastSeen, SrcIpAddr, Query, Lookups */
SELECT FirstSeen, LastSeen, SrcIpAddr, Query, Lookups
FROM summarize_5
