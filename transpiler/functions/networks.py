"""Addresses. An argument that is no address gives null (or an empty string where a string is the result), never an error.

An address may carry its prefix (``192.168.1.1/24``). Meaning: the documentation's pages on the IPv4 and IPv6 functions.
"""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("parse_ipv4(ip: string~) -> long?")
fn("parse_ipv4_mask(ip: string~, prefix: long) -> long?")
fn("ipv4_netmask_suffix(ip: string~) -> long?")
fn("ipv4_is_private(ip: string~) -> bool?")
fn("ipv4_compare(ip1: string~, ip2: string~, prefix: long?) -> long?")
fn("ipv4_is_match(ip1: string~, ip2: string~, prefix: long?) -> bool?")
fn("ipv4_is_in_range(ip: string~, ip_range: string~) -> bool?")
fn(
    "ipv4_is_in_any_range(ip: string~, ranges: string~*) -> bool?",
    ("ipv4_is_in_any_range(ip: string~, ranges: dynamic) -> bool?", "ipv4_is_in_any_range array"),
)
fn("ipv4_range_to_cidr_list(start_ip: string~, end_ip: string~) -> dynamic?")
for _name in ("format_ipv4", "format_ipv4_mask"):
    fn(
        f"{_name}(ip: string~, prefix: long?) -> string?",
        (f"{_name}(ip: integer, prefix: long?) -> string?", f"{_name} long"),
    )

# An IPv4 address is compared as ::ffff:a.b.c.d, its prefix as one of 128 bits.
fn("parse_ipv6(ip: string~) -> string?")
fn("parse_ipv6_mask(ip: string~, prefix: long) -> string?")
fn("ipv6_compare(ip1: string~, ip2: string~, prefix: long?) -> long?")
fn("ipv6_is_match(ip1: string~, ip2: string~, prefix: long?) -> bool?")
fn("ipv6_is_in_range(ip: string~, ip_range: string~) -> bool?")
fn(
    "ipv6_is_in_any_range(ip: string~, ranges: string~*) -> bool?",
    ("ipv6_is_in_any_range(ip: string~, ranges: dynamic) -> bool?", "ipv6_is_in_any_range array"),
)

# Addresses within a text.
fn("has_ipv4(source: string~, ip: string~) -> bool%")
fn("has_ipv4_prefix(source: string~, ip_prefix: string~) -> bool%")
fn(
    "has_any_ipv4(source: string~, ips: string~*) -> bool%",
    ("has_any_ipv4(source: string~, ips: dynamic) -> bool%", "has_any_ipv4 array"),
)
fn(
    "has_any_ipv4_prefix(source: string~, ip_prefixes: string~*) -> bool%",
    ("has_any_ipv4_prefix(source: string~, ip_prefixes: dynamic) -> bool%", "has_any_ipv4_prefix array"),
)
