"""What Sentinel knows by name: severities, tactics, techniques' tactics, entities and their identifiers.

Entities: Microsoft's "Entity types reference" and the checks of its content repository. Tactics and techniques: MITRE
ATT&CK for Enterprise and ICS.
"""

from __future__ import annotations

from collections.abc import Mapping

SEVERITIES = {name: name for name in ("High", "Medium", "Low", "Informational")}

TACTICS = (
    "Reconnaissance",
    "ResourceDevelopment",
    "InitialAccess",
    "Execution",
    "Persistence",
    "PrivilegeEscalation",
    "DefenseEvasion",
    "CredentialAccess",
    "Discovery",
    "LateralMovement",
    "Collection",
    "CommandAndControl",
    "Exfiltration",
    "Impact",
    "PreAttack",
    "ImpairProcessControl",
    "InhibitResponseFunction",
)

# Which techniques belong to a tactic, by number. A technique that is not listed is not judged (new or retired ones).
_TECHNIQUES: dict[str, str] = {
    "Reconnaissance": """
        1589 1590 1591 1592 1593 1594 1595 1596 1597 1598
    """,
    "ResourceDevelopment": """
        1583 1584 1585 1586 1587 1588 1608 1650
    """,
    "InitialAccess": """
        1078 1091 1133 1189 1190 1192 1193 1194 1195 1199 1200 1566 1659 1669
    """,
    "Execution": """
        1035 1047 1053 1059 1064 1072 1085 1086 1106 1117 1118 1121 1127 1129 1168 1170 1173 1175 1191 1196
        1203 1204 1559 1569 1609 1610 1648 1651 1674 1675
    """,
    "Persistence": """
        1015 1031 1037 1038 1044 1050 1053 1058 1060 1078 1084 1098 1100 1103 1108 1112 1122 1128 1131 1133
        1136 1137 1138 1158 1168 1176 1179 1180 1183 1197 1205 1505 1525 1542 1543 1546 1547 1554 1556 1574
        1653 1668 1671
    """,
    "PrivilegeEscalation": """
        1015 1037 1038 1044 1050 1053 1055 1058 1068 1078 1088 1098 1100 1103 1134 1138 1178 1179 1181 1183
        1206 1484 1543 1546 1547 1548 1574 1611
    """,
    "DefenseEvasion": """
        1006 1014 1027 1036 1055 1064 1070 1078 1085 1086 1088 1089 1090 1099 1107 1112 1117 1118 1121 1127
        1130 1134 1140 1158 1170 1191 1196 1197 1202 1205 1207 1211 1216 1218 1220 1221 1222 1223 1480 1484 1497
        1535 1542 1548 1550 1553 1556 1562 1564 1574 1578 1599 1600 1601 1610 1612 1620 1622 1647 1656 1666
        1672
    """,
    "CredentialAccess": """
        1003 1040 1056 1081 1098 1110 1111 1139 1145 1167 1171 1179 1187 1208 1212 1214 1528 1539 1552 1555
        1556 1557 1558 1606 1621 1649
    """,
    "Discovery": """
        1007 1010 1012 1016 1018 1033 1040 1046 1049 1057 1063 1069 1082 1083 1087 1120 1124 1135 1201 1217
        1482 1497 1518 1526 1538 1580 1613 1614 1615 1619 1622 1652 1654 1673
    """,
    "LateralMovement": """
        1021 1028 1072 1075 1076 1077 1080 1091 1097 1105 1175 1184 1210 1534 1550 1563 1570
    """,
    "Collection": """
        1005 1025 1039 1056 1074 1113 1114 1115 1119 1123 1125 1185 1213 1530 1557 1560 1602
    """,
    "CommandAndControl": """
        1001 1008 1024 1032 1043 1065 1071 1079 1090 1092 1094 1095 1102 1104 1105 1132 1172 1188 1205 1219
        1483 1568 1571 1572 1573 1659 1665
    """,
    "Exfiltration": """
        1002 1011 1020 1022 1029 1030 1041 1048 1052 1537 1567
    """,
    "Impact": """
        1485 1486 1487 1488 1489 1490 1491 1492 1493 1494 1495 1496 1498 1499 1529 1531 1561 1565 1657 1667
    """,
}


def _by_technique() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for tactic, numbers in _TECHNIQUES.items():
        for number in numbers.split():
            found.setdefault("T" + number, set()).add(tactic)
    return {technique: frozenset(tactics) for technique, tactics in found.items()}


TECHNIQUE_TACTICS: Mapping[str, frozenset[str]] = _by_technique()
"""A technique's tactics (``T1195``: InitialAccess), for the techniques that are known here."""

