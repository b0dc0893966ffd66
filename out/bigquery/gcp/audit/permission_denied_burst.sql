/* Cloud Audit - Burst of denied calls
   id: 93b6dc51-2f4e-47f1-a4a5-6c0b0de3bb09, version 1.0.0
   source: rules/gcp/audit/permission_denied_burst.yaml, sha256 d560a282b63e3ca43fc0d03476420960f35e9fece6a755deb677dc52ac0878fe */
WITH summarize_4 AS (
  /* GCPAuditLogs | where toint(Status.code) == 7 | summarize Denied = count… */
  SELECT
    COALESCE(protopayload_auditlog.authenticationInfo.principalEmail, '') AS PrincipalEmail,
    COALESCE(
      JSON_VALUE(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata'), '$.callerIp'),
      JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.requestMetadata')), '$.callerIp'),
      ''
    ) AS CallerIp,
    COUNT(*) AS Denied,
    COUNT(DISTINCT COALESCE(protopayload_auditlog.methodName, '')) AS Methods,
    TO_JSON_STRING(ARRAY_AGG(DISTINCT COALESCE(protopayload_auditlog.serviceName, ''))) AS Services,
    MIN(`timestamp`) AS FirstSeen,
    MAX(`timestamp`) AS LastSeen
  FROM `my-project.logs.cloudaudit_googleapis_com_activity`
  WHERE
    `timestamp` >= TIMESTAMP_SUB(@run_time, INTERVAL 65 MINUTE)
    AND `timestamp` < TIMESTAMP_SUB(@run_time, INTERVAL 5 MINUTE)
    AND (
      SELECT
        COALESCE(
          IF(
            SAFE_CAST(JSON_VALUE(v) AS INT64) BETWEEN -2147483648 AND 2147483647,
            SAFE_CAST(JSON_VALUE(v) AS INT64),
            NULL
          ),
          ((SAFE_CAST(v AS INT64) & 4294967295) ^ 2147483648) - 2147483648,
          IF(
            SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64) BETWEEN -2147483648 AND 2147483647,
            SAFE_CAST(TRUNC(SAFE_CAST(v AS FLOAT64)) AS INT64),
            NULL
          ),
          CASE
            WHEN v = 'true' THEN 1
            WHEN v = 'false' THEN 0
            WHEN SAFE_CAST(v AS FLOAT64) > 0 THEN 2147483647
            WHEN SAFE_CAST(v AS FLOAT64) < 0 THEN -2147483648
          END
        )
      FROM UNNEST([JSON_QUERY(TO_JSON_STRING(JSON_QUERY(TO_JSON(protopayload_auditlog), '$.status')), '$.code')]) AS v
    ) = 7
  GROUP BY 1, 2
)
/* where Methods >= minimum | extend Minutes = datetime_diff("minute", Las… */
SELECT
  FirstSeen, LastSeen,
  DATETIME_DIFF(DATETIME(LastSeen, 'UTC'), DATETIME(FirstSeen, 'UTC'), MINUTE) AS Minutes,
  PrincipalEmail, CallerIp, Denied, Methods,
  SAFE.PARSE_JSON(Services, wide_number_mode => 'round') AS Services
FROM summarize_4
WHERE Methods >= 5
