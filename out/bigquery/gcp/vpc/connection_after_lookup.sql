/* VPC Flow - Connection to the answer of a suspicious lookup
   id: 5d0c9f3e-4b71-4c6d-a8e2-0e9b7d1f650f, version 1.0.0
   source: rules/gcp/vpc/connection_after_lookup.yaml, sha256 c93d3c88fcc356e0f27f2cce3b52000dee2aa8e1826362fbf22d12f8629551a3 */
WITH where_2 AS (
  /* GCPCloudDNS | where Query has_any ("ngrok.io", "ngrok-free.app", "trycloudflare.com", "serveo.net") */
  SELECT
    `timestamp` AS TimeGenerated,
    jsonPayload.queryname AS Query,
    jsonPayload.querytype AS QueryTypeName,
    JSON_VALUE(TO_JSON(jsonPayload), '$.rdata') AS ResponseName,
    JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS SrcIpAddr
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(
      jsonPayload.queryname,
      '(?i)(?:^|[^\\pL\\pN])(?:ngrok\\.io|ngrok-free\\.app|trycloudflare\\.com|serveo\\.net)(?:$|[^\\pL\\pN])'
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
    REGEXP_EXTRACT(ResponseName, '(\\p{Nd}+\\.\\p{Nd}+\\.\\p{Nd}+\\.\\p{Nd}+)[\\t-\\r\\x{85}\\pZ]*$') AS Answer
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
    `timestamp` AS TimeGenerated,
    jsonPayload.connection.src_ip AS SrcIp,
    jsonPayload.connection.dest_ip AS DestIp,
    jsonPayload.bytes_sent AS BytesSent,
    jsonPayload.reporter AS Reporter,
    JSON_VALUE(TO_JSON(jsonPayload), '$.src_instance.vm_name') AS SrcInstanceVmName
  FROM `my-project.logs.compute_googleapis_com_vpc_flows`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND jsonPayload.reporter = 'SRC'
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
  COALESCE(SUM(SAFE_CAST(BytesSent AS INT64)), 0) AS Sent,
  MIN(TimeGenerated) AS FirstFlow
FROM where_10
GROUP BY
  1,
  2,
  3,
  4
