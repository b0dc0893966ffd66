/* Cloud Audit - Service account key created
   id: b3f1b7f2-6f2d-4b9c-8d53-5a1c7e2b9d06, version 1.0.0
   source: rules/gcp/audit/service_account_key_created.yaml, sha256 3abac4e71b75dbf718161f83a578080a280b6796ff5c965c301a363679ec15cf */
WITH where_3 AS (
  /* GCPAuditLogs | where ServiceName == "iam.googleapis.com" */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.serviceName AS ServiceName,
    protopayload_auditlog.methodName AS MethodName,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    protopayload_auditlog.resourceName AS GCPResourceName,
    JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
    NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null') AS RequestMetadata,
    NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), 'null') AS Status
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND protopayload_auditlog.serviceName = 'iam.googleapis.com'
), where_4 AS (
  /* where MethodName has "CreateServiceAccountKey" */
  SELECT
    *
  FROM where_3
  WHERE
    REGEXP_CONTAINS(MethodName, '(?i)(?:^|[^\\pL\\pN])CreateServiceAccountKey(?:$|[^\\pL\\pN])')
), where_5 AS (
  /* where toint(Status.code) == 0 or isnull(Status.code) */
  SELECT
    *
  FROM where_4
  WHERE
    (
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
              WHEN v = 'true'
              THEN 1
              WHEN v = 'false'
              THEN 0
              WHEN SAFE_CAST(v AS FLOAT64) > 0
              THEN 2147483647
              WHEN SAFE_CAST(v AS FLOAT64) < 0
              THEN -2147483648
            END
          )
        FROM UNNEST([JSON_QUERY(Status, '$.code')]) AS v
      ) = 0
      OR JSON_QUERY(Status, '$.code') IS NULL
    )
), where_6 AS (
  /* where not(PrincipalEmail has_any (automation)) */
  SELECT
    *
  FROM where_5
  WHERE
    NOT COALESCE(REGEXP_CONTAINS(PrincipalEmail, '(?i)(?:^|[^\\pL\\pN])(?:terraform@|gitops@)'), FALSE)
), extend_7 AS (
  /* extend CallerIp = tostring(RequestMetadata.callerIp), UserAgent = tostring(RequestMetadata.callerSuppliedUserAgent), KeyOwner = tostring(split(GCPResourceName, "/")[3]) */
  SELECT
    *,
    COALESCE(JSON_VALUE(RequestMetadata, '$.callerIp'), JSON_QUERY(RequestMetadata, '$.callerIp')) AS CallerIp,
    COALESCE(
      JSON_VALUE(RequestMetadata, '$.callerSuppliedUserAgent'),
      JSON_QUERY(RequestMetadata, '$.callerSuppliedUserAgent')
    ) AS UserAgent,
    COALESCE(
      JSON_VALUE(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$[3]'),
      JSON_QUERY(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$[3]')
    ) AS KeyOwner
  FROM where_6
)
/* project TimeGenerated, PrincipalEmail, KeyOwner, CallerIp, UserAgent, ProjectId, MethodName */
SELECT
  TimeGenerated,
  PrincipalEmail,
  KeyOwner,
  CallerIp,
  UserAgent,
  ProjectId,
  MethodName
FROM extend_7
