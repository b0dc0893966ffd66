/* Cloud DNS - Many names that do not exist
   id: 5b9d3d0e-5a75-4d4e-8a2b-0f4c9b2d7a02, version 1.0.0
   source: rules/gcp/dns/excessive_nxdomain.yaml, sha256 c00398b7b3ab68f2b382fc8879876863f5d8d48160db2cf1d09f1a9a41192f26 */
WITH summarize_5 AS (
  /* GCPCloudDNS | where EventResultDetails in~ ("NXDOMAIN", "SERVFAIL") | w… */
  SELECT
    COALESCE(entry ->> '$.jsonPayload.sourceIP', '') AS SrcIpAddr,
    time_bucket(INTERVAL 10 MINUTE, TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS "Window",
    COUNT(*) AS Failures,
    COUNT(DISTINCT COALESCE(entry ->> '$.jsonPayload.queryName', '')) AS Names,
    to_json(list(DISTINCT COALESCE(entry ->> '$.jsonPayload.queryName', ''))[:5]) AS Sample
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(entry ->> '$.jsonPayload.responseCode', '(?i)^(?:NXDOMAIN|SERVFAIL)$')
    AND NOT (
      COALESCE(regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)\.internal\.$'), FALSE)
      OR COALESCE(regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)\.in-addr\.arpa\.$'), FALSE)
    )
  GROUP BY 1, 2
)
/* where Names > threshold | project Window, SrcIpAddr, Failures, Names, S… */
SELECT "Window", SrcIpAddr, Failures, Names, CAST(Sample AS JSON) AS Sample
FROM summarize_5
WHERE Names > 30
