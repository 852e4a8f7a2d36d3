"""Tables of any kind: BAN, OpenAddresses, and what people have; hostile ones cost single rows, not the file."""

from __future__ import annotations

import gzip
import json
import random
import struct
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.gazetteer.imports.readers.read_files import read, write_text
from waypost.server.errors import ConfigError, ImportFailed
from waypost.server.gazetteer.imports.readers.fields import guess_columns
from waypost.server.gazetteer.imports.readers.formats import SEE_SOURCE, credit_of, detect_format, layer_name_of
from waypost.server.gazetteer.imports.readers.parquet import ParquetTable
from waypost.server.model import PlaceType

BAN = "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;x;y;lon;lat;nom_ld"


def _ban(*cells: str) -> str:
    names = ("id", "numero", "rep", "nom_voie", "code_postal", "nom_commune", "lon", "lat")
    row = dict.fromkeys(BAN.split(";"), "") | dict(zip(names, cells, strict=True))
    return ";".join(row.values())


def test_ban_joins_number_and_repetition(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "adresses-75.csv",
        [
            BAN,
            _ban("75_1", "10", "", "Rue de la Paix", "75002", "Paris", "2.331", "48.869"),
            _ban("75_2", "12", "bis", "Rue de la Paix", "75002", "Paris", "2.332", "48.868"),
            _ban("75_3", "14", "a", "Rue du 8 mai 1945", "75010", "Paris", "2.36", "48.877"),
        ],
    )
    found = read(path)
    assert detect_format([path]) == "ban"
    assert [row["number"] for row in found.addresses] == ["10", "12 bis", "14a"]
    assert found.addresses[0] == {
        "number": "10", "street": "Rue de la Paix", "city": "Paris", "postal_code": "75002", "country": "FR",
        "latitude": 48.869, "longitude": 2.331, "source_id": "75_1",
    }  # fmt: skip


def test_lieux_dits_of_ban_are_quarters(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "ban.csv",
        [
            BAN,
            _ban("1", "", "", "Le Moulin", "01000", "Bourg", "5.2", "46.2"),
            _ban("2", "99999", "", "La Combe", "01000", "Bourg", "5.3", "46.3"),
            _ban("3", "0", "", "Les Prés", "01000", "Bourg", "5.4", "46.4"),
        ],
    )
    found = read(path)
    assert [(row["name"], row["kind"], row["category"]) for row in found.places] == [
        ("Le Moulin", PlaceType.NEIGHBORHOOD, "lieu-dit"),
        ("La Combe", PlaceType.NEIGHBORHOOD, "lieu-dit"),
    ]
    assert [row["number"] for row in found.addresses] == ["0"]


def test_the_table_of_lieux_dits_is_read_as_ban(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "lieux-dits-01.csv",
        ["id;nom_lieu_dit;code_postal;code_insee;nom_commune;x;y;lon;lat", "1;Le Moulin;01000;01053;Bourg;;;5.2;46.2"],
    )
    assert [row["name"] for row in read(path, form="ban").places] == ["Le Moulin"]


OPENADDRESSES = {
    "hash": "0aa", "number": "1300", "street": "Bank Street", "unit": "A", "city": "Baltimore", "district": "",
    "region": "MD", "postcode": "21231", "id": "",
}  # fmt: skip


def _feature(longitude: object, latitude: object, properties: dict[str, object]) -> str:
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})


def test_openaddresses_as_geojson_lines(tmp_path: Path) -> None:
    lines = [
        _feature(-76.6, 39.3, {**OPENADDRESSES}),
        "{broken",
        "[1]",
        _feature(-76.6, 39.3, {**OPENADDRESSES, "number": ""}),
    ]
    path = write_text(tmp_path / "baltimore.geojson", lines)
    found = read(path)
    assert detect_format([path]) == "openaddresses"
    assert found.addresses == [
        {
            "number": "1300", "street": "Bank Street", "unit": "A", "city": "Baltimore", "region": "MD",
            "postal_code": "21231", "latitude": 39.3, "longitude": -76.6, "source_id": "0aa",
        }
    ]  # fmt: skip
    assert found.reasons() == {"a line that is no JSON": 1, "an object that is no GeoJSON feature": 1}
    assert [row["name"] for row in found.streets] == ["Bank Street"]


