/* Cloud DNS - Many names that do not exist
   id: 5b9d3d0e-5a75-4d4e-8a2b-0f4c9b2d7a02, version 1.0.0
   source: rules/gcp/dns/excessive_nxdomain.yaml, sha256 c00398b7b3ab68f2b382fc8879876863f5d8d48160db2cf1d09f1a9a41192f26 */
WITH where_3 AS (
  /* GCPCloudDNS | where EventResultDetails in~ ("NXDOMAIN", "SERVFAIL") */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.responseCode' AS EventResultDetails,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(entry ->> '$.jsonPayload.responseCode', '(?i)^(?:NXDOMAIN|SERVFAIL)$')
), where_4 AS (
  /* where not(Query endswith ".internal." or Query endswith ".in-addr.arpa.") */
  SELECT
    *
  FROM where_3
  WHERE
    NOT (
      COALESCE(regexp_matches(Query, '(?i)\.internal\.$'), FALSE)
      OR COALESCE(regexp_matches(Query, '(?i)\.in-addr\.arpa\.$'), FALSE)
    )
), summarize_5 AS (
  /* summarize Failures = count(), Names = dcount(Query), Sample = make_set(Query, 5) by SrcIpAddr, Window = bin(TimeGenerated, 10m) */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    time_bucket(INTERVAL 10 MINUTE, TimeGenerated) AS "Window",
    COUNT(*) AS Failures,
    COUNT(DISTINCT COALESCE(Query, '')) AS Names,
    to_json(list(DISTINCT COALESCE(Query, ''))[:5]) AS Sample
  FROM where_4
  GROUP BY
    1,
    2
), where_7 AS (
  /* where Names > threshold */
  SELECT
    *
  FROM summarize_5
  WHERE
    Names > 30
), project_8 AS (
  /* project Window, SrcIpAddr, Failures, Names, Sample */
  SELECT
    "Window",
    SrcIpAddr,
    Failures,
    Names,
    Sample
  FROM where_7
)
SELECT
  *
  REPLACE (CAST(Sample AS JSON) AS Sample)
FROM project_8
