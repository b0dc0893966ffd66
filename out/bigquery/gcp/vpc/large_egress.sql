/* VPC Flow - Large transfer to one address
   id: 19e4b6d7-c2f8-4a15-8d30-7a5f9be0c40e, version 1.0.0
   source: rules/gcp/vpc/large_egress.yaml, sha256 9deeb63ee7908316ac45909b72f45271c344cf1bc31719e4b361c7cb608f4805 */
WITH summarize_4 AS (
  /* GCPVPCFlow | where Reporter == "SRC" and isempty(DestInstanceVmName) an… */
  SELECT
    COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.src_instance.vm_name'), '') AS SrcInstanceVmName,
    COALESCE(jsonPayload.connection.src_ip, '') AS SrcIp,
    COALESCE(jsonPayload.connection.dest_ip, '') AS DestIp,
    COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.dest_location.country'), '') AS DestLocationCountry,
    COALESCE(SUM(SAFE_CAST(jsonPayload.bytes_sent AS INT64)), 0) AS Sent,
    COUNT(*) AS Flows,
    TO_JSON_STRING(
      ARRAY_AGG(
        DISTINCT COALESCE(
          CAST((
            SELECT
              IF(
                NOT IS_NAN(v) AND NOT IS_INF(v),
                COALESCE(SAFE_CAST(TRUNC(v) AS INT64), IF(v > 0, 9223372036854775807, -9223372036854775808)),
                NULL
              )
            FROM UNNEST([jsonPayload.connection.dest_port]) AS v
          ) AS STRING),
          ''
        )
      )
    ) AS Ports
  FROM `my-project.logs.compute_googleapis_com_vpc_flows`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND jsonPayload.reporter = 'SRC'
    AND COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.dest_instance.vm_name'), '') = ''
    AND COALESCE(JSON_VALUE(TO_JSON(jsonPayload), '$.dest_google_service.type'), '') = ''
  GROUP BY 1, 2, 3, 4
), top_8 AS (
  /* where Sent > limit | extend Gigabytes = round(Sent / 1e9, 2) | top 20 b… */
  SELECT *, ROUND((CAST(Sent AS FLOAT64) / 1000000000.0) * 100.0) / 100.0 AS Gigabytes
  FROM summarize_4
  WHERE Sent > 1000000000
  ORDER BY Sent DESC
  LIMIT 20
)
SELECT
  *
  REPLACE (SAFE.PARSE_JSON(Ports, wide_number_mode => 'round') AS Ports)
FROM top_8
ORDER BY Sent DESC