# Entity type: its identifiers, then the sets of which one must be there ("A+B" needs both).
_ENTITIES: dict[str, tuple[str, str]] = {
    "Account": (
        """
            Name FullName NTDomain DnsDomain UPNSuffix Sid AadTenantId AadUserId PUID IsDomainJoined
            DisplayName ObjectGuid CloudAppAccountId
        """,
        "FullName Sid Name AadUserId PUID ObjectGuid",
    ),
    "AzureResource": (
        "ResourceId",
        "ResourceId",
    ),
    "CloudApplication": (
        "AppId Name InstanceName",
        "AppId Name",
    ),
    "DNS": (
        "DomainName",
        "DomainName",
    ),
    "File": (
        "Directory Name",
        "Name",
    ),
    "FileHash": (
        "Algorithm Value",
        "Algorithm+Value",
    ),
    "Host": (
        """
            DnsDomain NTDomain HostName FullName NetBiosName AzureID OMSAgentID OSFamily OSVersion
            IsDomainJoined
        """,
        "FullName HostName NetBiosName AzureID OMSAgentID",
    ),
    "IoTDevice": (
        """
            DeviceId DeviceName Manufacturer Model FirmwareVersion OperatingSystem MacAddress Protocols
            SerialNumber Source IoTSecurityAgentId DeviceType
        """,
        "DeviceId",
    ),
    "IP": (
        "Address AddressScope",
        "Address",
    ),
    "URL": (
        "Url",
        "Url",
    ),
    "Malware": (
        "Name Category",
        "Name",
    ),
    "Mailbox": (
        """
            MailboxPrimaryAddress DisplayName Upn ExternalDirectoryObjectId RiskLevel
        """,
        "MailboxPrimaryAddress",
    ),
    "MailCluster": (
        """
            NetworkMessageIds CountByDeliveryStatus CountByThreatType CountByProtectionStatus Threats Query
            QueryTime MailCount IsVolumeAnomaly Source ClusterSourceIdentifier ClusterSourceType
            ClusterQueryStartTime ClusterQueryEndTime ClusterGroup
        """,
        "Query Source",
    ),
    "MailMessage": (
        """
            Recipient Urls Threats Sender P1Sender P1SenderDisplayName P1SenderDomain SenderIP P2Sender
            P2SenderDisplayName P2SenderDomain ReceivedDate NetworkMessageId InternetMessageId Subject
            BodyFingerprintBin1 BodyFingerprintBin2 BodyFingerprintBin3 BodyFingerprintBin4
            BodyFingerprintBin5 AntispamDirection DeliveryAction DeliveryLocation Language
            ThreatDetectionMethods
        """,
        "NetworkMessageId Recipient",
    ),
    "Process": (
        "ProcessId CommandLine ElevationToken CreationTimeUtc",
        "CommandLine ProcessId",
    ),
    "RegistryKey": (
        "Hive Key",
        "Key Hive",
    ),
    "RegistryValue": (
        "Name Value ValueType",
        "Name",
    ),
    "SecurityGroup": (
        "DistinguishedName SID ObjectGuid",
        "DistinguishedName SID ObjectGuid",
    ),
    "SubmissionMail": (
        """
            NetworkMessageId Timestamp Recipient Sender SenderIp Subject ReportType SubmissionId
            SubmissionDate Submitter
        """,
        "SubmissionId NetworkMessageId Recipient Submitter",
    ),
}

ENTITY_IDENTIFIERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(known.split()) for name, (known, _) in _ENTITIES.items()
}
"""The identifiers of each entity type."""

STRONG_IDENTIFIERS: Mapping[str, tuple[frozenset[str], ...]] = {
    name: tuple(frozenset(group.split("+")) for group in needed.split()) for name, (_, needed) in _ENTITIES.items()
}
"""The sets of identifiers of which at least one must be mapped whole."""

ALERT_PROPERTIES = (
    "AlertLink",
    "ConfidenceLevel",
    "ConfidenceScore",
    "ExtendedLinks",
    "ProductName",
    "ProductComponentName",
    "ProviderName",
    "RemediationSteps",
    "Techniques",
)

LEGACY_ENTITY_COLUMNS = tuple(
    f"{name}CustomEntity" for name in ("Account", "Host", "IP", "URL", "DNS", "Process", "FileHash", "File")
)
"""Columns that once became entities by their name alone; newer rules must map them."""

UNREAD_KINDS = (
    "BlackBox",
    "Fusion",
    "MLBehaviorAnalytics",
    "MicrosoftSecurityIncidentCreation",
    "ThreatIntelligence",
    "Anomaly",
)
"""Kinds of Sentinel rule that have no query of their own."""
