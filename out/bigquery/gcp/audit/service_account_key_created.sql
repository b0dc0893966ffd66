/* Cloud Audit - Service account key created
   id: b3f1b7f2-6f2d-4b9c-8d53-5a1c7e2b9d06, version 1.0.0
   source: rules/gcp/audit/service_account_key_created.yaml, sha256 3abac4e71b75dbf718161f83a578080a280b6796ff5c965c301a363679ec15cf */
/* GCPAuditLogs | where ServiceName == "iam.googleapis.com" | where Method… */
SELECT
  `timestamp` AS TimeGenerated,
  protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
  (
    SELECT COALESCE(JSON_VALUE(v), v)
    FROM UNNEST([JSON_QUERY(TO_JSON_STRING(SPLIT(COALESCE(protopayload_auditlog.resourceName, ''), '/')), '$[3]')]) AS v
  ) AS KeyOwner,
  COALESCE(
    JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
    JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), '$.callerIp')
  ) AS CallerIp,
  COALESCE(
    JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerSuppliedUserAgent'),
    JSON_QUERY(
      TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')),
      '$.callerSuppliedUserAgent'
    )
  ) AS UserAgent,
  JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
  protopayload_auditlog.methodName AS MethodName
FROM `my-project.logs.cloudaudit_googleapis_com_activity`
WHERE
  `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
  AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
  AND protopayload_auditlog.serviceName = 'iam.googleapis.com'
  AND REGEXP_CONTAINS(protopayload_auditlog.methodName, r'(?i)(?:^|[^\pL\pN])CreateServiceAccountKey(?:$|[^\pL\pN])')
  AND (
    (
      SELECT
        COALESCE(
          IF(
            SAFE_CAST(JSON_VALUE(v) AS INT64) BETWEEN -2147483648 AND 2147483647,
            SAFE_CAST(JSON_VALUE(v) AS INT64),
            NULL
          ),
          ((SAFE_CAST(v AS INT64) & 4294967295) ^ 2147483648) - 2147483648,
          IF(
            SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64) BETWEEN -2147483648 AND 2147483647,
            SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64),
            NULL
          ),
          CASE
            WHEN v = 'true' THEN 1
            WHEN v = 'false' THEN 0
            WHEN SAFE_CAST(v AS FLOAT64) > 0 THEN 2147483647
            WHEN SAFE_CAST(v AS FLOAT64) < 0 THEN -2147483648
          END
        )
      FROM UNNEST([JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), '$.code')]) AS v
    ) = 0
    OR JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), '$.code') IS NULL
  )
  AND NOT COALESCE(
    REGEXP_CONTAINS(protopayload_auditlog.authenticationInfo.principalEmail, r'(?i)(?:^|[^\pL\pN])(?:terraform@|gitops@)'),
    FALSE
  )
