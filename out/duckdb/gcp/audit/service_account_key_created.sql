/* Cloud Audit - Service account key created
   id: b3f1b7f2-6f2d-4b9c-8d53-5a1c7e2b9d06, version 1.0.0
   source: rules/gcp/audit/service_account_key_created.yaml, sha256 3abac4e71b75dbf718161f83a578080a280b6796ff5c965c301a363679ec15cf */
/* GCPAuditLogs | where ServiceName == "iam.googleapis.com" | where Method… */
SELECT
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
  entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
  CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.resourceName', ''), '/')) AS TEXT) ->> '$[3]' AS KeyOwner,
  NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp' AS CallerIp,
  NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerSuppliedUserAgent' AS UserAgent,
  entry ->> '$.resource.labels.project_id' AS ProjectId,
  entry ->> '$.protoPayload.methodName' AS MethodName
FROM cloudaudit_googleapis_com
WHERE
  TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
  AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
  AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
  AND (entry ->> '$.protoPayload.serviceName') = 'iam.googleapis.com'
  AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)(?:^|[^\pL\pN])CreateServiceAccountKey(?:$|[^\pL\pN])')
  AND (
    list_transform(
      [NULLIF((entry -> '$.protoPayload.status'), 'null') -> '$.code'],
      LAMBDA v : COALESCE(
        CAST(TRY_CAST(regexp_extract(json_extract_string(v, '$'), '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS INT) AS BIGINT),
        xor(TRY_CAST(regexp_extract(CAST(v AS TEXT), '^-?[0-9]+$') AS BIGINT) & 4294967295, 2147483648) - 2147483648,
        CAST(TRY_CAST(trunc(TRY_CAST(CAST(v AS TEXT) AS DOUBLE)) AS INT) AS BIGINT),
        CASE
          WHEN CAST(v AS TEXT) = 'true' THEN 1
          WHEN CAST(v AS TEXT) = 'false' THEN 0
          WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) > 0 THEN 2147483647
          WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) < 0 THEN -2147483648
        END
      )
    )[1] = 0
    OR NULLIF(NULLIF((entry -> '$.protoPayload.status'), 'null') -> '$.code', 'null') IS NULL
  )
  AND NOT COALESCE(
    regexp_matches(
      entry ->> '$.protoPayload.authenticationInfo.principalEmail',
      '(?i)(?:^|[^\pL\pN])(?:terraform@|gitops@)'
    ),
    FALSE
  )
