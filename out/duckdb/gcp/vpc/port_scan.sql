/* VPC Flow - Port scan
   id: 2a7c5d80-6e1b-4d4f-8e39-b1f4a8c6d20c, version 1.0.0
   source: rules/gcp/vpc/port_scan.yaml, sha256 ccbc11bb86875d7494c5606c0c7bd8b941a930e20e20344f3ef037696c164055 */
WITH summarize_4 AS (
  /* GCPVPCFlow | where Reporter == "DEST" and Protocol == "6" | where toint… */
  SELECT
    COALESCE(entry ->> '$.jsonPayload.connection.src_ip', '') AS SrcIp,
    COALESCE(entry ->> '$.jsonPayload.connection.dest_ip', '') AS DestIp,
    COALESCE(entry ->> '$.jsonPayload.dest_instance.vm_name', '') AS DestInstanceVmName,
    time_bucket(INTERVAL 5 MINUTE, TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS "Window",
    COUNT(
      DISTINCT COALESCE(
        CAST(TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.connection.dest_port', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) AS TEXT),
        ''
      )
    ) AS Ports,
    COUNT(*) AS Flows,
    COALESCE(
      CAST(sum(
        TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.packets_sent', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT)
      ) AS BIGINT),
      0
    ) AS Packets
  FROM compute_googleapis_com_vpc_flows
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/compute.googleapis.com%2Fvpc_flows')
    AND (entry ->> '$.jsonPayload.reporter') = 'DEST'
    AND CAST(TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.connection.protocol', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) AS TEXT) = '6'
    AND CAST(TRY_CAST(regexp_extract(
      CAST(TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.connection.dest_port', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) AS TEXT),
      '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$',
      1
    ) AS INT) AS BIGINT) < 32768
  GROUP BY 1, 2, 3, 4
)
/* where Ports >= 25 | project Window, SrcIp, DestIp, DestInstanceVmName,… */
SELECT "Window", SrcIp, DestIp, DestInstanceVmName, Ports, Flows, Packets
FROM summarize_4
WHERE Ports >= 25
