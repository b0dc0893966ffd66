/* VPC Flow - Remote access from the internet
   id: f5c3e1a9-0d27-4b86-9b7c-58e2d4a6130d, version 1.0.0
   source: rules/gcp/vpc/remote_access_from_internet.yaml, sha256 24b8bb3b0acbb487f8584ab4e4842b19b6d7e420706c31a5911ba85f801369f3 */
WITH datatable_2 AS (
  /* datatable(DestPort: string, Service: string) ["22", "ssh", "3389", "rdp… */
  SELECT *
  FROM UNNEST(ARRAY<STRUCT<DestPort STRING, Service STRING>>[('22', 'ssh'), ('3389', 'rdp'), ('5985', 'winrm'), ('5986', 'winrm')])
), where_5 AS (
  /* GCPVPCFlow | where Reporter == "DEST" | where isnotempty(SrcLocationCou… */
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
    jsonPayload.bytes_sent AS BytesSent,
    JSON_VALUE(TO_JSON(jsonPayload), '$.src_location.country') AS SrcLocationCountry,
    JSON_VALUE(TO_JSON(jsonPayload), '$.dest_instance.vm_name') AS DestInstanceVmName
  FROM `my-project.logs.compute_googleapis_com_vpc_flows`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND jsonPayload.reporter = 'DEST'
    AND JSON_VALUE(TO_JSON(jsonPayload), '$.src_location.country') <> ''
    AND NOT COALESCE(
      REGEXP_CONTAINS(JSON_VALUE(TO_JSON(jsonPayload), '$.src_location.country'), '(?i)^(?:usa|deu|nld)$'),
      FALSE
    )
), join_6 AS (
  /* join kind=inner ports on DestPort */
  SELECT
    l.TimeGenerated, l.SrcIp, l.DestIp, l.BytesSent, l.SrcLocationCountry, l.DestInstanceVmName,
    r.Service
  FROM where_5 AS l
  INNER JOIN datatable_2 AS r
    ON COALESCE(l.DestPort, '') = r.DestPort
), summarize_7 AS (
  /* summarize Flows = count(), Bytes = sum(tolong(BytesSent)), LastSeen = m… */
  SELECT
    COALESCE(SrcIp, '') AS SrcIp,
    COALESCE(REPLACE(UPPER(REPLACE(SrcLocationCountry, 'ß', CHR(57567))), CHR(57567), 'ß'), '') AS Country,
    COALESCE(DestIp, '') AS DestIp,
    COALESCE(DestInstanceVmName, '') AS DestInstanceVmName,
    Service,
    COUNT(*) AS Flows,
    COALESCE(SUM(SAFE_CAST(BytesSent AS INT64)), 0) AS `Bytes`,
    MAX(TimeGenerated) AS LastSeen
  FROM join_6
  GROUP BY 1, 2, 3, 4, 5
)
/* where Bytes > 1000 */
SELECT *
FROM summarize_7
WHERE `Bytes` > 1000
