/* Cloud Audit - Owner or token creator granted
   id: e06cf2a4-7d0f-4e58-8c11-fb43b1a20f08, version 1.0.0
   source: rules/gcp/audit/owner_granted.yaml, sha256 dad78f2a4bb827b91bbb7a285ce9b4bfa3abc18f640dd1c7126e0c3dcfeeacbc */
WITH where_2 AS (
  /* GCPAuditLogs | where MethodName has "SetIamPolicy" */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.protoPayload.methodName' AS MethodName,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
    entry ->> '$.protoPayload.resourceName' AS GCPResourceName,
    entry ->> '$.resource.labels.project_id' AS ProjectId,
    NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') AS RequestMetadata,
    NULLIF((entry -> '$.protoPayload.request'), 'null') AS Request
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)(?:^|[^\pL\pN])SetIamPolicy(?:$|[^\pL\pN])')
), where_3 AS (
  /* where Request has_any ("roles/owner", "roles/iam.serviceAccountTokenCreator") */
  SELECT
    *
  FROM where_2
  WHERE
    regexp_matches(
      Request ->> '$',
      '(?i)(?:^|[^\pL\pN])(?:roles/owner|roles/iam\.serviceAccountTokenCreator)(?:$|[^\pL\pN])'
    )
), where_4 AS (
  /* where Request has "ADD" or isnotnull(Request.policy) */
  SELECT
    *
  FROM where_3
  WHERE
    (
      regexp_matches(Request ->> '$', '(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])')
      OR NOT NULLIF(Request -> '$.policy', 'null') IS NULL
    )
), extend_5 AS (
  /* extend Role = iff(Request has "roles/owner", "roles/owner", "roles/iam.serviceAccountTokenCreator") */
  SELECT
    *,
    CASE
      WHEN regexp_matches(Request ->> '$', '(?i)(?:^|[^\pL\pN])roles/owner(?:$|[^\pL\pN])')
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
    NOT COALESCE(regexp_matches(PrincipalEmail, '(?i)@my-project\.iam\.gserviceaccount\.com$'), FALSE)
)
/* project TimeGenerated, PrincipalEmail, Role, GCPResourceName, ProjectId, CallerIp = tostring(RequestMetadata.callerIp) */
SELECT
  TimeGenerated,
  PrincipalEmail,
  Role,
  GCPResourceName,
  ProjectId,
  RequestMetadata ->> '$.callerIp' AS CallerIp
FROM where_6
