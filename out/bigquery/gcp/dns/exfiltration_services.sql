/* Cloud DNS - Lookup of a data exfiltration service
   id: 2f6f0a52-6d6c-4c0b-9b44-7a0d5c1f3e01, version 1.0.0
   source: rules/gcp/dns/exfiltration_services.yaml, sha256 5b28df2c4843a3ed5016204eb60960708dc18e7e0792cc1725aa664f31cacee1 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where Query has_any (services) | where EventResult == "Su… */
  SELECT
    COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip'), '') AS SrcIpAddr,
    COALESCE(jsonPayload.queryname, '') AS Query,
    COUNT(*) AS Lookups,
    MIN(`timestamp`) AS FirstSeen,
    MAX(`timestamp`) AS LastSeen
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(
      jsonPayload.queryname,
      r'(?i)(?:^|[^\pL\pN])(?:webhook\.site|requestbin\.net|pipedream\.net|ngrok\.io|ngrok-free\.app|interact\.sh)(?:$|[^\pL\pN])'
    )
    AND IF(LOWER(jsonPayload.responsecode) = 'noerror', 'Success', 'Failure') = 'Success'
  GROUP BY 1, 2
)
/* project FirstSeen, LastSeen, SrcIpAddr, Query, Lookups */
SELECT FirstSeen, LastSeen, SrcIpAddr, Query, Lookups
FROM summarize_5
