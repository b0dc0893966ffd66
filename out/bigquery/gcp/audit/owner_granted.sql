/* Cloud Audit - Owner or token creator granted
   id: e06cf2a4-7d0f-4e58-8c11-fb43b1a20f08, version 1.0.0
   source: rules/gcp/audit/owner_granted.yaml, sha256 dad78f2a4bb827b91bbb7a285ce9b4bfa3abc18f640dd1c7126e0c3dcfeeacbc */
WITH where_2 AS (
  /* GCPAuditLogs | where MethodName has "SetIamPolicy" */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.methodName AS MethodName,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    protopayload_auditlog.resourceName AS GCPResourceName,
    JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
    NULLIF(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), 'null') AS RequestMetadata,
    JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson') AS Request
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.methodName, '(?i)(?:^|[^\\pL\\pN])SetIamPolicy(?:$|[^\\pL\\pN])')
), where_3 AS (
  /* where Request has_any ("roles/owner", "roles/iam.serviceAccountTokenCreator") */
  SELECT
    *
  FROM where_2
  WHERE
    REGEXP_CONTAINS(
      COALESCE(JSON_VALUE(Request, '$'), NULLIF(Request, 'null')),
      '(?i)(?:^|[^\\pL\\pN])(?:roles/owner|roles/iam\\.serviceAccountTokenCreator)(?:$|[^\\pL\\pN])'
    )
), where_4 AS (
  /* where Request has "ADD" or isnotnull(Request.policy) */
  SELECT
    *
  FROM where_3
  WHERE
    (
      REGEXP_CONTAINS(
        COALESCE(JSON_VALUE(Request, '$'), NULLIF(Request, 'null')),
        '(?i)(?:^|[^\\pL\\pN])ADD(?:$|[^\\pL\\pN])'
      )
      OR NOT JSON_QUERY(Request, '$.policy') IS NULL
    )
), extend_5 AS (
  /* extend Role = iff(Request has "roles/owner", "roles/owner", "roles/iam.serviceAccountTokenCreator") */
  SELECT
    *,
    CASE
      WHEN REGEXP_CONTAINS(
        COALESCE(JSON_VALUE(Request, '$'), NULLIF(Request, 'null')),
        '(?i)(?:^|[^\\pL\\pN])roles/owner(?:$|[^\\pL\\pN])'
      )
      THEN 'roles/owner'
      ELSE 'roles/iam.serviceAccountTokenCreator'
    END AS Role
  FROM where_4
), where_6 AS (
  /* where not(PrincipalEmail endswith "@my-project.iam.gserviceaccount.com") */
  SELECT
    *
  FROM extend_5
  WHERE
    NOT COALESCE(REGEXP_CONTAINS(PrincipalEmail, '(?i)@my-project\\.iam\\.gserviceaccount\\.com$'), FALSE)
)
/* project TimeGenerated, PrincipalEmail, Role, GCPResourceName, ProjectId, CallerIp = tostring(RequestMetadata.callerIp) */
SELECT
  TimeGenerated,
  PrincipalEmail,
  Role,
  GCPResourceName,
  ProjectId,
  COALESCE(JSON_VALUE(RequestMetadata, '$.callerIp'), JSON_QUERY(RequestMetadata, '$.callerIp')) AS CallerIp
FROM where_6
