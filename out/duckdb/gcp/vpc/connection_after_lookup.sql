/* VPC Flow - Connection to the answer of a suspicious lookup
   id: 5d0c9f3e-4b71-4c6d-a8e2-0e9b7d1f650f, version 1.0.0
   source: rules/gcp/vpc/connection_after_lookup.yaml, sha256 c93d3c88fcc356e0f27f2cce3b52000dee2aa8e1826362fbf22d12f8629551a3 */
WITH where_8 AS (
  /* GCPVPCFlow | where Reporter == "SRC" */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.connection.src_ip' AS SrcIp,
    entry ->> '$.jsonPayload.connection.dest_ip' AS DestIp,
    entry ->> '$.jsonPayload.bytes_sent' AS BytesSent,
    entry ->> '$.jsonPayload.src_instance.vm_name' AS SrcInstanceVmName
  FROM compute_googleapis_com_vpc_flows
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/compute.googleapis.com%2Fvpc_flows')
    AND (entry ->> '$.jsonPayload.reporter') = 'SRC'
), project_6 AS (
  /* GCPCloudDNS | where Query has_any ("ngrok.io", "ngrok-free.app", "trycl… */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS LookupTime,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIp,
    regexp_extract(entry ->> '$.jsonPayload.rdata', '(\p{Nd}+\.\p{Nd}+\.\p{Nd}+\.\p{Nd}+)[\t-\r\x{85}\pZ]*$', 1) AS DestIp,
    entry ->> '$.jsonPayload.queryName' AS Query
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(
      entry ->> '$.jsonPayload.queryName',
      '(?i)(?:^|[^\pL\pN])(?:ngrok\.io|ngrok-free\.app|trycloudflare\.com|serveo\.net)(?:$|[^\pL\pN])'
    )
    AND LOWER(entry ->> '$.jsonPayload.queryType') = 'a'
    AND (entry ->> '$.jsonPayload.rdata') <> ''
    AND regexp_extract(entry ->> '$.jsonPayload.rdata', '(\p{Nd}+\.\p{Nd}+\.\p{Nd}+\.\p{Nd}+)[\t-\r\x{85}\pZ]*$', 1) <> ''
), join_9 AS (
  /* join kind=inner lookups on SrcIp, DestIp */
  SELECT l.TimeGenerated, l.SrcIp, l.DestIp, l.BytesSent, l.SrcInstanceVmName, r.LookupTime, r.Query
  FROM where_8 AS l
  INNER JOIN project_6 AS r
    ON COALESCE(l.SrcIp, '') = COALESCE(r.SrcIp, '') AND COALESCE(l.DestIp, '') = COALESCE(r.DestIp, '')
)
/* where TimeGenerated >= LookupTime | summarize Flows = count(), Sent = s… */
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
FROM join_9
WHERE TimeGenerated >= LookupTime
GROUP BY 1, 2, 3, 4
