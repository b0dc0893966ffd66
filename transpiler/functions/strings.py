"""Strings and regular expressions."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

fn("strlen(string: string) -> long!", naming=Naming.NAME_AND_FIRST)
fn("string_size(string: string) -> long!", naming=Naming.NAME_AND_FIRST)
fn("toupper(value: text~) -> string")
fn("tolower(value: text~) -> string")
fn("reverse(value: text~) -> string")
fn("substring(string: text~, start: integer, length: integer?) -> string?")
fn("strcat(arguments: text~*) -> string!")
fn("strcat_delim(delimiter: text, arguments: text*2) -> string!")
fn("strrep(value: text, multiplier: integer, delimiter: text?) -> string?")
fn("strcmp(s1: text, s2: text) -> long!")
fn("indexof(string: text, match: text, start: integer?, length: integer?, occurrence: integer#?) -> long?")
fn("indexof_regex(string: text, match: text#, start: integer?, length: integer?, occurrence: integer#?) -> long?")
fn("split(source: text, delimiter: string, requestedIndex: integer?) -> dynamic!", naming=Naming.FIRST)
fn("countof(source: string, search: string, kind: string#?) -> long!")
fn("replace_string(text: string~, lookup: string, rewrite: string) -> string")
fn("replace_strings(text: string~, lookups: dynamic#, rewrites: dynamic#) -> string")
fn("translate(searchList: string#, replacementList: string#, source: string~) -> string")
fn("parse_csv(csv_text: string) -> dynamic!", naming=Naming.FIRST)
fn("isascii(value: text) -> bool!")
fn("isutf8(value: text) -> bool!")
fn("unicode_codepoints_from_string(value: text) -> dynamic!", aliases=("to_utf8",))
fn("unicode_codepoints_to_string(values: integer|dynamic*) -> string?", aliases=("make_string",))
fn(
    ("tohex(value: int, minLength: integer?) -> string", "tohex int"),
    ("tohex(value: long, minLength: integer?) -> string", "tohex"),
    naming=Naming.FIRST,
)
fn("has_any_index(source: string, values: dynamic#) -> long!")
fn("parse_version(version: string) -> decimal?")

fn("extract(regex: string#, captureGroup: long, source: string~) -> string?")
fn(
    ("extract_all(regex: string#, source: string~) -> dynamic?", "extract_all"),
    ("extract_all(regex: string#, captureGroups: dynamic#, source: string~) -> dynamic?", "extract_all groups"),
    aliases=("extractall",),
)
fn("replace_regex(source: string~, lookup_regex: string#, rewrite_pattern: string#) -> string")
fn("replace(regex: string#, rewrite: string#, source: string~) -> string")
fn("trim(regex: string#, source: string~) -> string")
fn("trim_start(regex: string#, source: string~) -> string")
fn("trim_end(regex: string#, source: string~) -> string")
fn("regex_quote(string: text~) -> string")
