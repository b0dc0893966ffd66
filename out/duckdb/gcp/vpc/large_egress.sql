/* VPC Flow - Large transfer to one address
   id: 19e4b6d7-c2f8-4a15-8d30-7a5f9be0c40e, version 1.0.0
   source: rules/gcp/vpc/large_egress.yaml, sha256 9deeb63ee7908316ac45909b72f45271c344cf1bc31719e4b361c7cb608f4805 */
WITH summarize_4 AS (
  /* GCPVPCFlow | where Reporter == "SRC" and isempty(DestInstanceVmName) an… */
  SELECT
    COALESCE(entry ->> '$.jsonPayload.src_instance.vm_name', '') AS SrcInstanceVmName,
    COALESCE(entry ->> '$.jsonPayload.connection.src_ip', '') AS SrcIp,
    COALESCE(entry ->> '$.jsonPayload.connection.dest_ip', '') AS DestIp,
    COALESCE(entry ->> '$.jsonPayload.dest_location.country', '') AS DestLocationCountry,
    COALESCE(
      CAST(sum(
        TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.bytes_sent', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT)
      ) AS BIGINT),
      0
    ) AS Sent,
    COUNT(*) AS Flows,
    to_json(
      list(
        DISTINCT COALESCE(
          CAST(TRY_CAST(regexp_extract(entry ->> '$.jsonPayload.connection.dest_port', '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) AS TEXT),
          ''
        )
      )
    ) AS Ports
  FROM compute_googleapis_com_vpc_flows
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/compute.googleapis.com%2Fvpc_flows')
    AND (entry ->> '$.jsonPayload.reporter') = 'SRC'
    AND COALESCE(entry ->> '$.jsonPayload.dest_instance.vm_name', '') = ''
    AND COALESCE(entry ->> '$.jsonPayload.dest_google_service.type', '') = ''
  GROUP BY 1, 2, 3, 4
), top_8 AS (
  /* where Sent > limit | extend Gigabytes = round(Sent / 1e9, 2) | top 20 b… */
  SELECT *, ROUND((CAST(Sent AS DOUBLE) / 1000000000.0e0) * 100.0e0) / 100.0e0 AS Gigabytes
  FROM summarize_4
  WHERE Sent > 1000000000
  ORDER BY Sent DESC
  LIMIT 20
)
SELECT
  *
  REPLACE (CAST(Ports AS JSON) AS Ports)
FROM top_8
ORDER BY Sent DESC
