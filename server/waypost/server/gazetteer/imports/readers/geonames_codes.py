"""Feature classes and codes of GeoNames: which are places of ours, and the words for them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.model import PlaceType

#: Populated places that are no more, and those that only statistics know.
_GONE = pa.array(["PPLH", "PPLQ", "PPLW", "PPLCH"])
_QUARTERS = pa.array(["PPLX"])
#: Other classes than populated places and areas are points of interest: water, parks, roads, buildings, hills, …
_POINTS = pa.array(["H", "L", "R", "S", "T", "V"])

#: Words for codes, those of OpenStreetMap where there is one, so that a category is asked for alike in both.
_WORDS = {
    "PPL": "populated place", "PPLA": "seat of a region", "PPLA2": "seat of a district", "PPLA3": "seat",
    "PPLA4": "seat", "PPLA5": "seat", "PPLC": "capital", "PPLF": "farm village", "PPLG": "seat of government",
    "PPLL": "hamlet", "PPLR": "religious settlement", "PPLS": "populated places", "PPLX": "quarter",
    "STLMT": "settlement",
    "AIRP": "aerodrome", "AIRH": "heliport", "AIRF": "airfield", "RSTN": "station", "RSTP": "halt",
    "BUSTN": "bus_station",
    "MTRO": "subway_station", "FY": "ferry_terminal", "PRT": "port", "HBR": "harbour", "MAR": "marina",
    "HTL": "hotel", "GHSE": "guest_house", "RSRT": "resort", "CMP": "camp_site", "REST": "restaurant",
    "SCH": "school", "UNIV": "university", "SCHC": "college", "LIBR": "library", "MUS": "museum", "THTR": "theatre",
    "OPRA": "opera", "ZOO": "zoo", "CSNO": "casino", "STDM": "stadium", "AMTH": "amphitheatre", "ART": "artwork",
    "CH": "church", "MSQE": "mosque", "TMPL": "temple", "SYG": "synagogue", "MSTY": "monastery", "CVNT": "convent",
    "SHRN": "shrine", "CTRR": "religious_centre", "PGDA": "pagoda", "CMTY": "cemetery", "GRVE": "grave",
    "HSP": "hospital", "CLNC": "clinic", "PHAR": "pharmacy", "POLC": "police", "FIRE": "fire_station",
    "PO": "post_office",
    "BANK": "bank", "MALL": "mall", "MKT": "marketplace", "RET": "shop", "GOVB": "government", "DIP": "embassy",
    "CTHSE": "courthouse", "PRN": "prison", "CSTL": "castle", "PAL": "palace", "FT": "fort", "RUIN": "ruins",
    "MNMT": "monument", "TOWR": "tower", "LTHSE": "lighthouse", "BDG": "bridge", "DAM": "dam", "TNL": "tunnel",
    "SQR": "square", "BLDG": "building", "BLDO": "office", "FRM": "farm", "EST": "estate", "MN": "mine", "ML": "mill",
    "PK": "peak", "MT": "peak", "MTS": "mountain_range", "HLL": "hill", "HLLS": "hills", "PASS": "mountain_pass",
    "VAL": "valley", "CNYN": "canyon", "CLF": "cliff", "CAPE": "cape", "BCH": "beach", "ISL": "island",
    "ISLS": "archipelago", "PEN": "peninsula", "VLC": "volcano", "CAVE": "cave_entrance", "DSRT": "desert",
    "PLN": "plain",
    "LK": "lake", "LKS": "lakes", "RSV": "reservoir", "PND": "pond", "STM": "river", "STMI": "river", "CNL": "canal",
    "SPNG": "spring", "SPNT": "hot_spring", "FLLS": "waterfall", "BAY": "bay", "GULF": "gulf", "SEA": "sea",
    "STRT": "strait", "GLCR": "glacier", "SWMP": "swamp", "WTLD": "wetland",
    "PRK": "park", "RES": "nature_reserve", "RESN": "nature_reserve", "RESW": "nature_reserve", "AREA": "area",
    "LCTY": "locality", "INDS": "industrial", "AMUS": "theme_park", "GRGE": "gorge", "FRST": "forest",
    "GRSLD": "grassland",
    "RD": "road", "ST": "street", "TRL": "path", "RR": "railway",
}  # fmt: skip
_CODES = pa.array(_WORDS)
_CATEGORIES = pa.array(_WORDS.values())
#: What a code without a word of its own is called, by its class.
_CLASSES = pa.array(["P", "H", "L", "R", "S", "T", "V"])
_CLASS_WORDS = pa.array(["populated place", "water", "area", "road", "building", "landform", "vegetation"])


def kind_of(classes: pa.Array, codes: pa.Array) -> pa.Array:
    """The level of each place, null for what is left out."""
    kind = pa.uint8()
    populated = pc.and_(pc.equal(classes, "P"), pc.invert(pc.is_in(codes, value_set=_GONE)))
    return pc.case_when(
        pc.make_struct(
            pc.fill_null(pc.and_(populated, pc.is_in(codes, value_set=_QUARTERS)), False),
            pc.fill_null(populated, False),
            pc.is_in(classes, value_set=_POINTS),
        ),
        pa.scalar(int(PlaceType.NEIGHBORHOOD), kind),
        pa.scalar(int(PlaceType.LOCALITY), kind),
        pa.scalar(int(PlaceType.POI), kind),
    )


def left_out(classes: pa.Array, codes: pa.Array) -> dict[str, pa.Array]:
    """The places of which kind_of tells no level, by the reason."""
    area = pc.fill_null(pc.equal(classes, "A"), False)
    gone = pc.fill_null(pc.and_(pc.equal(classes, "P"), pc.is_in(codes, value_set=_GONE)), False)
    other = pc.and_(pc.is_null(kind_of(classes, codes)), pc.invert(pc.or_(area, gone)))
    return {
        "an administrative area (class A): the world has its own": area,
        "a place that is no more": gone,
        "no feature class that is imported (P, H, L, R, S, T, V)": other,
    }


def category_of(classes: pa.Array, codes: pa.Array) -> pa.Array:
    """The word for each place."""
    own = _CATEGORIES.take(pc.index_in(codes, value_set=_CODES))
    return pc.coalesce(own, _CLASS_WORDS.take(pc.index_in(classes, value_set=_CLASSES)))
