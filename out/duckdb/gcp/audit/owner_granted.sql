/* Cloud Audit - Owner or token creator granted
   id: e06cf2a4-7d0f-4e58-8c11-fb43b1a20f08, version 1.0.0
   source: rules/gcp/audit/owner_granted.yaml, sha256 dad78f2a4bb827b91bbb7a285ce9b4bfa3abc18f640dd1c7126e0c3dcfeeacbc */
/* GCPAuditLogs | where MethodName has "SetIamPolicy" | where Request has_… */
SELECT
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
  entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
  CASE
    WHEN regexp_matches(
      NULLIF((entry -> '$.protoPayload.request'), 'null') ->> '$',
      '(?i)(?:^|[^\pL\pN])roles/owner(?:$|[^\pL\pN])'
    )
    THEN 'roles/owner'
    ELSE 'roles/iam.serviceAccountTokenCreator'
  END AS Role,
  entry ->> '$.protoPayload.resourceName' AS GCPResourceName,
  entry ->> '$.resource.labels.project_id' AS ProjectId,
  NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp' AS CallerIp
FROM cloudaudit_googleapis_com
WHERE
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
  AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
  AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
  AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)(?:^|[^\pL\pN])SetIamPolicy(?:$|[^\pL\pN])')
  AND regexp_matches(
    NULLIF((entry -> '$.protoPayload.request'), 'null') ->> '$',
    '(?i)(?:^|[^\pL\pN])(?:roles/owner|roles/iam\.serviceAccountTokenCreator)(?:$|[^\pL\pN])'
  )
  AND (
    regexp_matches(NULLIF((entry -> '$.protoPayload.request'), 'null') ->> '$', '(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])')
    OR NOT NULLIF(NULLIF((entry -> '$.protoPayload.request'), 'null') -> '$.policy', 'null') IS NULL
  )
  AND NOT COALESCE(
    regexp_matches(
      entry ->> '$.protoPayload.authenticationInfo.principalEmail',
      '(?i)@my-project\.iam\.gserviceaccount\.com$'
    ),
    FALSE
  )