def test_openaddresses_as_csv(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "countrywide.csv",
        ["LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH",
         '9.52,47.14,12,"Aeulestrasse, Süd",,Vaduz,,,9490,7,ff'],
    )  # fmt: skip
    assert detect_format([path]) == "openaddresses"
    (address,) = read(path, country="LI").addresses
    assert (address["street"], address["source_id"], address["country"]) == ("Aeulestrasse, Süd", "7", "LI")


@pytest.mark.parametrize("space", ["", "\n", "\n   "])
def test_a_collection_of_features_is_read_whatever_the_space(tmp_path: Path, space: str) -> None:
    properties = {"Hausnr": 5, "Straße": 'Am "{Tor}"', "PLZ": 12.0}
    feature = _feature(10.5, 50.5, properties)
    crs = '{"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    path = tmp_path / "own.geojson"
    path.write_text(f'{{"type": "FeatureCollection",{space}"crs": {crs}, "features": [{space}'
                    f'{f",{space}".join([feature] * 3)}{space}]}}')  # fmt: skip
    found = read(path)
    assert (
        found.addresses
        == [{"number": "5", "street": 'Am "{Tor}"', "postal_code": "12", "latitude": 50.5, "longitude": 10.5}] * 3
    )


def test_a_collection_that_ends_early_is_refused(tmp_path: Path) -> None:
    feature = _feature(1, 1, {"number": "1", "street": "A"})
    path = tmp_path / "cut.geojson"
    path.write_text('{"type":"FeatureCollection","features":[' + feature + "," + feature[:40])
    with pytest.raises(ImportFailed, match="ends in the middle of its features"):
        read(path, form="table")


def test_shapes_stand_at_the_middle_of_their_box(tmp_path: Path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[10, 50], [12, 50], [12, 52], [10, 52], [10, 50]]]}
    line = json.dumps({"type": "Feature", "properties": {"name": "Park"}, "geometry": shape})
    (place,) = read(write_text(tmp_path / "a.ndjson", [line]), form="table").places
    assert (place["latitude"], place["longitude"]) == (51, 11)


def _line(*points: tuple[float, float]) -> bytes:
    return struct.pack("<BII", 1, 2, len(points)) + b"".join(struct.pack("<dd", *point) for point in points)


def test_shapes_across_the_antimeridian_stand_there_in_either_format(tmp_path: Path) -> None:
    points = [(179.0, -17.0), (-178.0, -16.0), (180.0, -17.0)]
    shape = {"type": "LineString", "coordinates": points}
    line = json.dumps({"type": "Feature", "properties": {"name": "Taveuni"}, "geometry": shape})
    table = pa.table({"name": ["Taveuni"], "geometry": pa.array([_line(*points)], pa.binary())})
    pq.write_table(table, tmp_path / "a.parquet")
    for path in (write_text(tmp_path / "a.ndjson", [line]), tmp_path / "a.parquet"):
        (place,) = read(path, form="table").places
        assert (place["latitude"], place["longitude"]) == (-16.5, -179.5)


def _wkb(longitude: float, latitude: float, order: str = "<") -> bytes:
    return struct.pack(f"{order}BIdd", order == "<", 1, longitude, latitude)


