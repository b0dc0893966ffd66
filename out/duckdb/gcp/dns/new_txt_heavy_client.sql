/* Cloud DNS - Host that asks mostly for TXT records
   id: 7e2b4c18-0c3d-4ef9-a7d5-91c2f0b3aa05, version 1.0.0
   source: rules/gcp/dns/new_txt_heavy_client.yaml, sha256 4ed9345adebce6a0d9ead5530c9046c2b085241a981e2c1c20794877a7bb3188 */
WITH extend_4 AS (
  /* GCPCloudDNS | where isnotempty(SrcIpAddr) | extend IsText = QueryTypeNa… */
  SELECT
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr,
    entry ->> '$.jsonPayload.queryName' AS Domain,
    COALESCE(LOWER(entry ->> '$.jsonPayload.queryType') = 'txt', FALSE)
    AND NOT COALESCE(
      regexp_matches(entry ->> '$.jsonPayload.queryName', '(?i)(?:_spf|_dmarc|_domainkey|_acme-challenge)(?:$|[^\pL\pN])'),
      FALSE
    ) AS IsText
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND (entry ->> '$.jsonPayload.sourceIP') <> ''
), summarize_5 AS (
  /* summarize Total = count(), Text = countif(IsText), Domains = dcountif(D… */
  SELECT
    COALESCE(SrcIpAddr, '') AS SrcIpAddr,
    COUNT(*) AS Total,
    COUNT(*) FILTER(WHERE IsText) AS Text,
    COUNT(DISTINCT COALESCE(Domain, '')) FILTER(WHERE IsText) AS Domains
  FROM extend_4
  GROUP BY 1
), extend_6 AS (
  /* extend Share = round(100.0 * Text / Total, 1) */
  SELECT *, ROUND(((100.0e0 * CAST(Text AS DOUBLE)) / CAST(Total AS DOUBLE)) * 10.0e0) / 10.0e0 AS Share
  FROM summarize_5
)
/* where Text >= 10 and Share > 50.0 | project SrcIpAddr, Total, Text, Sha… */
SELECT SrcIpAddr, Total, Text, Share, Domains
FROM extend_6
WHERE Text >= 10 AND (Share > 50.0e0 AND NOT isnan(Share))
