/* Cloud Audit - Service account key created
   id: b3f1b7f2-6f2d-4b9c-8d53-5a1c7e2b9d06, version 1.0.0
   source: rules/gcp/audit/service_account_key_created.yaml, sha256 3abac4e71b75dbf718161f83a578080a280b6796ff5c965c301a363679ec15cf */
/* GCPAuditLogs | where ServiceName == "iam.googleapis.com" | where MethodName has "CreateServiceAccou… */
SELECT
  `timestamp` AS TimeGenerated,
  protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
  COALESCE(
    JSON_VALUE(TO_JSON_STRING(SPLIT(COALESCE(protopayload_auditlog.resourceName, ''), '/')), '$[3]'),
    JSON_QUERY(TO_JSON_STRING(SPLIT(COALESCE(protopayload_auditlog.resourceName, ''), '/')), '$[3]')
  ) AS KeyOwner,
  COALESCE(
    JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
    JSON_QUERY(
      NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null'),
      '$.callerIp'
    )
  ) AS CallerIp,
  COALESCE(
    JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerSuppliedUserAgent'),
    JSON_QUERY(
      NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null'),
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
  AND REGEXP_CONTAINS(protopayload_auditlog.methodName, '(?i)(?:^|[^\\pL\\pN])CreateServiceAccountKey(?:$|[^\\pL\\pN])')
  AND (
    (
      SELECT
        COALESCE(
          CASE
            WHEN SAFE_CAST(JSON_VALUE(v, '$') AS INT64) BETWEEN -2147483648 AND 2147483647
            THEN SAFE_CAST(JSON_VALUE(v, '$') AS INT64)
          END,
          ((SAFE_CAST(v AS INT64) & 4294967295) ^ 2147483648) - 2147483648,
          CASE
            WHEN SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64) BETWEEN -2147483648 AND 2147483647
            THEN SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64)
          END,
          CASE
            WHEN v = 'true' THEN 1
            WHEN v = 'false' THEN 0
            WHEN SAFE_CAST(v AS FLOAT64) > 0 THEN 2147483647
            WHEN SAFE_CAST(v AS FLOAT64) < 0 THEN -2147483648
          END
        )
      FROM UNNEST([
        JSON_QUERY(NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), 'null'), '$.code')
      ]) AS v
    ) = 0
    OR JSON_QUERY(NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), 'null'), '$.code') IS NULL
  )
  AND NOT COALESCE(
    REGEXP_CONTAINS(protopayload_auditlog.authenticationInfo.principalEmail, '(?i)(?:^|[^\\pL\\pN])(?:terraform@|gitops@)'),
    FALSE
  )