def test_parquet_with_geometries_and_numbers_as_floats(tmp_path: Path) -> None:
    geometry = [_wkb(10, 50), _wkb(11, 51, ">"), None, b"torn"]
    table = pa.table(
        {"hausnummer": [12.0, 14.0, 1.0, 2.0], "strasse": pa.array(["Weg"] * 4).dictionary_encode(),
         "geometry": pa.array(geometry, pa.binary())}
    )  # fmt: skip
    pq.write_table(table, tmp_path / "own.parquet")
    found = read(tmp_path / "own.parquet")
    assert [(row["number"], row["latitude"]) for row in found.addresses] == [("12", 50), ("14", 51)]
    assert found.reasons() == {"no coordinates": 2}


@pytest.mark.parametrize("dictionary", [True, False])
def test_wide_rows_of_parquet_are_read_a_few_at_a_time(tmp_path: Path, dictionary: bool) -> None:
    outline = _line(*((number / 1000, 1.0) for number in range(100_000)))
    table = pa.table({"name": [f"{number}" for number in range(60)], "geometry": pa.array([outline] * 60)})
    pq.write_table(table, tmp_path / "a.parquet", use_dictionary=dictionary, compression="none")
    sizes = [block.rows.num_rows for block in ParquetTable(tmp_path / "a.parquet").blocks(lambda share: None)]
    assert sum(sizes) == 60
    assert max(sizes) <= 42


def test_parquet_in_projected_coordinates_is_refused(tmp_path: Path) -> None:
    geo = {"primary_column": "geometry", "columns": {"geometry": {"crs": {"id": {"authority": "EPSG", "code": 25832}}}}}
    table = pa.table({"geometry": [_wkb(1, 1)], "number": ["1"], "street": ["A"]})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "own.parquet")
    with pytest.raises(ImportFailed, match="EPSG:25832"):
        read(tmp_path / "own.parquet", form="table")


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(10_000))}), tmp_path / "whole.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:5_000])
    with pytest.raises(ImportFailed, match=r"cut\.parquet is no Parquet file"):
        read(tmp_path / "cut.parquet")


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Straße,Hausnr.,PLZ,Ort,Lat,Lon",
            {"street": "Straße", "number": "Hausnr.", "postal_code": "PLZ", "city": "Ort"},
        ),
        ("calle,numero,codigo_postal,municipio,latitud,longitud", {"street": "calle", "city": "municipio"}),
        ("vejnavn,husnr,postnr,postnrnavn,y,x", {"street": "vejnavn", "number": "husnr", "city": "postnrnavn"}),
        ("openbareruimte,huisnummer,huisletter,postcode,woonplaats,lat,lon", {"suffix": "huisletter"}),
        ("ulica,numer,kod_pocztowy,miejscowość,lat,lon", {"street": "ulica", "city": "miejscowość"}),
        ("addr:street,addr:housenumber,lat,lon", {"street": "addr:street", "number": "addr:housenumber"}),
        ("FULLADDR,ZIP,LATITUDE,LONGITUDE", {"address": "FULLADDR", "postal_code": "ZIP"}),
        ("name,type,lat,lng", {"name": "name", "category": "type"}),
        ("via,civico,cap,comune,lat,lon,name", {"street": "via", "number": "civico", "postal_code": "cap"}),
    ],
)
def test_columns_are_known_by_the_names_that_countries_have_for_them(header: str, fields: dict[str, str]) -> None:
    found = guess_columns(header.split(","))
    assert fields.items() <= found.items()
    assert {"latitude", "longitude"} <= found.keys()
    assert "name" not in found or "street" not in found


def test_columns_are_mapped_by_what_the_user_says(tmp_path: Path) -> None:
    path = write_text(tmp_path / "own.csv", ["a;b;lat;lon", "Weg;7;50,5;10,25"])
    (address,) = read(path, columns={"street": "a", "number": "b"}).addresses
    assert (address["street"], address["number"], address["latitude"], address["longitude"]) == (
        "Weg",
        "7",
        50.5,
        10.25,
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"street": "c"}, "has no such column; it has a, b, lat, lon"), ({"strase": "a"}, "there is no such field")],
)
def test_what_the_user_says_must_be_there(tmp_path: Path, columns: dict[str, str], message: str) -> None:
    path = write_text(tmp_path / "own.csv", ["a;b;lat;lon", "Weg;7;50.5;10.25"])
    with pytest.raises(ConfigError, match=message):
        read(path, columns=columns)


