/* Cloud Audit - Burst of denied calls
   id: 93b6dc51-2f4e-47f1-a4a5-6c0b0de3bb09, version 1.0.0
   source: rules/gcp/audit/permission_denied_burst.yaml, sha256 d560a282b63e3ca43fc0d03476420960f35e9fece6a755deb677dc52ac0878fe */
WITH where_3 AS (
  /* GCPAuditLogs | where toint(Status.code) == 7 */
  SELECT
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TimeGenerated,
    entry ->> '$.protoPayload.serviceName' AS ServiceName,
    entry ->> '$.protoPayload.methodName' AS MethodName,
    entry ->> '$.protoPayload.authenticationInfo.principalEmail' AS PrincipalEmail,
    NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') AS RequestMetadata,
    NULLIF((entry -> '$.protoPayload.status'), 'null') AS Status
  FROM cloudaudit_googleapis_com
  WHERE
    TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' >= (now() AT TIME ZONE 'UTC' - INTERVAL '1' HOUR)
    AND TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' < now() AT TIME ZONE 'UTC'
    AND contains(entry ->> '$.logName', '/logs/cloudaudit.googleapis.com%2F')
    AND list_transform(
      [NULLIF((entry -> '$.protoPayload.status'), 'null') -> '$.code'],
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
    )[1] = 7
), summarize_4 AS (
  /* summarize Denied = count(), Methods = dcount(MethodName), Services = make_set(ServiceName), FirstSeen = min(TimeGenerated), LastSeen = max(TimeGenerated) by PrincipalEmail, CallerIp = tostring(Requ... */
  SELECT
    COALESCE(PrincipalEmail, '') AS PrincipalEmail,
    COALESCE(RequestMetadata ->> '$.callerIp', '') AS CallerIp,
    COUNT(*) AS Denied,
    COUNT(DISTINCT COALESCE(MethodName, '')) AS Methods,
    to_json(list(DISTINCT COALESCE(ServiceName, ''))) AS Services,
    min(TimeGenerated) AS FirstSeen,
    max(TimeGenerated) AS LastSeen
  FROM where_3
  GROUP BY
    1,
    2
), where_11 AS (
  /* where Methods >= minimum */
  SELECT
    *
  FROM summarize_4
  WHERE
    Methods >= 5
), extend_12 AS (
  /* extend Minutes = datetime_diff("minute", LastSeen, FirstSeen) */
  SELECT
    *,
    date_diff('minute', FirstSeen, LastSeen) AS Minutes
  FROM where_11
), project_13 AS (
  /* project FirstSeen, LastSeen, Minutes, PrincipalEmail, CallerIp, Denied, Methods, Services */
  SELECT
    FirstSeen,
    LastSeen,
    Minutes,
    PrincipalEmail,
    CallerIp,
    Denied,
    Methods,
    Services
  FROM extend_12
)
SELECT
  *
  REPLACE (CAST(Services AS JSON) AS Services)
FROM project_13
