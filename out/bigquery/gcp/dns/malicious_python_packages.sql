/* Google DNS - Malicous Python packages
   id: 75491db8-eaf7-40bb-a46a-279872cc82f5, version 1.0.0
   source: rules/gcp/dns/malicious_python_packages.yaml, sha256 d745ed48416c39a2bb266c78d956d60e67da2b648c633231f3b08d9332351041 */
/* GCPCloudDNS | where Query has_any ('psec.forward.io.global.prod.fastly.… */
SELECT
  `timestamp` AS TimeGenerated,
  jsonPayload.queryname AS Query,
  jsonPayload.querytype AS QueryTypeName,
  JSON_VALUE(TO_JSON(jsonPayload), '$.rdata') AS ResponseName,
  jsonPayload.responsecode AS EventResultDetails,
  jsonPayload.responsecode AS ResponseCodeName,
  jsonPayload.protocol AS NetworkProtocol,
  JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS SrcIpAddr,
  JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS IpAddr,
  jsonPayload.queryname AS Domain,
  insertId AS EventOriginalUid, severity AS EventSeverity, 'Cloud DNS' AS EventProduct,
  'GCP' AS EventVendor, '0.1.0' AS EventSchemaVersion, 'GCPDNS' AS Dvc,
  IF(resource.type = 'dns_query', 'lookup', resource.type) AS EventType,
  IF(LOWER(jsonPayload.responsecode) = 'noerror', 'Success', 'Failure') AS EventResult,
  'response' AS EventSubType, 1 AS EventCount, `timestamp` AS EventStartTime,
  `timestamp` AS EventEndTime,
  jsonPayload.queryname AS DNSCustomEntity,
  JSON_VALUE(TO_JSON(jsonPayload), '$.sourceip') AS IPCustomEntity
FROM `my-project.logs.dns_googleapis_com_dns_queries`
WHERE
  `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
  AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
  AND REGEXP_CONTAINS(
    jsonPayload.queryname,
    r'(?i)(?:^|[^\pL\pN])(?:psec\.forward\.io\.global\.prod\.fastly\.net|b0a0374cd1cb4305002e\.d\.requestbin\.net|tornadodomain\.000webhostapp\.com|yxznlysc47wvrb9r9z211e1jbah15q)(?:$|[^\pL\pN])'
  )
