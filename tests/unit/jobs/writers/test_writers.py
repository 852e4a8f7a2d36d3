from __future__ import annotations

import datetime
import decimal
import gzip
import hashlib
import itertools
import json
import struct
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.jobs.writers.parts import write_output, write_parts
from waypost.server.errors import InvalidArgument
from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.jobs.locations import OutputFolder, local_folder
from waypost.server.jobs.spec import Compression, FileFormat, OutputLayout, OutputRows
from waypost.server.jobs.writers import OutputFile, OutputPlan, OutputWriter, check_plan, write_manifest

CSV, NDJSON, PARQUET, GEOPARQUET = FileFormat
INPUT = pa.table({"city": ["Paris", 'say "x", y', None, "line\nbreak", ""], "n": [1, 2, None, 4, 5]})
FEW = ("status", "confidence", "place_id")


@pytest.fixture
def out(tmp_path: Path) -> OutputFolder:
    (tmp_path / "out").mkdir()
    return local_folder(tmp_path / "out")


def write(plan: OutputPlan, tables: list[pa.Table], tmp_path: Path, out: OutputFolder) -> list[OutputFile]:
    parts = write_parts(tmp_path, plan, tables)
    schema = max((table.schema for table in tables), key=len, default=pa.schema([]))
    files = write_output(plan, schema, parts, out)
    for file in files:
        data = (Path(out.path) / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)
    return files


def test_csv_has_a_header_the_row_numbers_and_every_input_column(tmp_path: Path, out: OutputFolder) -> None:
    write(OutputPlan(format=CSV, columns=FEW), [INPUT.slice(0, 2), INPUT.slice(2)], tmp_path, out)
    assert (Path(out.path) / "results.csv").read_text() == (
        '"waypost_row","city","n","waypost_status","waypost_confidence","waypost_place_id"\n'
        '1,"Paris",1,"matched",0.5,"place_id 1"\n'
        '2,"say ""x"", y",2,"unmatched",,\n'
        '3,,,"invalid",,\n'
        '4,"line\nbreak",4,"failed",,\n'
        '5,"",5,"matched",0.5,"place_id 5"\n'
    )


def test_ndjson_leaves_out_what_the_input_did_not_say(tmp_path: Path, out: OutputFolder) -> None:
    odd = pa.table(
        {'k"\n': ['a"\\\b\f\n\r\t\x01\x1fé\u2028😀', None], "list": [[1, None], None], "f": [float("nan"), 2.5]}
    )
    write(OutputPlan(format=NDJSON, columns=FEW), [odd], tmp_path, out)
    text = (Path(out.path) / "results.ndjson").read_text()
    assert text.count("\n") == 2
    assert [json.loads(line) for line in text.split("\n")[:2]] == [
        {
            "waypost_row": 1, 'k"\n': 'a"\\\b\f\n\r\t\x01\x1fé\u2028😀', "list": [1, None],
            "waypost_status": "matched", "waypost_confidence": 0.5, "waypost_place_id": "place_id 1",
        },
        {
            "waypost_row": 2, "f": 2.5,
            "waypost_status": "unmatched", "waypost_confidence": None, "waypost_place_id": None,
        },
    ]  # fmt: skip


def test_parquet_keeps_types_and_order(tmp_path: Path, out: OutputFolder) -> None:
    table = pa.table(
        {
            "when": pa.array([datetime.datetime(2026, 1, 2)] * 5),
            "price": pa.array([decimal.Decimal("1.50")] * 5),
            "tags": pa.array([["a"], [], None, ["b", None], []]),
            "raw": pa.array([b"\xff", b"", None, b"x", b"y"]),
        }
    )
    write(OutputPlan(format=PARQUET), [table.slice(0, 4), table.slice(4)], tmp_path, out)
    read = pq.read_table(Path(out.path) / "results.parquet")
    assert read.column_names == ["waypost_row", *table.column_names, *(f"waypost_{name}" for name in RESULT_COLUMNS)]
    assert read.column("waypost_row").to_pylist() == [1, 2, 3, 4, 5]
    assert read.select(table.column_names).to_pylist() == table.to_pylist()
    assert read.column("waypost_latitude").to_pylist() == [0.1, None, None, None, 0.5]


