/* Cloud Audit - Service account key created
   id: b3f1b7f2-6f2d-4b9c-8d53-5a1c7e2b9d06, version 1.0.0
   source: rules/gcp/audit/service_account_key_created.yaml, sha256 3abac4e71b75dbf718161f83a578080a280b6796ff5c965c301a363679ec15cf */
WITH where_3 AS (
  /* GCPAuditLogs | where ServiceName == "iam.googleapis.com" */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.protoPayload.serviceName' AS ServiceName,
    entry ->> '$.protoPayload.methodName' AS MethodName,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
    entry ->> '$.protoPayload.resourceName' AS GCPResourceName,
    entry ->> '$.resource.labels.project_id' AS ProjectId,
    NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') AS RequestMetadata,
    NULLIF((entry -> '$.protoPayload.status'), 'null') AS Status
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '15' MINUTE)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND (entry ->> '$.protoPayload.serviceName') = 'iam.googleapis.com'
), where_4 AS (
  /* where MethodName has "CreateServiceAccountKey" */
  SELECT
    *
  FROM where_3
  WHERE
    regexp_matches(MethodName, '(?i)(?:^|[^\pL\pN])CreateServiceAccountKey(?:$|[^\pL\pN])')
), where_5 AS (
  /* where toint(Status.code) == 0 or isnull(Status.code) */
  SELECT
    *
  FROM where_4
  WHERE
    (
      list_transform(
        [Status -> '$.code'],
        LAMBDA v : COALESCE(
          CAST(TRY_CAST(regexp_extract(json_extract_string(v, '$'), '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS INT) AS BIGINT),
          xor(TRY_CAST(regexp_extract(CAST(v AS TEXT), '^-?[0-9]+$') AS BIGINT) & 4294967295, 2147483648) - 2147483648,
          CAST(TRY_CAST(trunc(TRY_CAST(CAST(v AS TEXT) AS DOUBLE)) AS INT) AS BIGINT),
          CASE
            WHEN CAST(v AS TEXT) = 'true'
            THEN 1
            WHEN CAST(v AS TEXT) = 'false'
            THEN 0
            WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) > 0
            THEN 2147483647
            WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) < 0
            THEN -2147483648
          END
        )
      )[1] = 0
      OR NULLIF(Status -> '$.code', 'null') IS NULL
    )
), where_6 AS (
  /* where not(PrincipalEmail has_any (automation)) */
  SELECT
    *
  FROM where_5
  WHERE
    NOT COALESCE(regexp_matches(PrincipalEmail, '(?i)(?:^|[^\pL\pN])(?:terraform@|gitops@)'), FALSE)
), extend_7 AS (
  /* extend CallerIp = tostring(RequestMetadata.callerIp), UserAgent = tostring(RequestMetadata.callerSuppliedUserAgent), KeyOwner = tostring(split(GCPResourceName, "/")[3]) */
  SELECT
    *,
    RequestMetadata ->> '$.callerIp' AS CallerIp,
    RequestMetadata ->> '$.callerSuppliedUserAgent' AS UserAgent,
    CAST(to_json(string_split(COALESCE(GCPResourceName, ''), '/')) AS TEXT) ->> '$[3]' AS KeyOwner
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
