/* Cloud Audit - New key used from another address
   id: d8f70c3b-6b0e-4f7d-9a52-1e60ab97fd0b, version 1.0.0
   source: rules/gcp/audit/new_key_used_from_elsewhere.yaml, sha256 4d4cbbf4974326fc926dea5bac6a787886eb3eed82e6d8e88bc956d6ead41ed2 */
WITH where_9 AS (
  /* GCPAuditLogs | where PrincipalEmail endswith ".gserviceaccount.com" */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.methodName AS MethodName,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null') AS RequestMetadata
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 1445 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.authenticationInfo.principalEmail, '(?i)\\.gserviceaccount\\.com$')
), extend_10 AS (
  /* extend CallerIp = tostring(RequestMetadata.callerIp) */
  SELECT
    *,
    COALESCE(JSON_VALUE(RequestMetadata, '$.callerIp'), JSON_QUERY(RequestMetadata, '$.callerIp')) AS CallerIp
  FROM where_9
), where_11 AS (
  /* where isnotempty(CallerIp) and CallerIp != "private" */
  SELECT
    *
  FROM extend_10
  WHERE
    CallerIp <> '' AND CallerIp IS DISTINCT FROM 'private'
), where_2 AS (
  /* GCPAuditLogs | where MethodName endswith "CreateServiceAccountKey" */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.methodName AS MethodName,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    protopayload_auditlog.resourceName AS GCPResourceName,
    NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null') AS RequestMetadata
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 1445 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.methodName, '(?i)CreateServiceAccountKey$')
), project_3 AS (
  /* project KeyTime = TimeGenerated, Creator = PrincipalEmail, CreatorIp = tostring(RequestMetadata.callerIp), ServiceAccount = tostring(split(GCPResourceName, "/")[3]) */
  SELECT
    TimeGenerated AS KeyTime,
    PrincipalEmail AS Creator,
    COALESCE(JSON_VALUE(RequestMetadata, '$.callerIp'), JSON_QUERY(RequestMetadata, '$.callerIp')) AS CreatorIp,
    COALESCE(
      JSON_VALUE(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$[3]'),
      JSON_QUERY(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$[3]')
    ) AS ServiceAccount
  FROM where_2
), join_12 AS (
  /* join kind=inner keys on $left.PrincipalEmail == $right.ServiceAccount */
  SELECT
    l.TimeGenerated AS TimeGenerated,
    l.MethodName AS MethodName,
    l.CallerIp AS CallerIp,
    r.KeyTime AS KeyTime,
    r.Creator AS Creator,
    r.CreatorIp AS CreatorIp,
    r.ServiceAccount AS ServiceAccount
  FROM where_11 AS l
  INNER JOIN project_3 AS r
    ON COALESCE(l.PrincipalEmail, '') = COALESCE(r.ServiceAccount, '')
), where_13 AS (
  /* where TimeGenerated > KeyTime and CallerIp != CreatorIp */
  SELECT
    *
  FROM join_12
  WHERE
    TimeGenerated > KeyTime AND COALESCE(CallerIp, '') <> COALESCE(CreatorIp, '')
)
/* summarize Calls = count(), Methods = dcount(MethodName), FirstUse = min(TimeGenerated) by ServiceAccount, Creator, CreatorIp, CallerIp */
SELECT
  COALESCE(ServiceAccount, '') AS ServiceAccount,
  COALESCE(Creator, '') AS Creator,
  COALESCE(CreatorIp, '') AS CreatorIp,
  COALESCE(CallerIp, '') AS CallerIp,
  COUNT(*) AS Calls,
  COUNT(DISTINCT COALESCE(MethodName, '')) AS Methods,
  MIN(TimeGenerated) AS FirstUse
FROM where_13
GROUP BY
  1,
  2,
  3,
  4
