/* Cloud Audit - Bucket opened to everyone
   id: 6a54e0d2-8e77-4a0a-b6a1-3d9f7c5e440a, version 1.0.0
   source: rules/gcp/audit/public_bucket.yaml, sha256 32d8fbc77cd2559114a9779b075e8805afb90c145d0e2c5e4f83232df5501c4c */
WITH summarize_6 AS (
  /* GCPAuditLogs | where ServiceName == "storage.googleapis.com" and Method… */
  SELECT
    COALESCE(
      CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.resourceName', ''), '/')) AS TEXT) ->> '$[-1]',
      ''
    ) AS Bucket,
    COALESCE(entry ->> '$.resource.labels.project_id', '') AS ProjectId,
    max(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS TimeGenerated,
    COALESCE(
      arg_max(
        {'PrincipalEmail': (
          entry ->> '$.protoPayload.authenticationInfo.principalEmail'
        ), 'Changes': (
          NULLIF((entry -> '$.protoPayload.serviceData'), 'null') ->> '$.policyDelta.bindingDeltas'
        )},
        TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
      ),
      any_value(
        {'PrincipalEmail': (
          entry ->> '$.protoPayload.authenticationInfo.principalEmail'
        ), 'Changes': (
          NULLIF((entry -> '$.protoPayload.serviceData'), 'null') ->> '$.policyDelta.bindingDeltas'
        )}
      )
    ) AS first_row
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND (entry ->> '$.protoPayload.serviceName') = 'storage.googleapis.com'
    AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)^storage\.setIamPermissions$')
    AND regexp_matches(
      NULLIF((entry -> '$.protoPayload.serviceData'), 'null') ->> '$.policyDelta.bindingDeltas',
      '(?i)(?:^|[^\pL\pN])(?:allUsers|allAuthenticatedUsers)(?:$|[^\pL\pN])'
    )
    AND regexp_matches(
      NULLIF((entry -> '$.protoPayload.serviceData'), 'null') ->> '$.policyDelta.bindingDeltas',
      '(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])'
    )
  GROUP BY 1, 2
)
SELECT
  Bucket, ProjectId, TimeGenerated,
  first_row.PrincipalEmail AS PrincipalEmail,
  first_row.Changes AS Changes
FROM summarize_6
