/* Cloud Audit - Owner or token creator granted
   id: e06cf2a4-7d0f-4e58-8c11-fb43b1a20f08, version 1.0.0
   source: rules/gcp/audit/owner_granted.yaml, sha256 dad78f2a4bb827b91bbb7a285ce9b4bfa3abc18f640dd1c7126e0c3dcfeeacbc */
/* GCPAuditLogs | where MethodName has "SetIamPolicy" | where Request has_… */
SELECT
  `timestamp` AS TimeGenerated,
  protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
  IF(
    REGEXP_CONTAINS(
      (
        SELECT COALESCE(JSON_VALUE(v), v)
        FROM UNNEST([JSON_QUERY(JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson'), '$')]) AS v
      ),
      r'(?i)(?:^|[^\pL\pN])roles/owner(?:$|[^\pL\pN])'
    ),
    'roles/owner',
    'roles/iam.serviceAccountTokenCreator'
  ) AS Role,
  protopayload_auditlog.resourceName AS GCPResourceName,
  JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
  COALESCE(
    JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
    JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), '$.callerIp')
  ) AS CallerIp
FROM `my-project.logs.cloudaudit_googleapis_com_activity`
WHERE
  `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
  AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
  AND REGEXP_CONTAINS(protopayload_auditlog.methodName, r'(?i)(?:^|[^\pL\pN])SetIamPolicy(?:$|[^\pL\pN])')
  AND REGEXP_CONTAINS(
    (
      SELECT COALESCE(JSON_VALUE(v), v)
      FROM UNNEST([JSON_QUERY(JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson'), '$')]) AS v
    ),
    r'(?i)(?:^|[^\pL\pN])(?:roles/owner|roles/iam\.serviceAccountTokenCreator)(?:$|[^\pL\pN])'
  )
  AND (
    REGEXP_CONTAINS(
      (
        SELECT COALESCE(JSON_VALUE(v), v)
        FROM UNNEST([JSON_QUERY(JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson'), '$')]) AS v
      ),
      r'(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])'
    )
    OR NOT JSON_QUERY(JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson'), '$.policy') IS NULL
  )
  AND NOT COALESCE(
    REGEXP_CONTAINS(
      protopayload_auditlog.authenticationInfo.principalEmail,
      r'(?i)@my-project\.iam\.gserviceaccount\.com$'
    ),
    FALSE
  )
