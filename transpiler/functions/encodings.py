"""Encodings, hashes, and parsers of well-known formats. A text that is none of the format gives an empty string or null."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

# A hash is one of the value's text, whatever the value's type (documentation: hash_md5 of a datetime).
for _name in ("hash_md5", "hash_sha1", "hash_sha256"):
    fn(f"{_name}(source: plain_text) -> string!")

fn("base64_encode_tostring(string: string) -> string!", aliases=("base64_encodestring",))
fn("base64_decode_tostring(base64_string: string~) -> string?", aliases=("base64_decodestring",))
fn("base64_decode_toarray(base64_string: string) -> dynamic?")
fn("base64_encode_fromarray(array: dynamic) -> string?")
fn("base64_decode_toguid(base64_string: string~) -> guid?")
fn("base64_encode_fromguid(guid: guid) -> string?")

fn("url_encode(url: string~) -> string?")
fn("url_encode_component(url: string~) -> string?")
fn("url_decode(encoded_url: string~) -> string?")

fn("format_bytes(size: number, precision: number#?, format: string#?) -> string?", naming=Naming.FIRST)

fn("parse_url(url: string) -> dynamic!", aliases=("parseurl",))
fn("parse_urlquery(query: string) -> dynamic!", aliases=("parseurlquery",))
fn("parse_path(path: string) -> dynamic!")
fn("parse_command_line(command: text, parser: string#) -> dynamic?")
fn("parse_xml(xml: string) -> dynamic?", naming=Naming.FIRST)
