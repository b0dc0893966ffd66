/* Cloud DNS - Tunnel in long labels
   id: 8c1c6a1b-3a43-4f0b-8f5e-2d7b1e6c9a03, version 1.0.0
   source: rules/gcp/dns/tunnel_by_long_labels.yaml, sha256 6660966d5da165b2e9d436972ac1570e03dd6624283a5d4268be5b36d031b0d7 */
WITH where_5 AS (
  /* GCPCloudDNS | where QueryTypeName in~ ("TXT", "NULL", "CNAME", "A", "AA… */
  SELECT
    `timestamp` AS TimeGenerated,
    JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS SrcIpAddr,
    TO_JSON_STRING(SPLIT(COALESCE(REGEXP_REPLACE(jsonPayload.queryname, r'(?:\.)$', ''), ''), '.')) AS Labels,
    ARRAY_LENGTH(
      JSON_QUERY_ARRAY(TO_JSON_STRING(SPLIT(COALESCE(REGEXP_REPLACE(jsonPayload.queryname, r'(?:\.)$', ''), ''), '.')))
    ) AS Depth
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND LOWER(jsonPayload.querytype) IN ('txt', 'null', 'cname', 'a', 'aaaa')
    AND ARRAY_LENGTH(
      JSON_QUERY_ARRAY(TO_JSON_STRING(SPLIT(COALESCE(REGEXP_REPLACE(jsonPayload.queryname, r'(?:\.)$', ''), ''), '.')))
    ) >= 3
), where_7 AS (
  /* extend First = tostring(Labels[0]), Parent = strcat(tostring(Labels[Dep… */
  SELECT
    *,
    COALESCE(JSON_VALUE(Labels, '$[0]'), JSON_QUERY(Labels, '$[0]')) AS First,
    CONCAT(
      COALESCE(
        (
          SELECT COALESCE(JSON_VALUE(v), NULLIF(v, 'null'))
          FROM UNNEST([
            NULLIF(
              IF(
                (Depth - 2) < 0,
                ARRAY_REVERSE(JSON_QUERY_ARRAY(Labels, '$'))[SAFE_OFFSET(-1 - (Depth - 2))],
                JSON_QUERY_ARRAY(Labels, '$')[SAFE_OFFSET(Depth - 2)]
              ),
              'null'
            )
          ]) AS v
        ),
        ''
      ),
      '.',
      COALESCE(
        (
          SELECT COALESCE(JSON_VALUE(v), NULLIF(v, 'null'))
          FROM UNNEST([
            NULLIF(
              IF(
                (Depth - 1) < 0,
                ARRAY_REVERSE(JSON_QUERY_ARRAY(Labels, '$'))[SAFE_OFFSET(-1 - (Depth - 1))],
                JSON_QUERY_ARRAY(Labels, '$')[SAFE_OFFSET(Depth - 1)]
              ),
              'null'
            )
          ]) AS v
        ),
        ''
      )
    ) AS Parent
  FROM where_5
  WHERE LENGTH(COALESCE(JSON_VALUE(Labels, '$[0]'), JSON_QUERY(Labels, '$[0]'), '')) >= 40
), summarize_8 AS (
  /* summarize Lookups = count(), Payloads = dcount(First), Bytes = sum(strl… */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    Parent,
    COUNT(*) AS Lookups,
    COUNT(DISTINCT COALESCE(First, '')) AS Payloads,
    SUM(LENGTH(COALESCE(First, ''))) AS `Bytes`,
    MAX(TimeGenerated) AS LastSeen
  FROM where_7
  GROUP BY 1, 2
)
/* where Payloads >= 20 */
SELECT *
FROM summarize_8
WHERE Payloads >= 20
