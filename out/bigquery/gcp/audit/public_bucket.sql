/* Cloud Audit - Bucket opened to everyone
   id: 6a54e0d2-8e77-4a0a-b6a1-3d9f7c5e440a, version 1.0.0
   source: rules/gcp/audit/public_bucket.yaml, sha256 32d8fbc77cd2559114a9779b075e8805afb90c145d0e2c5e4f83232df5501c4c */
WITH extend_3 AS (
  /* GCPAuditLogs | where ServiceName == "storage.googleapis.com" and Method… */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    protopayload_auditlog.resourceName AS GCPResourceName,
    JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
    COALESCE(
      JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.servicedata_v1_iam'), '$.policyDelta.bindingDeltas'),
      JSON_QUERY(
        TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.servicedata_v1_iam')),
        '$.policyDelta.bindingDeltas'
      )
    ) AS Changes
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND protopayload_auditlog.serviceName = 'storage.googleapis.com'
    AND REGEXP_CONTAINS(protopayload_auditlog.methodName, r'(?i)^storage\.setIamPermissions$')
), summarize_6 AS (
  /* where Changes has_any ("allUsers", "allAuthenticatedUsers") and Changes… */
  SELECT
    COALESCE(
      (
        SELECT COALESCE(JSON_VALUE(v), NULLIF(v, 'null'))
        FROM UNNEST([
          NULLIF(
            ARRAY_REVERSE(JSON_QUERY_ARRAY(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$'))[SAFE_OFFSET(0)],
            'null'
          )
        ]) AS v
      ),
      ''
    ) AS Bucket,
    COALESCE(ProjectId, '') AS ProjectId,
    MAX(TimeGenerated) AS TimeGenerated,
    ARRAY_AGG(STRUCT(PrincipalEmail AS PrincipalEmail, Changes AS Changes) ORDER BY TimeGenerated DESC LIMIT 1)[SAFE_OFFSET(0)] AS first_row
  FROM extend_3
  WHERE
    REGEXP_CONTAINS(Changes, r'(?i)(?:^|[^\pL\pN])(?:allUsers|allAuthenticatedUsers)(?:$|[^\pL\pN])')
    AND IF(
      STRPOS(LOWER(Changes), 'add') > 0,
      REGEXP_CONTAINS(Changes, r'(?i)(?:^|[^\pL\pN])ADD(?:$|[^\pL\pN])'),
      FALSE
    )
  GROUP BY 1, 2
)
SELECT
  Bucket, ProjectId, TimeGenerated,
  first_row.PrincipalEmail AS PrincipalEmail,
  first_row.Changes AS Changes
FROM summarize_6
