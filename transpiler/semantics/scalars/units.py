"""``convert_…``: units that are defined exactly, by their size in the base unit. The conversion is a product.

Kusto's own table holds some units by a rounded size (from the documentation's examples its acre-foot is 1/0.000810714 m³ and
its British thermal unit 1055.05585262 J); units whose size there is not known are refused. What the pages list as no unit at
all gives null.
"""

from __future__ import annotations

from fractions import Fraction

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Scalar
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_function
from transpiler.semantics.scalars.calls import convert
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scope import Scope, did_you_mean
from transpiler.source import Span
from transpiler.types import Type

_PREFIXES = {
    "Nano": -9, "Micro": -6, "Milli": -3, "Centi": -2, "Deci": -1, "": 0, "Deca": 1, "Hecto": 2, "Kilo": 3, "Mega": 6, "Giga": 9,
}  # fmt: skip
# π to 50 digits: more than a real holds.
_PI = Fraction("3.14159265358979323846264338327950288419716939937510")


def _scaled(unit: str, prefixes: str, size: Fraction | int | str = 1) -> dict[str, Fraction]:
    """A unit under the prefixes named; '' among them is the unit itself."""
    return {
        (p + unit[0].lower() + unit[1:] if p else unit): Fraction(10) ** _PREFIXES[p] * Fraction(size)
        for p in ("", *prefixes.split())
    }


_HOUR = 3600
_FACTORS: dict[str, dict[str, Fraction]] = {
    "angle": {
        **_scaled("Radian", "Nano Micro Milli Centi Deci", 180 / _PI),
        **_scaled("Degree", "Nano Micro Milli"),
        "Arcminute": Fraction(1, 60),
        "Arcsecond": Fraction(1, 3600),
        "Gradian": Fraction(9, 10),
        "Revolution": Fraction(360),
    },
    "energy": {
        **_scaled("Joule", "Milli Kilo Mega Giga"),
        **_scaled("WattHour", "", _HOUR),
        "KilowattHour": Fraction(_HOUR * 1000),
        "MegawattHour": Fraction(_HOUR * 10**6),
        "GigawattHour": Fraction(_HOUR * 10**9),
        "Calorie": Fraction("4.184"),
        "Kilocalorie": Fraction(4184),
        "Erg": Fraction(1, 10**7),
        **_scaled("BritishThermalUnit", "Kilo Mega Giga", "1055.05585262"),
    },
    "force": {**_scaled("Newton", "Micro Milli Deca Kilo Mega"), "Dyn": Fraction(1, 10**5)},
    "length": {
        **_scaled("Meter", "Nano Micro Milli Centi Deci Hecto Kilo"),
        "Inch": Fraction("0.0254"),
        "Foot": Fraction("0.3048"),
        "Yard": Fraction("0.9144"),
    },
    "mass": {
        **_scaled("Gram", "Nano Micro Milli Centi Deci Deca Hecto Kilo", "0.001"),
        **_scaled("Tonne", "Kilo Mega", 1000),
        "Pound": Fraction("0.45359237"),
    },
    "speed": {
        **{f"{n}PerSecond": s for n, s in _scaled("Meter", "Nano Micro Milli Centi Deci Kilo").items()},
        **{f"{n}PerMinute": s / 60 for n, s in _scaled("Meter", "Nano Micro Milli Centi Deci Kilo").items()},
        **{f"{n}PerHour": s / _HOUR for n, s in _scaled("Meter", "Milli Centi Kilo").items()},
    },
    "volume": {
        **_scaled("Liter", "Micro Milli Centi Deci Deca Hecto Kilo Mega", "0.001"),
        **{f"Cubic{n}": s**3 for n, s in _scaled("Meter", "Micro Milli Centi Deci Hecto Kilo").items()},
        "AcreFoot": 1 / Fraction("0.000810714"),
    },
}
# Kelvin = number * size + offset.
_TEMPERATURES: dict[str, tuple[Fraction, Fraction]] = {
    "Kelvin": (Fraction(1), Fraction(0)),
    "DegreeCelsius": (Fraction(1), Fraction("273.15")),
    "DegreeFahrenheit": (Fraction(5, 9), Fraction("459.67") * 5 / 9),
    "DegreeRankine": (Fraction(5, 9), Fraction(0)),
}


