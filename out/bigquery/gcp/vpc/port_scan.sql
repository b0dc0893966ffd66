/* VPC Flow - Port scan
   id: 2a7c5d80-6e1b-4d4f-8e39-b1f4a8c6d20c, version 1.0.0
   source: rules/gcp/vpc/port_scan.yaml, sha256 ccbc11bb86875d7494c5606c0c7bd8b941a930e20e20344f3ef037696c164055 */
WITH where_2 AS (
  /* GCPVPCFlow | where Reporter == "DEST" and Protocol == "6" */
  SELECT
    `timestamp` AS TimeGenerated,
    jsonPayload.connection.src_ip AS SrcIp,
    jsonPayload.connection.dest_ip AS DestIp,
    CAST((
      SELECT
        IF(
          NOT IS_NAN(v) AND NOT IS_INF(v),
          COALESCE(SAFE_CAST(TRUNC(v) AS INT64), IF(v > 0, 9223372036854775807, -9223372036854775808)),
          NULL
        )
      FROM UNNEST([jsonPayload.connection.dest_port]) AS v
    ) AS STRING) AS DestPort,
    jsonPayload.packets_sent AS PacketsSent,
    JSON_VALUE(TO_JSON(jsonPayload), '$.dest_instance.vm_name') AS DestInstanceVmName
  FROM `my-project.logs.compute_googleapis_com_vpc_flows`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND jsonPayload.reporter = 'DEST'
    AND CAST((
      SELECT
        IF(
          NOT IS_NAN(v) AND NOT IS_INF(v),
          COALESCE(SAFE_CAST(TRUNC(v) AS INT64), IF(v > 0, 9223372036854775807, -9223372036854775808)),
          NULL
        )
      FROM UNNEST([jsonPayload.connection.protocol]) AS v
    ) AS STRING) = '6'
), summarize_4 AS (
  /* where toint(DestPort) < 32768 | summarize Ports = dcount(DestPort), Flo… */
  SELECT
    COALESCE(SrcIp, '') AS SrcIp,
    COALESCE(DestIp, '') AS DestIp,
    COALESCE(DestInstanceVmName, '') AS DestInstanceVmName,
    TIMESTAMP_BUCKET(TimeGenerated, INTERVAL 5 MINUTE, CAST('0001-01-01 00:00:00+00' AS TIMESTAMP)) AS `Window`,
    COUNT(DISTINCT COALESCE(DestPort, '')) AS Ports,
    COUNT(*) AS Flows,
    COALESCE(SUM(SAFE_CAST(PacketsSent AS INT64)), 0) AS Packets
  FROM where_2
  WHERE
    (
      SELECT IF(v BETWEEN -2147483648 AND 2147483647, v, NULL)
      FROM UNNEST([SAFE_CAST(DestPort AS INT64)]) AS v
    ) < 32768
  GROUP BY 1, 2, 3, 4
)
/* where Ports >= 25 | project Window, SrcIp, DestIp, DestInstanceVmName,… */
SELECT `Window`, SrcIp, DestIp, DestInstanceVmName, Ports, Flows, Packets
FROM summarize_4
WHERE Ports >= 25
