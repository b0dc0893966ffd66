/* VPC Flow - Connection to the answer of a suspicious lookup
   id: 5d0c9f3e-4b71-4c6d-a8e2-0e9b7d1f650f, version 1.0.0
   source: rules/gcp/vpc/connection_after_lookup.yaml, sha256 c93d3c88fcc356e0f27f2cce3b52000dee2aa8e1826362fbf22d12f8629551a3 */
WITH where_2 AS (
  /* GCPCloudDNS | where Query has_any ("ngrok.io", "ngrok-free.app", "trycloudflare.com", "serveo.net") */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.queryType' AS QueryTypeName,
    entry ->> '$.jsonPayload.rdata' AS ResponseName,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(
      entry ->> '$.jsonPayload.queryName',
      '(?i)(?:^|[^\pL\pN])(?:ngrok\.io|ngrok-free\.app|trycloudflare\.com|serveo\.net)(?:$|[^\pL\pN])'
    )
), where_3 AS (
  /* where QueryTypeName =~ "A" and isnotempty(ResponseName) */
  SELECT
    *
  FROM where_2
  WHERE
    LOWER(QueryTypeName) = 'a' AND ResponseName <> ''
), extend_4 AS (
  /* extend Answer = extract(@"(\d+\.\d+\.\d+\.\d+)\s*$", 1, ResponseName) */
  SELECT
    *,
    regexp_extract(ResponseName, '(\p{Nd}+\.\p{Nd}+\.\p{Nd}+\.\p{Nd}+)[\t-\r\x{85}\pZ]*$', 1) AS Answer
  FROM where_3
), where_5 AS (
  /* where isnotempty(Answer) */
  SELECT
    *
  FROM extend_4
  WHERE
    Answer <> ''
), project_6 AS (
  /* project LookupTime = TimeGenerated, SrcIp = SrcIpAddr, DestIp = Answer, Query */
  SELECT
    TimeGenerated AS LookupTime,
    SrcIpAddr AS SrcIp,
    Answer AS DestIp,
    Query
  FROM where_5
), where_8 AS (
  /* GCPVPCFlow | where Reporter == "SRC" */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.connection.src_ip' AS SrcIp,
    entry ->> '$.jsonPayload.connection.dest_ip' AS DestIp,
    entry ->> '$.jsonPayload.bytes_sent' AS BytesSent,
    entry ->> '$.jsonPayload.reporter' AS Reporter,
    entry ->> '$.jsonPayload.src_instance.vm_name' AS SrcInstanceVmName
  FROM compute_googleapis_com_vpc_flows
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/compute.googleapis.com%2Fvpc_flows')
    AND (entry ->> '$.jsonPayload.reporter') = 'SRC'
), join_9 AS (
  /* join kind=inner lookups on SrcIp, DestIp */
  SELECT
    l.TimeGenerated AS TimeGenerated,
    l.SrcIp AS SrcIp,
    l.DestIp AS DestIp,
    l.BytesSent AS BytesSent,
    l.SrcInstanceVmName AS SrcInstanceVmName,
    r.LookupTime AS LookupTime,
    r.Query AS Query
  FROM where_8 AS l
  INNER JOIN project_6 AS r
    ON COALESCE(l.SrcIp, '') = COALESCE(r.SrcIp, '') AND COALESCE(l.DestIp, '') = COALESCE(r.DestIp, '')
), where_10 AS (
  /* where TimeGenerated >= LookupTime */
  SELECT
    *
  FROM join_9
  WHERE
    TimeGenerated >= LookupTime
)
/* summarize Flows = count(), Sent = sum(tolong(BytesSent)), FirstFlow = min(TimeGenerated) by SrcIp, DestIp, Query, SrcInstanceVmName */
SELECT
  COALESCE(SrcIp, '') AS SrcIp,
  COALESCE(DestIp, '') AS DestIp,
  COALESCE(Query, '') AS Query,
  COALESCE(SrcInstanceVmName, '') AS SrcInstanceVmName,
  COUNT(*) AS Flows,
  COALESCE(
    CAST(sum(TRY_CAST(regexp_extract(BytesSent, '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT)) AS BIGINT),
    0
  ) AS Sent,
  min(TimeGenerated) AS FirstFlow
FROM where_10
GROUP BY
  1,
  2,
  3,
  4
