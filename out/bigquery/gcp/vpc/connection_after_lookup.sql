/* VPC Flow - Connection to the answer of a suspicious lookup
   id: 5d0c9f3e-4b71-4c6d-a8e2-0e9b7d1f650f, version 1.0.0
   source: rules/gcp/vpc/connection_after_lookup.yaml, sha256 c93d3c88fcc356e0f27f2cce3b52000dee2aa8e1826362fbf22d12f8629551a3 */
WITH where_8 AS (
  /* GCPVPCFlow | where Reporter == "SRC" */
  SELECT
    `timestamp` AS TimeGenerated,
    jsonPayload.connection.src_ip AS SrcIp,
    jsonPayload.connection.dest_ip AS DestIp,
    jsonPayload.bytes_sent AS BytesSent,
    JSON_VALUE(TO_JSON(jsonPayload), '$.src_instance.vm_name') AS SrcInstanceVmName
  FROM `my-project.logs.compute_googleapis_com_vpc_flows`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND jsonPayload.reporter = 'SRC'
), project_6 AS (
  /* GCPCloudDNS | where Query has_any ("ngrok.io", "ngrok-free.app", "trycl… */
  SELECT
    `timestamp` AS LookupTime,
    JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS SrcIp,
    REGEXP_EXTRACT(JSON_VALUE(TO_JSON(jsonPayload), '$.rdata'), r'(\p{Nd}+\.\p{Nd}+\.\p{Nd}+\.\p{Nd}+)[\t-\r\x{85}\pZ]*$') AS DestIp,
    jsonPayload.queryname AS Query
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(
      jsonPayload.queryname,
      r'(?i)(?:^|[^\pL\pN])(?:ngrok\.io|ngrok-free\.app|trycloudflare\.com|serveo\.net)(?:$|[^\pL\pN])'
    )
    AND LOWER(jsonPayload.querytype) = 'a'
    AND JSON_VALUE(TO_JSON(jsonPayload), '$.rdata') <> ''
    AND REGEXP_EXTRACT(JSON_VALUE(TO_JSON(jsonPayload), '$.rdata'), r'(\p{Nd}+\.\p{Nd}+\.\p{Nd}+\.\p{Nd}+)[\t-\r\x{85}\pZ]*$') <> ''
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
  COALESCE(SUM(SAFE_CAST(BytesSent AS INT64)), 0) AS Sent,
  MIN(TimeGenerated) AS FirstFlow
FROM join_9
WHERE TimeGenerated >= LookupTime
GROUP BY 1, 2, 3, 4
