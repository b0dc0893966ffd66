/* Cloud DNS - Lookup of a mining pool
   id: 0d7a5f64-94a5-4c27-bd6a-4b8e0a5d1c04, version 1.0.0
   source: rules/gcp/dns/mining_pools.yaml, sha256 061070eaff1e60ae1a8baeafdd0ef88a49bdbf20246ed19e0b36948536f030c4 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where Query has_any (pools) or Query hasprefix "xmr-" or… */
  SELECT
    COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip'), '') AS SrcIpAddr,
    COALESCE(jsonPayload.queryname, '') AS Query,
    MAX(`timestamp`) AS TimeGenerated,
    COUNT(*) AS Lookups,
    ARRAY_AGG(
      STRUCT(
        JSON_VALUE(TO_JSON(jsonPayload), '$.rdata') AS ResponseName,
        jsonPayload.responsecode AS ResponseCodeName
      ) ORDER BY `timestamp` DESC LIMIT 1
    )[SAFE_OFFSET(0)] AS first_row
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND (
      REGEXP_CONTAINS(
        jsonPayload.queryname,
        r'(?i)(?:^|[^\pL\pN])(?:minexmr\.com|nanopool\.org|supportxmr\.com|2miners\.com|moneroocean\.stream)(?:$|[^\pL\pN])'
      )
      OR REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)(?:^|[^\pL\pN])xmr-')
      OR (
        REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)(?:^|[^\pL\pN])stratum(?:$|[^\pL\pN])')
        AND REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)(?:^|[^\pL\pN])pool(?:$|[^\pL\pN])')
      )
    )
    AND NOT COALESCE(REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)^status\.'), FALSE)
  GROUP BY 1, 2
)
/* project TimeGenerated, SrcIpAddr, Query, LastAnswer = ResponseName, Las… */
SELECT
  TimeGenerated, SrcIpAddr, Query,
  first_row.ResponseName AS LastAnswer,
  first_row.ResponseCodeName AS LastCode,
  Lookups
FROM summarize_5