# The units of the pages whose size in Kusto is not known exactly.
_INEXACT = {
    quantity: frozenset(names.split())
    for quantity, names in {
        "angle": "NatoMil Tilt",
        "energy": """
            DecathermEc DecathermImperial DecathermUs ElectronVolt FootPound GigaelectronVolt GigawattDay HorsepowerHour
            KiloelectronVolt KilowattDay Megacalorie MegaelectronVolt MegawattDay TeraelectronVolt TerawattDay TerawattHour
            ThermEc ThermImperial ThermUs WattDay
        """,
        "force": "KilogramForce KiloPond KilopoundForce OunceForce Poundal PoundForce ShortTonForce TonneForce",
        "length": """
            Angstrom AstronomicalUnit Chain DataMile Decameter DtpPica DtpPoint Fathom Hand KilolightYear Kiloparsec
            LightYear MegalightYear Megaparsec Microinch Mil Mile NauticalMile Parsec PrinterPica PrinterPoint Shackle
            SolarRadius Twip UsSurveyFoot
        """,
        "mass": """
            EarthMass Grain Kilopound LongHundredweight LongTon Megapound Ounce ShortHundredweight ShortTon Slug SolarMass
            Stone
        """,
        "speed": """
            FootPerHour FootPerMinute FootPerSecond InchPerHour InchPerMinute InchPerSecond Knot MilePerHour
            UsSurveyFootPerHour UsSurveyFootPerMinute UsSurveyFootPerSecond YardPerHour YardPerMinute YardPerSecond
        """,
        "temperature": """
            DegreeDelisle DegreeNewton DegreeReaumur DegreeRoemer MillidegreeCelsius SolarTemperature
        """,
        "volume": """
            AuTablespoon BoardFoot CubicFoot CubicInch CubicMicrometer CubicMile CubicYard DecausGallon DeciusGallon
            HectocubicFoot HectocubicMeter HectousGallon ImperialBeerBarrel ImperialGallon ImperialOunce ImperialPint
            KilocubicFoot KilocubicMeter KiloimperialGallon KilousGallon MegacubicFoot MegaimperialGallon MegausGallon
            MetricCup MetricTeaspoon OilBarrel UkTablespoon UsBeerBarrel UsCustomaryCup UsGallon UsLegalCup UsOunce UsPint
            UsQuart UsTablespoon UsTeaspoon
        """,
    }.items()
}


def _bind(quantity: str, units: dict[str, tuple[Fraction, Fraction]]) -> None:
    # Whether the case of a name counts is not documented.
    documented = {name.casefold() for name in (*units, *_INEXACT[quantity])}

    @binds_function(f"convert_{quantity}", takes=(3, 3))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        value = convert(scope, bind_scalar(scope, node.arguments[0]), Type.REAL)
        names = [str(bind_constant(scope, a, "the unit").value or "") for a in node.arguments[1:]]
        if not all(n.casefold() in documented for n in names):
            return Constant(Type.REAL, None, node.span)
        spans = [a.span for a in node.arguments[1:]]
        (size, offset), (wanted, zero) = (_unit(scope, n, span, units) for n, span in zip(names, spans, strict=True))
        scaled = binary(scope, "*", value, Constant(Type.REAL, float(size / wanted), node.span), node.span)
        if offset == zero:
            return scaled
        return binary(scope, "+", scaled, Constant(Type.REAL, float((offset - zero) / wanted), node.span), node.span)


def _unit(
    scope: Scope, name: str, span: Span, units: dict[str, tuple[Fraction, Fraction]]
) -> tuple[Fraction, Fraction]:
    if name not in units:
        reason = f"the size that Kusto gives the unit '{name}' is not known exactly"
        raise scope.error("KQL204", reason, span, hint=did_you_mean(name, list(units)))
    return units[name]


for _quantity, _sizes in _FACTORS.items():
    _bind(_quantity, {name: (size, Fraction(0)) for name, size in _sizes.items()})
_bind("temperature", _TEMPERATURES)
