/* Cloud Audit - New key used from another address
   id: d8f70c3b-6b0e-4f7d-9a52-1e60ab97fd0b, version 1.0.0
   source: rules/gcp/audit/new_key_used_from_elsewhere.yaml, sha256 4d4cbbf4974326fc926dea5bac6a787886eb3eed82e6d8e88bc956d6ead41ed2 */
WITH where_11 AS (
  /* GCPAuditLogs | where PrincipalEmail endswith ".gserviceaccount.com" | e… */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.protoPayload.methodName' AS MethodName,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
    NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp' AS CallerIp
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' DAY)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND regexp_matches(entry ->> '$.protoPayload.authenticationInfo.principalEmail', '(?i)\.gserviceaccount\.com$')
    AND (NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp') <> ''
    AND (NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp') IS DISTINCT FROM 'private'
), project_3 AS (
  /* GCPAuditLogs | where MethodName endswith "CreateServiceAccountKey" | pr… */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS KeyTime,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS Creator,
    NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp' AS CreatorIp,
    CAST(to_json(string_split(COALESCE(entry ->> '$.protoPayload.resourceName', ''), '/')) AS TEXT) ->> '$[3]' AS ServiceAccount
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' DAY)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND regexp_matches(entry ->> '$.protoPayload.methodName', '(?i)CreateServiceAccountKey$')
), join_12 AS (
  /* join kind=inner keys on $left.PrincipalEmail == $right.ServiceAccount */
  SELECT l.TimeGenerated, l.MethodName, l.CallerIp, r.KeyTime, r.Creator, r.CreatorIp, r.ServiceAccount
  FROM where_11 AS l
  INNER JOIN project_3 AS r
    ON COALESCE(l.PrincipalEmail, '') = COALESCE(r.ServiceAccount, '')
)
/* where TimeGenerated > KeyTime and CallerIp != CreatorIp | summarize Cal… */
SELECT
  COALESCE(ServiceAccount, '') AS ServiceAccount,
  COALESCE(Creator, '') AS Creator,
  COALESCE(CreatorIp, '') AS CreatorIp,
  COALESCE(CallerIp, '') AS CallerIp,
  COUNT(*) AS Calls,
  COUNT(DISTINCT COALESCE(MethodName, '')) AS Methods,
  min(TimeGenerated) AS FirstUse
FROM join_12
WHERE TimeGenerated > KeyTime AND COALESCE(CallerIp, '') <> COALESCE(CreatorIp, '')
GROUP BY 1, 2, 3, 4
