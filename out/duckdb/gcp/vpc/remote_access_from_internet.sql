/* VPC Flow - Remote access from the internet
   id: f5c3e1a9-0d27-4b86-9b7c-58e2d4a6130d, version 1.0.0
   source: rules/gcp/vpc/remote_access_from_internet.yaml, sha256 24b8bb3b0acbb487f8584ab4e4842b19b6d7e420706c31a5911ba85f801369f3 */
WITH datatable_2 AS (
  /* datatable(DestPort: string, Service: string) ["22", "ssh", "3389", "rdp… */
  SELECT DestPort, Service
  FROM (VALUES
    ('22', 'ssh'),
    ('3389', 'rdp'),
    ('5985', 'winrm'),
    ('5986', 'winrm')) AS t(DestPort, Service)
), where_5 AS (
  /* GCPVPCFlow | where Reporter == "DEST" | where isnotempty(SrcLocationCou… */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.connection.src_ip' AS SrcIp,
    entry ->> '$.jsonPayload.connection.dest_ip' AS DestIp,
    CAST(TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.connection.dest_port', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) AS TEXT) AS DestPort,
    entry ->> '$.jsonPayload.bytes_sent' AS BytesSent,
    entry ->> '$.jsonPayload.src_location.country' AS SrcLocationCountry,
    entry ->> '$.jsonPayload.dest_instance.vm_name' AS DestInstanceVmName
  FROM compute_googleapis_com_vpc_flows
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/compute.googleapis.com%2Fvpc_flows')
    AND (entry ->> '$.jsonPayload.reporter') = 'DEST'
    AND (entry ->> '$.jsonPayload.src_location.country') <> ''
    AND NOT COALESCE(regexp_matches(entry ->> '$.jsonPayload.src_location.country', '(?i)^(?:usa|deu|nld)$'), FALSE)
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
    COALESCE(
      CAST(sum(TRY_CAST(regexp_extract(BytesSent, '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT)) AS BIGINT),
      0
    ) AS "Bytes",
    max(TimeGenerated) AS LastSeen
  FROM join_6
  GROUP BY 1, 2, 3, 4, 5
)
/* where Bytes > 1000 */
SELECT *
FROM summarize_7
WHERE "Bytes" > 1000