@pytest.mark.parametrize("file_format", [CSV, NDJSON])
def test_values_of_every_type_can_be_written_as_text(
    file_format: FileFormat, tmp_path: Path, out: OutputFolder
) -> None:
    table = pa.table(
        {
            "when": pa.array([datetime.datetime(2026, 1, 2, 3, 4, 5)]),
            "day": pa.array([datetime.date(2026, 1, 2)]),
            "price": pa.array([decimal.Decimal("1.50")]),
            "struct": pa.array([{"a": [b"\xff"], "t": datetime.date(2026, 1, 2)}]),
            "raw": pa.array([b"\xff\x00"]),
            "took": pa.array([datetime.timedelta(seconds=90)]),
            "large": pa.array(["x"], pa.large_string()),
            "flag": pa.array([True]),
            "nothing": pa.nulls(1),
        }
    )
    (file,) = write(OutputPlan(format=file_format, columns=("status",)), [table], tmp_path, out)
    text = (Path(out.path) / file.name).read_text()
    for shown in ("2026-01-02 03:04:05", "1.50", "/wA=", "0:01:30", "true"):
        assert shown in text
    if file_format is NDJSON:
        assert json.loads(text)["struct"] == {"a": ["/w=="], "t": "2026-01-02"}


def test_geoparquet_has_points_where_rows_have_them(tmp_path: Path, out: OutputFolder) -> None:
    write(OutputPlan(format=GEOPARQUET, columns=("status",)), [INPUT, INPUT], tmp_path, out)
    file = pq.ParquetFile(Path(out.path) / "results.parquet")
    geo = json.loads(file.metadata.metadata[b"geo"])
    assert geo == {
        "version": "1.1.0",
        "primary_column": "waypost_geometry",
        "columns": {
            "waypost_geometry": {"encoding": "WKB", "geometry_types": ["Point"], "bbox": [-4.5, 0.1, -0.5, 0.9]}
        },
    }
    table = file.read()
    assert table.column_names == ["waypost_row", "city", "n", "waypost_status", "waypost_geometry"]
    points = table.column("waypost_geometry").to_pylist()
    assert [row for row, point in enumerate(points, 1) if point] == [1, 5, 9]
    assert struct.unpack("<BIdd", points[4]) == (1, 1, -2.5, 0.5)


def test_geoparquet_without_points_has_no_box(tmp_path: Path, out: OutputFolder) -> None:
    write(OutputPlan(format=GEOPARQUET), [], tmp_path, out)
    geo = json.loads(pq.read_metadata(Path(out.path) / "results.parquet").metadata[b"geo"])
    assert "bbox" not in geo["columns"]["waypost_geometry"]


@pytest.mark.parametrize("file_format", FileFormat)
def test_the_same_parts_give_the_same_bytes(file_format: FileFormat, tmp_path: Path, out: OutputFolder) -> None:
    plan = OutputPlan(format=file_format)
    first = write(plan, [INPUT, INPUT], tmp_path, out)
    assert write(plan, [INPUT, INPUT], tmp_path, out) == first


