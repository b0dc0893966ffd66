/* Cloud Audit - Log export changed or removed
   id: 41a9e7c5-1b65-4a3c-93f0-c7f2a8d5e607, version 1.0.0
   source: rules/gcp/audit/log_export_tampering.yaml, sha256 07bb50f6c53731956718454f7bddc27f2de09494b2e66ed48f0f6c81ea4c9bd5 */
WITH extend_8 AS (
  /* GCPAuditLogs | where ServiceName =~ "logging.googleapis.com" and Method… */
  SELECT
    `timestamp` AS TimeGenerated,
    protopayload_auditlog.authenticationInfo.principalEmail AS PrincipalEmail,
    protopayload_auditlog.resourceName AS GCPResourceName,
    JSON_VALUE(TO_JSON(resource), '$.labels.project_id') AS ProjectId,
    JSON_QUERY(JSON_VALUE(TO_JSON(protopayload_auditlog), '$.requestJson'), '$') AS Request,
    (
      SELECT COALESCE(JSON_VALUE(v), NULLIF(v, 'null'))
      FROM UNNEST([
        NULLIF(
          ARRAY_REVERSE(JSON_QUERY_ARRAY(TO_JSON_STRING(SPLIT(COALESCE(protopayload_auditlog.methodName, ''), '.')), '$'))[SAFE_OFFSET(0)],
          'null'
        )
      ]) AS v
    ) AS Action
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND REGEXP_CONTAINS(protopayload_auditlog.serviceName, r'(?i)^logging\.googleapis\.com$')
    AND REGEXP_CONTAINS(
      protopayload_auditlog.methodName,
      r'(?i)^(?:google\.logging\.v2\.ConfigServiceV2\.DeleteSink|google\.logging\.v2\.ConfigServiceV2\.UpdateSink|google\.logging\.v2\.ConfigServiceV2\.DeleteBucket|google\.logging\.v2\.ConfigServiceV2\.CreateExclusion)$'
    )
)
/* extend Action = case(Action startswith "Delete", "removed", Action star… */
SELECT
  TimeGenerated, PrincipalEmail,
  CASE
    WHEN STARTS_WITH(LOWER(Action), 'delete') THEN 'removed'
    WHEN STARTS_WITH(LOWER(Action), 'update') THEN 'changed'
    ELSE 'excluded'
  END AS Action,
  (
    SELECT COALESCE(JSON_VALUE(v), NULLIF(v, 'null'))
    FROM UNNEST([
      NULLIF(
        ARRAY_REVERSE(JSON_QUERY_ARRAY(TO_JSON_STRING(SPLIT(COALESCE(GCPResourceName, ''), '/')), '$'))[SAFE_OFFSET(0)],
        'null'
      )
    ]) AS v
  ) AS Target,
  (
    SELECT
      CASE LOWER(JSON_VALUE(v))
        WHEN 'true' THEN TRUE
        WHEN 'false' THEN FALSE
        ELSE COALESCE(SAFE_CAST(JSON_VALUE(v) AS INT64) <> 0, SAFE_CAST(v AS FLOAT64) <> 0)
      END
    FROM UNNEST([JSON_QUERY(Request, '$.sink.disabled')]) AS v
  ) AS Disabled,
  ProjectId, GCPResourceName
FROM extend_8
