/* Cloud Audit - Burst of denied calls
   id: 93b6dc51-2f4e-47f1-a4a5-6c0b0de3bb09, version 1.0.0
   source: rules/gcp/audit/permission_denied_burst.yaml, sha256 d560a282b63e3ca43fc0d03476420960f35e9fece6a755deb677dc52ac0878fe */
WITH summarize_4 AS (
  /* GCPAuditLogs | where toint(Status.code) == 7 | summarize Denied = count… */
  SELECT
    COALESCE(entry ->> '$.protoPayload.authenticationInfo.principalEmail', '') AS PrincipalEmail,
    COALESCE(NULLIF((entry -> '$.protoPayload.requestMetadata'), 'null') ->> '$.callerIp', '') AS CallerIp,
    COUNT(*) AS Denied,
    COUNT(DISTINCT COALESCE(entry ->> '$.protoPayload.methodName', '')) AS Methods,
    to_json(list(DISTINCT COALESCE(entry ->> '$.protoPayload.serviceName', ''))) AS Services,
    min(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS FirstSeen,
    max(TRY_CAST(entry ->> '$.timestamp' AS TIMESTAMPTZ) AT TIME ZONE 'UTC') AS LastSeen
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
          WHEN CAST(v AS TEXT) = 'true' THEN 1
          WHEN CAST(v AS TEXT) = 'false' THEN 0
          WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) > 0 THEN 2147483647
          WHEN TRY_CAST(CAST(v AS TEXT) AS DOUBLE) < 0 THEN -2147483648
        END
      )
    )[1] = 7
  GROUP BY 1, 2
)
/* where Methods >= minimum | extend Minutes = datetime_diff("minute", Las… */
SELECT
  FirstSeen, LastSeen,
  date_diff('minute', FirstSeen, LastSeen) AS Minutes,
  PrincipalEmail, CallerIp, Denied, Methods,
  CAST(Services AS JSON) AS Services
FROM summarize_4
WHERE Methods >= 5