@pytest.mark.parametrize("file_format", FileFormat)
def test_only_rows_that_are_not_matched(file_format: FileFormat, tmp_path: Path, out: OutputFolder) -> None:
    plan = OutputPlan(format=file_format, rows=OutputRows.NOT_MATCHED, columns=("place_id",))
    (file,) = write(plan, [INPUT], tmp_path, out)
    path = Path(out.path) / file.name
    if file_format is CSV:
        assert [line[0] for line in path.read_text().replace("\nbreak", "").splitlines()[1:]] == ["2", "3", "4"]
    elif file_format is NDJSON:
        assert [json.loads(line)["waypost_row"] for line in path.read_text().splitlines()] == [2, 3, 4]
    else:
        assert pq.read_table(path).column("waypost_row").to_pylist() == [2, 3, 4]


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_file_for_each_part(file_format: FileFormat, tmp_path: Path, out: OutputFolder) -> None:
    plan = OutputPlan(format=file_format, layout=OutputLayout.PARTS)
    files = write(plan, [INPUT, INPUT.slice(0, 1)], tmp_path, out)
    suffix = {CSV: "csv", NDJSON: "ndjson"}.get(file_format, "parquet")
    assert [file.name for file in files] == [f"results-000001.{suffix}", f"results-000002.{suffix}"]
    assert sorted(path.name for path in Path(out.path).iterdir()) == [file.name for file in files]


@pytest.mark.parametrize("file_format", FileFormat)
def test_a_job_without_rows_has_an_output_with_its_columns(
    file_format: FileFormat, tmp_path: Path, out: OutputFolder
) -> None:
    plan = OutputPlan(format=file_format)
    file = write_output(plan, INPUT.schema, [], out)[0]
    path = Path(out.path) / file.name
    if file_format is CSV:
        assert path.read_text().startswith('"waypost_row","city","n","waypost_status"')
    elif file_format is NDJSON:
        assert path.read_text() == ""
    else:
        assert pq.read_table(path).num_rows == 0
        assert pq.read_schema(path).names[:3] == ["waypost_row", "city", "n"]


def test_text_formats_can_be_packed(tmp_path: Path, out: OutputFolder) -> None:
    plain = OutputPlan(format=CSV)
    write(plain, [INPUT], tmp_path, out)
    expected = (Path(out.path) / "results.csv").read_bytes()
    (file,) = write(replace(plain, compression=Compression.GZIP), [INPUT], tmp_path, out)
    assert gzip.decompress((Path(out.path) / file.name).read_bytes()) == expected
    (file,) = write(replace(plain, compression=Compression.ZSTD), [INPUT], tmp_path, out)
    with pa.input_stream(str(Path(out.path) / file.name), compression="zstd") as stream:
        assert (file.name, stream.read()) == ("results.csv.zst", expected)


@pytest.mark.parametrize("file_format", FileFormat)
def test_parts_from_before_a_column_was_there_are_filled_up(
    file_format: FileFormat, tmp_path: Path, out: OutputFolder
) -> None:
    plan = OutputPlan(format=file_format, columns=("status",))
    early, late = pa.table({"a": [1, 2]}), pa.table({"a": ["x"], "b": [True]})
    parts = write_parts(tmp_path, plan, [early, late])
    (file,) = write_output(plan, pa.schema([("a", pa.string()), ("b", pa.bool_())]), parts, out)
    path = Path(out.path) / file.name
    if file_format is CSV:
        assert path.read_text().splitlines()[1:] == ['1,"1",,"matched"', '2,"2",,"unmatched"', '3,"x",true,"invalid"']
    elif file_format is NDJSON:
        assert [json.loads(line).get("a") for line in path.read_text().splitlines()] == ["1", "2", "x"]
    else:
        assert pq.read_table(path).select(["a", "b"]).to_pylist() == [
            {"a": "1", "b": None}, {"a": "2", "b": None}, {"a": "x", "b": True},
        ]  # fmt: skip


def test_repeated_and_empty_names_stay_in_csv_and_are_told_apart_elsewhere(tmp_path: Path, out: OutputFolder) -> None:
    table = pa.Table.from_arrays([pa.array(["x"])] * 5, names=["city", "", "city", "city_2", ""])
    write(OutputPlan(format=CSV, columns=("status",)), [table], tmp_path, out)
    assert (
        (Path(out.path) / "results.csv")
        .read_text()
        .startswith('"waypost_row","city","","city","city_2","","waypost_status"\n')
    )
    write(OutputPlan(format=PARQUET, columns=("status",)), [table], tmp_path, out)
    assert pq.read_schema(Path(out.path) / "results.parquet").names == [
        "waypost_row", "city", "column_2", "city_3", "city_2", "column_5", "waypost_status",
    ]  # fmt: skip