def test_a_table_without_coordinates_is_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "own.csv", ["street,number", "Weg,7"])
    with pytest.raises(ImportFailed, match="no column of latitude among street, number"):
        read(path)


def test_projected_coordinates_are_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "own.csv", ["street,number,x,y", "Weg,7,651000.5,6862000.1"])
    with pytest.raises(ImportFailed, match="the coordinates are no degrees: latitude 6"):
        read(path)


@pytest.mark.parametrize(
    ("cell", "number", "street"),
    [
        ("123 Main St", "123", "Main St"),
        ("12a Main St", "12a", "Main St"),
        ("Main St 12-14", "12-14", "Main St"),
        ("Hauptstraße, 5 b", "5 b", "Hauptstraße"),
        ("123 5th Avenue", "123", "5th Avenue"),
        ("5th Avenue", None, "5th Avenue"),
        ("Rue du 8 mai 1945, 3", "3", "Rue du 8 mai 1945"),
    ],
)
def test_number_and_street_in_one_cell_are_parted(tmp_path: Path, cell: str, number: str | None, street: str) -> None:
    path = write_text(tmp_path / "own.csv", ["address,lat,lon", f'"{cell}",1,1'])
    found = read(path)
    rows = [(row.get("number"), row.get("street") or row.get("name")) for row in found.addresses + found.streets]
    assert rows == [(number, street)]


def test_own_places_have_names_kinds_and_people(tmp_path: Path) -> None:
    path = write_text(
        tmp_path / "places.csv",
        ["name,names,kind,category,population,lat,lon",
         "Huus,House; Maison|Casa,,museum,,47,9", "Dorf,,village,,120,47,9", "Ufo,,saucer,,x,47,9", ",,,,,47,9"],
    )  # fmt: skip
    found = read(path)
    museum, village, unknown = found.places
    assert [name["text"] for name in museum["names"]] == ["House", "Maison", "Casa"]
    assert (museum["kind"], museum["category"]) == (PlaceType.POI, "museum")
    assert (village["kind"], village["population"]) == (PlaceType.LOCALITY, 120)
    assert unknown["kind"] == PlaceType.POI
    assert found.reasons() == {"neither a number with a street, nor a name": 1}


def test_a_hostile_csv_costs_only_its_bad_rows(tmp_path: Path) -> None:
    good = "7,Wég,50.5,10.5".encode()
    rows = [
        b"number,street,lat,lon", good, b"7,Weg", b"7,Weg,50.5,10.5,x,y", b"7,W\xffg,50.5,10.5", b"7,Weg,nan,10.5",
        b"7,Weg,north,10.5", b"7,Weg,95,10.5", b"7,Weg,0,0", b"7,Weg,,", b"7," + b"W" * 2_000_000 + b",50.5,10.5",
        b"7," + b"W" * 600 + b",50.5,10.5", b'7,"Weg,50.5,10.5', *[good] * 20,
    ]  # fmt: skip
    path = tmp_path / "hostile.csv"
    path.write_bytes(b"\n".join(rows) + b"\n")
    found = read(path)
    assert [(row["number"], row["street"]) for row in found.addresses] == [("7", "Wég")] * 21
    assert found.bad.count == len(rows) - 22
    assert found.reasons()["a row with more or fewer cells than there are columns"] == 2
    assert found.reasons()["coordinates that are not on Earth"] == 1
    assert found.reasons()["a text that is too long"] == 1
    assert "row 2" in {sample.where for sample in found.bad.samples}


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_never_fatal_in_a_table(tmp_path: Path, seed: int) -> None:
    noise = random.Random(seed)
    rows = [bytes(noise.choice(b'7,Weg\n";\t\x00\xff{}[]5.') for _ in range(noise.randrange(80))) for _ in range(50)]
    path = tmp_path / "noise.csv"
    path.write_bytes(b"number,street,lat,lon\n" + b"\n".join(rows) + b"\n7,Weg,50,10\n")
    read(path, form="table")


