/* Google DNS - Malicous Python packages
   id: 75491db8-eaf7-40bb-a46a-279872cc82f5, version 1.0.0
   source: rules/gcp/dns/malicious_python_packages.yaml, sha256 d745ed48416c39a2bb266c78d956d60e67da2b648c633231f3b08d9332351041 */
WITH where_2 AS (
  /* GCPCloudDNS | where Query has_any ('psec.forward.io.global.prod.fastly.net', 'b0a0374cd1cb4305002e.d.requestbin.net', 'tornadodomain.000webhostapp.com', 'yxznlysc47wvrb9r9z211e1jbah15q') */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.jsonPayload.queryName' AS Query,
    entry ->> '$.jsonPayload.queryType' AS QueryTypeName,
    entry ->> '$.jsonPayload.rdata' AS ResponseName,
    entry ->> '$.jsonPayload.responseCode' AS EventResultDetails,
    entry ->> '$.jsonPayload.responseCode' AS ResponseCodeName,
    entry ->> '$.jsonPayload.protocol' AS NetworkProtocol,
    entry ->> '$.jsonPayload.sourceIP' AS SrcIpAddr,
    entry ->> '$.jsonPayload.sourceIP' AS IpAddr,
    entry ->> '$.jsonPayload.queryName' AS Domain,
    entry ->> '$.insertId' AS EventOriginalUid,
    entry ->> '$.severity' AS EventSeverity,
    'Cloud DNS' AS EventProduct,
    'GCP' AS EventVendor,
    '0.1.0' AS EventSchemaVersion,
    'GCPDNS' AS Dvc,
    CASE WHEN (entry ->> '$.resource.type') = 'dns_query' THEN 'lookup' ELSE entry ->> '$.resource.type' END AS EventType,
    CASE WHEN LOWER(entry ->> '$.jsonPayload.responseCode') = 'noerror' THEN 'Success' ELSE 'Failure' END AS EventResult,
    'response' AS EventSubType,
    1 AS EventCount,
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS EventStartTime,
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS EventEndTime
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
    AND regexp_matches(
      entry ->> '$.jsonPayload.queryName',
      '(?i)(?:^|[^\pL\pN])(?:psec\.forward\.io\.global\.prod\.fastly\.net|b0a0374cd1cb4305002e\.d\.requestbin\.net|tornadodomain\.000webhostapp\.com|yxznlysc47wvrb9r9z211e1jbah15q)(?:$|[^\pL\pN])'
    )
)
/* extend DNSCustomEntity = Query, IPCustomEntity = SrcIpAddr */
SELECT
  *,
  Query AS DNSCustomEntity,
  SrcIpAddr AS IPCustomEntity
FROM where_2
