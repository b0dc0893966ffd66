/* Cloud DNS - Many names that do not exist
   id: 5b9d3d0e-5a75-4d4e-8a2b-0f4c9b2d7a02, version 1.0.0
   source: rules/gcp/dns/excessive_nxdomain.yaml, sha256 c00398b7b3ab68f2b382fc8879876863f5d8d48160db2cf1d09f1a9a41192f26 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where EventResultDetails in~ ("NXDOMAIN", "SERVFAIL") | w… */
  SELECT
    COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip'), '') AS SrcIpAddr,
    TIMESTAMP_BUCKET(`timestamp`, INTERVAL 10 MINUTE, CAST('0001-01-01 00:00:00+00' AS TIMESTAMP)) AS `Window`,
    COUNT(*) AS Failures,
    COUNT(DISTINCT COALESCE(jsonPayload.queryname, '')) AS Names,
    TO_JSON_STRING(ARRAY_AGG(DISTINCT COALESCE(jsonPayload.queryname, '') LIMIT 5)) AS Sample
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(jsonPayload.responsecode, '(?i)^(?:NXDOMAIN|SERVFAIL)$')
    AND NOT (
      COALESCE(REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)\.internal\.$'), FALSE)
      OR COALESCE(REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)\.in-addr\.arpa\.$'), FALSE)
    )
  GROUP BY 1, 2
)
/* where Names > threshold | project Window, SrcIpAddr, Failures, Names, S… */
SELECT
  `Window`, SrcIpAddr, Failures, Names,
  SAFE.PARSE_JSON(Sample, wide_number_mode => 'round') AS Sample
FROM summarize_5
WHERE Names > 30