def test_few_samples_are_kept_of_many_bad_records(tmp_path: Path) -> None:
    lines = ["number,street,lat,lon", *["1,A,,"] * 5_000, *["1,A,99,0"] * 5_000, "1,A,1,1"]
    found = read(write_text(tmp_path / "own.csv", lines))
    assert found.reasons() == {"no coordinates": 5_000, "coordinates that are not on Earth": 5_000}
    assert len(found.bad.samples) == 6


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_packed_files_are_read_as_they_are(tmp_path: Path, packing: str) -> None:
    text = "number,street,lat,lon\n" + "7,Weg,50,10\n" * 1_000
    path = tmp_path / f"own.csv.{packing}"
    if packing == "gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("readme.txt", "x" * 100_000)
            archive.writestr("data.csv", text)
    found = read(path)
    assert len(found.addresses) == 1_000
    assert found.shares[-1] == 1


@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_a_torn_packed_file_is_refused(tmp_path: Path, packing: str) -> None:
    noise = random.Random(1)
    text = "number,street,lat,lon\n" + "".join(f"7,Weg {noise.random()},50,10\n" for _ in range(50_000))
    path = tmp_path / f"own.csv.{packing}"
    if packing == "gz":
        path.write_bytes(gzip.compress(text.encode())[:-50_000])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.csv", text)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    with pytest.raises(ImportFailed, match=r"own\.csv"):
        read(path)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = write_text(tmp_path / "own.zip", ["number,street,lat,lon"])
    with pytest.raises(ImportFailed, match="cannot be opened"):
        read(path)


def test_files_of_several_formats_are_no_layer(tmp_path: Path) -> None:
    first = write_text(tmp_path / "a.csv", [BAN])
    second = write_text(tmp_path / "b.csv", ["number,street,lat,lon"])
    with pytest.raises(ImportFailed, match=r"a\.csv \(ban\), b\.csv \(table\)"):
        detect_format([first, second])


def test_a_table_says_that_its_licence_is_not_known(tmp_path: Path) -> None:
    path = write_text(tmp_path / "own.csv", ["number,street,lat,lon"])
    credit = credit_of("table", [path])
    assert credit.license == SEE_SOURCE
    assert "own.csv" in credit.text


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("berlin-latest.osm.pbf", "berlin_latest"),
        ("Île de France.csv.gz", "le_de_france"),
        ("75.csv", "layer_75"),
        ("LI.zip", "li"),
    ],
)
def test_a_layer_is_named_after_its_file(file: str, name: str) -> None:
    assert layer_name_of([Path(file)]) == name


@pytest.mark.parametrize(
    ("told", "written"), [("cp1250", "cp1250"), ("utf-16-le", "utf-16-le"), ("utf-8", "utf-8"), ("UTF-16", "utf-16-be")]
)
def test_the_user_can_tell_the_encoding(tmp_path: Path, told: str, written: str) -> None:
    path = tmp_path / "own.csv"
    mark = "\ufeff" if told == "UTF-16" else ""
    path.write_text(mark + "number,street,lat,lon\n7,Ječná,50,14\n", encoding=written)
    assert [row["street"] for row in read(path, form="table", encoding=told).addresses] == ["Ječná"]


@pytest.mark.parametrize("form", ["osm", "ban", "overture", "geonames", "geonames-postal", "table"])
def test_a_file_of_another_format_than_told_is_refused(tmp_path: Path, form: str) -> None:
    path = write_text(tmp_path / "prose.txt", ["It was a dark", "and stormy night"])
    with pytest.raises(ImportFailed, match=r"prose\.txt"):
        read(path, form=form)
