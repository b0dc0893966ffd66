/* Cloud Audit - New key used from another address
   id: d8f70c3b-6b0e-4f7d-9a52-1e60ab97fd0b, version 1.0.0
   source: rules/gcp/audit/new_key_used_from_elsewhere.yaml, sha256 4d4cbbf4974326fc926dea5bac6a787886eb3eed82e6d8e88bc956d6ead41ed2 */
WITH extend_10 AS (
  /* GCPAuditLogs | where PrincipalEmail endswith ".gserviceaccount.com" | e… */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.methodName AS MethodName,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    COALESCE(
      JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
      JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), '$.callerIp')
    ) AS CallerIp
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 1445 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.authenticationInfo.principalEmail, r'(?i)\.gserviceaccount\.com$')
), where_11 AS (
  /* where isnotempty(CallerIp) and CallerIp != "private" */
  SELECT *
  FROM extend_10
  WHERE CallerIp <> '' AND CallerIp IS DISTINCT FROM 'private'
), project_3 AS (
  /* GCPAuditLogs | where MethodName endswith "CreateServiceAccountKey" | pr… */
  SELECT
    `timestamp` AS KeyTime,
    protopayload_auditlog.authenticationInfo.principalEmail AS Creator,
    COALESCE(
      JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
      JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), '$.callerIp')
    ) AS CreatorIp,
    (
      SELECT COALESCE(JSON_VALUE(v), v)
      FROM UNNEST([JSON_QUERY(TO_JSON_STRING(SPLIT(COALESCE(protopayload_auditlog.resourceName, ''), '/')), '$[3]')]) AS v
    ) AS ServiceAccount
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 1445 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.methodName, '(?i)CreateServiceAccountKey$')
), join_12 AS (
  /* join kind=inner keys on $left.PrincipalEmail == $right.ServiceAccount */
  SELECT l.TimeGenerated, l.MethodName, l.CallerIp, r.KeyTime, r.Creator, r.CreatorIp, r.ServiceAccount
  FROM where_11 AS l
  INNER JOIN project_3 AS r
    ON COALESCE(l.PrincipalEmail, '') = COALESCE(r.ServiceAccount, '')
)
/* where TimeGenerated > KeyTime and CallerIp != CreatorIp | summarize Cal… */
SELECT
  COALESCE(ServiceAccount, '') AS ServiceAccount,
  COALESCE(Creator, '') AS Creator,
  COALESCE(CreatorIp, '') AS CreatorIp,
  COALESCE(CallerIp, '') AS CallerIp,
  COUNT(*) AS Calls,
  COUNT(DISTINCT COALESCE(MethodName, '')) AS Methods,
  MIN(TimeGenerated) AS FirstUse
FROM join_12
WHERE TimeGenerated > KeyTime AND COALESCE(CallerIp, '') <> COALESCE(CreatorIp, '')
GROUP BY 1, 2, 3, 4
