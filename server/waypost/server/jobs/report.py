"""The report beside a job's output: the same facts as JSON for programs and as a text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import orjson

from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.readers.blocks import InvalidRow
from waypost.server.jobs.tallies import CONFIDENCE_BINS, ReasonCount, Tally
from waypost.server.jobs.writers.files import OutputFile, write_bytes
from waypost.server.model import Attribution

REPORT_NAME = "report.json"
TEXT_NAME = "report.txt"

#: The width of a bar for all rows, in characters.
_BAR = 40

Facts = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that is told of a job once it is over; also of one that failed or was cancelled, as far as it came.

    `input` and `options` are what was asked and detected, as plain values. `samples` are invalid rows with their
    places. `timings_s` are seconds by stage, in the order of the stages. `engine_versions` has more than one where
    the job went on after an upgrade.
    """

    job: str
    state: str
    tally: Tally
    snapshot: str
    engine_versions: Sequence[str]
    attributions: Sequence[Attribution]
    input: Facts = field(default_factory=dict)
    options: Facts = field(default_factory=dict)
    samples: Sequence[InvalidRow] = ()
    files: Sequence[OutputFile] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)


def report_json(report: Report) -> bytes:
    """The report as one JSON object, indented, its keys in a fixed order."""
    tally = report.tally
    counts = tally.counts
    places = {row.row: row for row in report.samples}
    content = {
        "job": report.job,
        "state": report.state,
        "rows": {"total": counts.done, **_counts(tally)},
        "precision": dict(tally.precisions),
        "confidence": [
            {"from": low / CONFIDENCE_BINS, "to": (low + 1) / CONFIDENCE_BINS, "rows": number}
            for low, number in enumerate(tally.confidences)
        ],
        "reasons": [
            {
                "status": found.status,
                "reason": found.reason,
                "rows": found.count,
                "samples": [_sample(row, found.reason, places) for row in found.sample_rows],
            }
            for found in tally.reasons
        ],
        "snapshot": report.snapshot,
        "engine_versions": list(report.engine_versions),
        "attributions": [
            {"layer": a.layer, "text": a.text, "uri": a.uri, "license": a.license, "share_alike": a.share_alike}
            for a in report.attributions
        ],
        "input": dict(report.input),
        "options": _named(report.options),
        "files": [{"name": f.name, "size_bytes": f.size_bytes, "sha256": f.sha256} for f in report.files],
        "timings_s": dict(report.timings_s),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def report_text(report: Report) -> str:
    """The report for a terminal: a line a fact, bars for the histograms."""
    tally = report.tally
    total = tally.counts.done
    lines = [f"{report.job}: {report.state}", f"{total:,} rows"]
    lines += [f"  {name:<10} {number:>12,}  {_share(number, total)}" for name, number in _counts(tally).items()]
    lines += _histogram("precision", list(tally.precisions.items()))
    width = 1 / CONFIDENCE_BINS
    bins = [(f"{low * width:.1f}-{(low + 1) * width:.1f}", number) for low, number in enumerate(tally.confidences)]
    lines += _histogram("confidence", bins)
    lines += _reason_lines(tally.reasons, {row.row: row for row in report.samples})
    lines += ["", f"snapshot {report.snapshot}, engine {', '.join(report.engine_versions)}"]
    lines += _facts("input", report.input) + _facts(
        "options", {name: _named(asked) for name, asked in report.options.items()}
    )
    lines += _facts("seconds", {name: f"{seconds:.3f}" for name, seconds in report.timings_s.items()})
    if report.files:
        lines += ["", "files"]
        lines += [f"  {file.name}  {file.size_bytes:,} bytes  sha256 {file.sha256}" for file in report.files]
    if report.attributions:
        lines += ["", "credits"]
        lines += [f"  {credit.text} ({credit.license}) {credit.uri}".rstrip() for credit in report.attributions]
    return "\n".join(lines) + "\n"


def write_report(folder: OutputFolder, report: Report) -> list[OutputFile]:
    """Both forms of the report as files. Raises OSError."""
    return [
        write_bytes(folder, REPORT_NAME, report_json(report)),
        write_bytes(folder, TEXT_NAME, report_text(report).encode()),
    ]


def _named(value: object) -> object:
    """The same with the names of enumerations, which is what callers know them by."""
    match value:
        case Enum():
            return value.name
        case Mapping():
            return {key: _named(each) for key, each in value.items()}
        case list() | tuple():
            return [_named(each) for each in value]
        case set() | frozenset():
            return sorted(map(str, map(_named, value)))
    return value


def _counts(tally: Tally) -> dict[str, int]:
    counts = tally.counts
    return {
        "matched": counts.matched,
        "unmatched": counts.unmatched,
        "invalid": counts.invalid,
        "failed": counts.failed,
    }


def _sample(row: int, reason: str, places: Mapping[int, InvalidRow]) -> dict[str, object]:
    """The row's number, and its place in the input where a reader found it invalid for this reason."""
    found = places.get(row)
    if found is None or found.reason != reason:
        return {"row": row}
    place = {"byte_offset": found.byte_offset, "line": found.line}
    return {"row": row, **{name: at for name, at in place.items() if at is not None}, "detail": found.detail}


def _histogram(title: str, bins: Sequence[tuple[str, int]]) -> list[str]:
    total = sum(number for _, number in bins)
    if not total:
        return []
    bars = [f"  {name:<14} {number:>12,}  {'#' * round(_BAR * number / total)}".rstrip() for name, number in bins]
    return ["", title, *bars]


def _reason_lines(reasons: Sequence[ReasonCount], places: Mapping[int, InvalidRow]) -> list[str]:
    lines = ["", "reasons"] if reasons else []
    for found in reasons:
        lines.append(f"  {found.status} {found.reason}: {found.count:,} rows")
        for row in found.sample_rows:
            sample = _sample(row, found.reason, places)
            where = "".join(f", {name} {sample[name]}" for name in ("line", "byte_offset") if name in sample)
            lines.append(f"    row {row}{where}" + (f": {sample['detail']}" if "detail" in sample else ""))
    return lines


def _facts(title: str, facts: Facts) -> list[str]:
    return ["", title, *(f"  {name}: {value}" for name, value in facts.items())] if facts else []


def _share(number: int, total: int) -> str:
    return f"{100 * number / total:5.1f} %" if total else "-"
