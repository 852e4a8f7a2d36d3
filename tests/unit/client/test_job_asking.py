import argparse
from pathlib import Path

import pytest

from waypost.client.arguments import build_parser, protect_negatives
from waypost.client.asking import Usage
from waypost.client.job_asking import job_filter, local_target, options, reading
from waypost.client.jobs import requests
from waypost.v1 import jobs_pb2 as pb
from waypost.v1.places_pb2 import PlaceType


def parsed(*arguments: str) -> argparse.Namespace:
    return build_parser().parse_args(protect_negatives(arguments))


def job_of(*arguments: str) -> pb.Job:
    flags = parsed("batch", *arguments)
    return requests.job(reading(flags), **options(flags))


def test_without_flags_everything_is_left_to_the_server() -> None:
    job = job_of("addresses")
    assert job == pb.Job(
        operation=pb.JobOperation(geocode=pb.GeocodeOptions()), input=pb.JobInput(), output=pb.JobOutput()
    )


def test_formats_are_told_by_names_and_flags_win() -> None:
    job = job_of("a.csv.gz", "-o", "b.parquet")
    assert (job.input.format, job.input.compression) == (pb.FILE_FORMAT_CSV, pb.COMPRESSION_GZIP)
    assert job.output.format == pb.FILE_FORMAT_PARQUET
    other = job_of("a.csv", "-o", "b.csv", "--input-format", "ndjson", "--format", "geoparquet")
    assert (other.input.format, other.output.format) == (pb.FILE_FORMAT_NDJSON, pb.FILE_FORMAT_GEOPARQUET)
    with pytest.raises(Usage, match="does not tell a format"):
        job_of("a.csv", "-o", "b.gz")


def test_columns_may_be_named_for_each_role() -> None:
    columns = job_of("a.csv", "--column", "locality=city", "--column", "postal_code=zip").input.columns
    assert (columns.address.locality, columns.address.postal_code) == ("city", "zip")
    assert job_of("a.csv", "--column", "query=a=b").input.columns.query == "a=b"


def test_the_dialect_of_csv_can_be_given() -> None:
    csv = job_of("a.csv", "--delimiter", "\\t", "--encoding", "windows-1252", "--no-header").input.csv
    assert (csv.delimiter, csv.encoding, csv.header, csv.HasField("header")) == ("\t", "windows-1252", False, True)


def test_what_a_row_asks() -> None:
    geocode = job_of("a", "--region", "DE,AT", "--type", "locality", "--focus", "-33.9,151.2").operation.geocode
    assert (list(geocode.region_codes), geocode.focus.latitude) == (["DE", "AT"], -33.9)
    assert list(geocode.place_types) == [PlaceType.PLACE_TYPE_LOCALITY]
    assert job_of("a", "--operation", "reverse", "--radius", "10").operation.reverse_geocode.radius_m == 10
    assert job_of("a", "--operation", "place").operation.HasField("get_place")


def test_how_the_results_are_written() -> None:
    output = job_of("a", "--columns", "latitude,longitude", "--prefix", "", "--rows", "not-matched", "--parts").output
    assert list(output.columns) == ["latitude", "longitude"]
    assert output.HasField("column_prefix")
    assert (output.rows, output.layout) == (pb.OUTPUT_ROWS_NOT_MATCHED, pb.OUTPUT_LAYOUT_PARTS)
    assert job_of("a", "-o", "file:///data/out/").output.uri == "file:///data/out/"


def test_how_the_job_runs() -> None:
    job = job_of("a", "--priority", "-5", "--label", "team=maps", "--label", "x=", "--snapshot", "7")
    assert (job.priority, dict(job.labels), job.snapshot) == (-5, {"team": "maps", "x": ""}, "snapshots/7")


def test_who_is_told() -> None:
    hook, subject = job_of(
        "a", "--notify", "https://x/y", "--notify", "nats:jobs.done", "--notify-secret", "mine"
    ).notifications
    assert (hook.webhook.uri, hook.webhook.secret_name) == ("https://x/y", "mine")
    assert subject.nats.subject == "jobs.done"


def test_a_failure_policy_keeps_the_bound_that_a_job_without_one_has() -> None:
    policy = job_of("a", "--max-unmatched", "0.2", "--on-failure", "fail").failure_policy
    assert (policy.max_unmatched_share, policy.max_invalid_failed_share) == (0.2, 0.5)
    assert policy.action == pb.FAILURE_ACTION_FAIL
    assert job_of("a", "--max-failed", "0").failure_policy.max_invalid_failed_share == 0


@pytest.mark.parametrize("flags", [["--column", "town=city"], ["--column", "query"], ["--label", "x"]])
def test_pairs_that_are_none_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("batch", "a", *flags)
    assert flags[1] in capsys.readouterr().err or "town" in flags[1]


def test_a_target_is_a_new_file_or_a_folder(tmp_path: Path) -> None:
    def target(path: str, *flags: str) -> Path | None:
        return local_target(parsed("batch", "a", "-o", path, *flags))

    there = tmp_path / "there.csv"
    there.touch()
    assert target(f"{tmp_path}/new.csv") == tmp_path / "new.csv"
    assert target(f"{there}", "--overwrite") == there
    assert target(f"{tmp_path}") == tmp_path
    assert target(f"{tmp_path}/made/of/it/") == tmp_path / "made/of/it"
    assert (tmp_path / "made/of/it").is_dir()
    assert target("file:///data/out/") is None
    for path, why in (
        (f"{there}", "there already"),
        (f"{tmp_path}/no/a.csv", "does not exist"),
        (f"{there}/", "folder"),
    ):
        with pytest.raises(Usage, match=why):
            target(path)


def test_a_report_replaces_nothing_unless_told_to(tmp_path: Path) -> None:
    there = tmp_path / "report.json"
    there.touch()

    def target(report: Path, *flags: str) -> Path | None:
        return local_target(parsed("batch", "a", "-o", f"{tmp_path}/new.csv", "--report", str(report), *flags))

    assert target(there, "--overwrite") == tmp_path / "new.csv"
    for report, why in ((there, "there already"), (tmp_path / "no/r.json", "does not exist"), (tmp_path, "a folder")):
        with pytest.raises(Usage, match=why):
            target(report)


def test_a_list_is_filtered_by_states_and_labels() -> None:
    flags = parsed("jobs", "list", "--state", "running", "--state", "paused", "--label", 'a=b"c', "--label", "d")
    assert job_filter(flags) == r'(state = RUNNING OR state = PAUSED) AND labels.a = "b\"c" AND labels:d'
    assert job_filter(parsed("jobs", "list", "--filter", "a OR b", "--label", "d")) == "(a OR b) AND labels:d"
    assert job_filter(parsed("jobs", "list")) == ""
