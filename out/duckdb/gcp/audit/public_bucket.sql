/* Cloud Audit - Bucket opened to everyone
   id: 6a54e0d2-8e77-4a0a-b6a1-3d9f7c5e440a, version 1.0.0
   source: rules/gcp/audit/public_bucket.yaml, sha256 32d8fbc77cd2559114a9779b075e8805afb90c145d0e2c5e4f83232df5501c4c */
WITH where_2 AS (
  /* GCPAuditLogs | where ServiceName == "storage.googleapis.com" and MethodName =~ "storage.setIamPermissions" */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.protoPayload.serviceName' AS ServiceName,
    entry ->> '$.protoPayload.methodName' AS MethodName,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
    entry ->> '$.protoPayload.resourceName' AS GCPResourceName,
    entry ->> '$.resource.labels.project_id' AS ProjectId,
    NULLIF((entry -> '$.protoPayload.serviceData'), 'null') AS ServiceData
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND (entry ->> '$.protoPayload.serviceName') = 'storage.googleapis.com'
    AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)^storage\.setIamPermissions$')
), extend_3 AS (
  /* extend Changes = tostring(ServiceData.policyDelta.bindingDeltas) */
  SELECT
    *,
    ServiceData ->> '$.policyDelta.bindingDeltas' AS Changes
  FROM where_2
), where_4 AS (
  /* where Changes has_any ("allUsers", "allAuthenticatedUsers") and Changes has "ADD" */
  SELECT
    *
  FROM extend_3
  WHERE
    regexp_matches(Changes, '(?i)(?:^|[^\pL\pN])(?:allUsers|allAuthenticatedUsers)(?:$|[^\pL\pN])')
    AND CASE
      WHEN contains(LOWER(Changes), 'add')
      THEN regexp_matches(Changes, '(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])')
      ELSE FALSE
    END
), extend_5 AS (
  /* extend Bucket = tostring(split(GCPResourceName, "/")[-1]) */
  SELECT
    *,
    CAST(to_json(string_split(COALESCE(GCPResourceName, ''), '/')) AS TEXT) ->> '$[-1]' AS Bucket
  FROM where_4
)
/* summarize arg_max(TimeGenerated, PrincipalEmail, Changes) by Bucket, ProjectId */
SELECT
  COALESCE(Bucket, '') AS Bucket,
  COALESCE(ProjectId, '') AS ProjectId,
  max(TimeGenerated) AS TimeGenerated,
  COALESCE(
    arg_max({'PrincipalEmail': PrincipalEmail, 'Changes': Changes}, TimeGenerated),
    any_value({'PrincipalEmail': PrincipalEmail, 'Changes': Changes})
  ).PrincipalEmail AS PrincipalEmail,
  COALESCE(
    arg_max({'PrincipalEmail': PrincipalEmail, 'Changes': Changes}, TimeGenerated),
    any_value({'PrincipalEmail': PrincipalEmail, 'Changes': Changes})
  ).Changes AS Changes
FROM extend_5
GROUP BY
  1,
  2
