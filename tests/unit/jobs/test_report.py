from __future__ import annotations

import json
import re
from pathlib import Path

import orjson
import pyarrow as pa

from waypost.server.jobs.locations import local_folder
from waypost.server.jobs.readers import InvalidRow
from waypost.server.jobs.report import Report, report_json, report_text, write_report
from waypost.server.jobs.rows import RowCounts
from waypost.server.jobs.spec import OutputLayout
from waypost.server.jobs.tallies import REASON_SAMPLES, ReasonCount, Tally, count_rows
from waypost.server.jobs.writers import OutputFile
from waypost.server.model import Attribution

ANSWERS = pa.RecordBatch.from_pydict(
    {
        "status": ["matched", "matched", "unmatched", "invalid", "failed", "invalid"],
        "reason": [None, None, "NO_MATCH", "RAGGED_ROW", "WORKER_DIED", "RAGGED_ROW"],
        "precision": ["LOCALITY", "COUNTRY", None, None, None, None],
        "confidence": [0.95, 1.0, None, None, None, None],
    }
)


def test_rows_are_counted_by_status_precision_confidence_and_reason() -> None:
    tally = count_rows(pa.array(range(11, 17)), ANSWERS)
    assert tally == Tally(
        RowCounts(matched=2, unmatched=1, invalid=2, failed=1),
        {"COUNTRY": 1, "LOCALITY": 1},
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
        (
            ReasonCount("failed", "WORKER_DIED", 1, (15,)),
            ReasonCount("invalid", "RAGGED_ROW", 2, (14, 16)),
            ReasonCount("unmatched", "NO_MATCH", 1, (13,)),
        ),
    )


def test_tallies_add_up_in_any_order_and_keep_the_first_samples() -> None:
    pieces = [count_rows(pa.array(range(start, start + 6)), ANSWERS) for start in range(0, 120, 6)]
    whole = sum(pieces, Tally())
    assert whole == sum(reversed(pieces), Tally())
    assert whole.counts == RowCounts(matched=40, unmatched=20, invalid=40, failed=20)
    assert whole.reasons[1].sample_rows == tuple(row for row in range(120) if row % 6 in (3, 5))[:REASON_SAMPLES]
    assert Tally() + pieces[0] == pieces[0]


def a_report() -> Report:
    return Report(
        job="jobs/1",
        state="PARTIALLY_SUCCEEDED",
        tally=count_rows(pa.array(range(11, 17)), ANSWERS),
        snapshot="snapshots/abc",
        engine_versions=["1"],
        attributions=[Attribution("geonames", "GeoNames", "https://www.geonames.org", "CC-BY-4.0", False)],
        input={"format": "CSV", "encoding": "utf-8"},
        options={"output": {"column_prefix": "waypost_", "layout": OutputLayout.PARTS, "columns": ()}},
        samples=[InvalidRow(14, 120, 15, "RAGGED_ROW", "the row has 3 cells"), InvalidRow(15, 1, 1, "OTHER", "")],
        files=[OutputFile("results.csv", 1234, "ab" * 32)],
        timings_s={"preparing": 0.5, "running": 12.25},
    )


def test_the_report_has_every_fact_as_json() -> None:
    content = json.loads(report_json(a_report()))
    assert content["rows"] == {"total": 6, "matched": 2, "unmatched": 1, "invalid": 2, "failed": 1}
    assert content["confidence"][9] == {"from": 0.9, "to": 1.0, "rows": 2}
    assert content["reasons"][1] == {
        "status": "invalid",
        "reason": "RAGGED_ROW",
        "rows": 2,
        "samples": [{"row": 14, "byte_offset": 120, "line": 15, "detail": "the row has 3 cells"}, {"row": 16}],
    }
    assert content["files"] == [{"name": "results.csv", "size_bytes": 1234, "sha256": "ab" * 32}]
    assert content["attributions"][0]["license"] == "CC-BY-4.0"
    assert {"snapshot", "engine_versions", "input", "options", "timings_s", "precision", "state"} <= content.keys()


def test_the_report_reads_as_a_text() -> None:
    text = report_text(a_report())
    for fact in (
        "jobs/1: PARTIALLY_SUCCEEDED", "6 rows", "33.3 %", "LOCALITY", "0.9-1.0", "invalid RAGGED_ROW: 2 rows",
        "row 14, line 15, byte_offset 120: the row has 3 cells", "snapshot snapshots/abc, engine 1", "results.csv",
        "GeoNames (CC-BY-4.0)", "running: 12.250", "encoding: utf-8",
    ):  # fmt: skip
        assert fact in text


def test_a_report_of_no_rows_is_a_report(tmp_path: Path) -> None:
    report = Report(job="jobs/1", state="SUCCEEDED", tally=Tally(), snapshot="s", engine_versions=[], attributions=[])
    names = [file.name for file in write_report(local_folder(tmp_path), report)]
    assert names == ["report.json", "report.txt"]
    assert json.loads((tmp_path / "report.json").read_bytes())["rows"]["total"] == 0


def test_the_documentation_lists_every_key() -> None:
    page = (Path(__file__).parents[3] / "docs" / "jobs.md").read_text()
    table = page[page.index("| key | what it holds |") :].split("\n\n", 1)[0]
    documented = [key for row in table.splitlines()[2:] for key in re.findall("`([a-z_]+)`", row.split("|")[1])]
    assert documented == list(orjson.loads(report_json(a_report())))


def test_options_are_told_by_the_names_that_callers_know() -> None:
    options = orjson.loads(report_json(a_report()))["options"]
    assert options == {"output": {"column_prefix": "waypost_", "layout": "PARTS", "columns": []}}
    assert "'layout': 'PARTS'" in report_text(a_report())