def test_a_name_of_ours_that_the_caller_has_is_refused_until_the_prefix_differs() -> None:
    plan = OutputPlan(format=CSV, columns=("status",))
    check_plan(plan, ["status", "waypost_place_id", "row"])
    with pytest.raises(InvalidArgument) as raised:
        check_plan(plan, ["waypost_status", "waypost_row", "x"])
    (violation,) = raised.value.violations
    assert (violation.field, violation.value) == ("output.column_prefix", "waypost_")
    assert "taken: waypost_status, waypost_row" in violation.allowed
    check_plan(replace(plan, prefix="w2_"), ["waypost_status", "waypost_row"])
    with pytest.raises(InvalidArgument):
        check_plan(replace(plan, prefix=""), ["status"])


def test_every_fault_of_a_plan_is_told_at_once() -> None:
    plan = OutputPlan(format=PARQUET, columns=("status", "status", "color"), compression=Compression.GZIP)
    with pytest.raises(InvalidArgument) as raised:
        check_plan(plan, ["waypost_row"])
    assert [violation.field for violation in raised.value.violations] == [
        "output.column_prefix", "output.compression", "output.columns[1]", "output.columns[2]",
    ]  # fmt: skip


@pytest.mark.parametrize("file_format", FileFormat)
def test_an_output_that_breaks_off_leaves_nothing(file_format: FileFormat, tmp_path: Path, out: OutputFolder) -> None:
    plan = OutputPlan(format=file_format)
    parts = write_parts(tmp_path, plan, [INPUT])
    with pytest.raises(FileNotFoundError):
        write_output(plan, INPUT.schema, [*parts, tmp_path / "none.arrow"], out)
    assert list(Path(out.path).iterdir()) == []


def test_parts_can_be_written_as_they_arrive(tmp_path: Path, out: OutputFolder) -> None:
    plan = OutputPlan(format=CSV)
    parts = write_parts(tmp_path, plan, [INPUT, INPUT])
    whole = write_output(plan, INPUT.schema, parts, out)[0]
    with OutputWriter(plan, INPUT.schema, out, "later.csv") as writer:
        for part in parts:
            writer.add(part)
            part.unlink()
        assert writer.finish().sha256 == whole.sha256


def test_large_row_groups_are_cut_at_the_same_rows_however_parts_are_cut(tmp_path: Path, out: OutputFolder) -> None:
    table = pa.table({"n": list(range(300_000))})
    plan = OutputPlan(format=PARQUET, columns=("status",))
    digests = set()
    for cuts in ([0, 150_000, 300_000], [0, 100, 299_999, 300_000]):
        pieces = [table.slice(start, stop - start) for start, stop in itertools.pairwise(cuts)]
        parts = write_parts(tmp_path, plan, pieces, batch_rows=8_192)
        digests.add(write_output(plan, table.schema, parts, out)[0].sha256)
        metadata = pq.read_metadata(Path(out.path) / "results.parquet")
        assert [metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)] == [*[65_536] * 4, 37_856]
    assert len(digests) == 1


def test_the_manifest_names_every_file(out: OutputFolder) -> None:
    files = [OutputFile("a.csv", 1, "00"), OutputFile("report.json", 2, "11")]
    manifest = write_manifest(out, files, {"job": "jobs/1"})
    content = json.loads((Path(out.path) / manifest.name).read_bytes())
    assert content == {
        "job": "jobs/1",
        "files": [
            {"name": "a.csv", "size_bytes": 1, "sha256": "00"},
            {"name": "report.json", "size_bytes": 2, "sha256": "11"},
        ],
    }
