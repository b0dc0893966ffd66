/* Google DNS - Malicous Python packages
   id: 75491db8-eaf7-40bb-a46a-279872cc82f5, version 1.0.0
   source: rules/gcp/dns/malicious_python_packages.yaml, sha256 d745ed48416c39a2bb266c78d956d60e67da2b648c633231f3b08d9332351041 */
WITH GCPCloudDNS_1 AS (
  /* GCPCloudDNS */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS "timestamp",
    entry ->> '$.insertId' AS insertId,
    entry ->> '$.severity' AS severity,
    entry ->> '$.resource.type' AS resourceType,
    entry ->> '$.jsonPayload.queryName' AS queryName,
    entry ->> '$.jsonPayload.queryType' AS queryType,
    entry ->> '$.jsonPayload.responseCode' AS responseCode,
    entry ->> '$.jsonPayload.protocol' AS protocol,
    entry ->> '$.jsonPayload.sourceIP' AS sourceIP,
    entry ->> '$.jsonPayload.rdata' AS rdata
  FROM dns_googleapis_com_dns_queries
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND ends_with(entry ->> '$.logName', '/logs/dns.googleapis.com%2Fdns_queries')
)
/* where Query has_any ('psec.forward.io.global.prod.fastly.net', 'b0a0374… */
SELECT
  "timestamp" AS TimeGenerated, queryName AS Query, queryType AS QueryTypeName, rdata AS ResponseName,
  responseCode AS EventResultDetails, responseCode AS ResponseCodeName, protocol AS NetworkProtocol,
  sourceIP AS SrcIpAddr, sourceIP AS IpAddr, queryName AS Domain, insertId AS EventOriginalUid,
  severity AS EventSeverity, 'Cloud DNS' AS EventProduct, 'GCP' AS EventVendor,
  '0.1.0' AS EventSchemaVersion, 'GCPDNS' AS Dvc,
  CASE WHEN resourceType = 'dns_query' THEN 'lookup' ELSE resourceType END AS EventType,
  CASE WHEN LOWER(responseCode) = 'noerror' THEN 'Success' ELSE 'Failure' END AS EventResult,
  'response' AS EventSubType,
  CAST(1 AS BIGINT) AS EventCount,
  "timestamp" AS EventStartTime, "timestamp" AS EventEndTime, queryName AS DNSCustomEntity,
  sourceIP AS IPCustomEntity
FROM GCPCloudDNS_1
WHERE
  regexp_matches(
    queryName,
    '(?i)(?:^|[^\pL\pN])(?:psec\.forward\.io\.global\.prod\.fastly\.net|b0a0374cd1cb4305002e\.d\.requestbin\.net|tornadodomain\.000webhostapp\.com|yxznlysc47wvrb9r9z211e1jbah15q)(?:$|[^\pL\pN])'
  )
