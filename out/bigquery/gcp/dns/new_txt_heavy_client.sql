/* Cloud DNS - Host that asks mostly for TXT records
   id: 7e2b4c18-0c3d-4ef9-a7d5-91c2f0b3aa05, version 1.0.0
   source: rules/gcp/dns/new_txt_heavy_client.yaml, sha256 4ed9345adebce6a0d9ead5530c9046c2b085241a981e2c1c20794877a7bb3188 */
WITH extend_4 AS (
  /* GCPCloudDNS | where isnotempty(SrcIpAddr) | extend IsText = QueryTypeNa… */
  SELECT
    JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS SrcIpAddr,
    jsonPayload.queryname AS Domain,
    COALESCE(LOWER(jsonPayload.querytype) = 'txt', FALSE)
    AND NOT COALESCE(
      REGEXP_CONTAINS(jsonPayload.queryname, r'(?i)(?:_spf|_dmarc|_domainkey|_acme-challenge)(?:$|[^\pL\pN])'),
      FALSE
    ) AS IsText
  FROM `my-project.logs.dns_googleapis_com_dns_queries`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') <> ''
), summarize_5 AS (
  /* summarize Total = count(), Text = countif(IsText), Domains = dcountif(D… */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    COUNT(*) AS Total,
    COUNTIF(IsText) AS Text,
    COUNT(DISTINCT IF(IsText, COALESCE(Domain, ''), NULL)) AS Domains
  FROM extend_4
  GROUP BY 1
)
/* extend Share = round(100.0 * Text / Total, 1) | where Text >= 10 and Sh… */
SELECT
  SrcIpAddr, Total, Text,
  ROUND(IEEE_DIVIDE(100.0 * CAST(Text AS FLOAT64), CAST(Total AS FLOAT64)) * 10.0) / 10.0 AS Share,
  Domains
FROM summarize_5
WHERE
  Text >= 10
  AND (ROUND(IEEE_DIVIDE(100.0 * CAST(Text AS FLOAT64), CAST(Total AS FLOAT64)) * 10.0) / 10.0) > 50.0
