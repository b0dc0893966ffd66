/* Cloud Audit - Log export changed or removed
   id: 41a9e7c5-1b65-4a3c-93f0-c7f2a8d5e607, version 1.0.0
   source: rules/gcp/audit/log_export_tampering.yaml, sha256 07bb50f6c53731956718454f7bddc27f2de09494b2e66ed48f0f6c81ea4c9bd5 */
/* GCPAuditLogs | where ServiceName =~ "logging.googleapis.com" and Method… */
SELECT
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
  entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
  CASE
    WHEN starts_with(
      LOWER(
        CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.methodName', ''), '.')) AS TEXT) ->> '$[-1]'
      ),
      'delete'
    )
    THEN 'removed'
    WHEN starts_with(
      LOWER(
        CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.methodName', ''), '.')) AS TEXT) ->> '$[-1]'
      ),
      'update'
    )
    THEN 'changed'
    ELSE 'excluded'
  END AS Action,
  CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.resourceName', ''), '/')) AS TEXT) ->> '$[-1]' AS Target,
  list_transform(
    [NULLIF((entry -> '$.protoPayload.request'), 'null') -> '$.sink.disabled'],
    LAMBDA v : CASE lower(json_extract_string(v, '$'))
      WHEN 'true' THEN TRUE
      WHEN 'false' THEN FALSE
      ELSE COALESCE(
        TRY_CAST(regexp_extract(json_extract_string(v, '$'), '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT) <> 0,
        TRY_CAST(CAST(v AS TEXT) AS DOUBLE) <> 0
      )
    END
  )[1] AS Disabled,
  entry ->> '$.resource.labels.project_id' AS ProjectId,
  entry ->> '$.protoPayload.resourceName' AS GCPResourceName
FROM cloudaudit_googleapis_com
WHERE
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
  AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
  AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
  AND regexp_matches(entry ->> '$.protoPayload.serviceName', '(?i)^logging\.googleapis\.com$')
  AND regexp_matches(
    entry ->> '$.protoPayload.methodName',
    '(?i)^(?:google\.logging\.v2\.ConfigServiceV2\.DeleteSink|google\.logging\.v2\.ConfigServiceV2\.UpdateSink|google\.logging\.v2\.ConfigServiceV2\.DeleteBucket|google\.logging\.v2\.ConfigServiceV2\.CreateExclusion)$'
  )
