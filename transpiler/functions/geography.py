"""Places on Kusto's sphere, whose radius is 6,371,010 m. Coordinates off the globe give null."""

from __future__ import annotations

from transpiler.functions.registry import fn

fn(
    "geo_distance_2points(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real, "
    "use_spheroid: bool#?) -> real?"
)
fn(
    "geo_point_in_circle(p_longitude: real, p_latitude: real, pc_longitude: real, pc_latitude: real, c_radius: real) "
    "-> bool?"
)
fn("geo_point_in_polygon(longitude: real, latitude: real, polygon: dynamic) -> bool?")
fn("point in edges(longitude: real, latitude: real) -> bool?")
fn("geo_azimuth(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real) -> real?")
fn(
    "geo_angle(p1_longitude: real, p1_latitude: real, p2_longitude: real, p2_latitude: real, p3_longitude: real, "
    "p3_latitude: real) -> real?"
)
fn("geo_point_to_geohash(longitude: real, latitude: real, accuracy: number?) -> string!")
fn("geo_geohash_to_central_point(geohash: string) -> dynamic?")
fn("geo_geohash_to_polygon(geohash: string) -> dynamic?")
fn("geo_geohash_neighbors(geohash: string) -> dynamic?")
