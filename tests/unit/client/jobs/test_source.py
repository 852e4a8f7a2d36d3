from pathlib import Path

import pytest

from waypost.client.jobs.source import input_from, is_uri, opened
from waypost.v1.jobs_pb2 import FILE_FORMAT_CSV, FILE_FORMAT_NDJSON, JobInput, Upload


def test_a_file_is_read_as_it_is_and_never_goes_with_the_request(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"query\nBern\n")
    with opened(path) as content:
        assert (content.file.read(), content.size_bytes) == (b"query\nBern\n", 11)
        assert not content.fits_inline()


@pytest.mark.parametrize(("rows", "fits"), [(0, True), (1_000, True), (1_001, False)])
def test_up_to_a_thousand_rows_go_with_the_request(rows: int, fits: bool) -> None:
    with opened("Bern" for _ in range(rows)) as content:
        assert content.fits_inline() is fits
        assert content.file.read() == b'{"query": "Bern"}\n' * rows


def test_rows_of_more_than_a_mebibyte_do_not() -> None:
    with opened(["x" * 600_000, "x" * 600_000]) as content:
        assert not content.fits_inline()
        assert len(content.file.read()) == content.size_bytes


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"), opened([{"latitude": float("nan")}]):
        pass


def test_only_a_text_with_a_scheme_is_the_servers_to_read() -> None:
    assert is_uri("file:///data/a.csv")
    assert not is_uri("a.csv")
    assert not is_uri(Path("file:///data/a.csv"))
    assert not is_uri(["a://b"])


def test_how_to_read_is_kept_beside_the_source() -> None:
    reading = JobInput(format=FILE_FORMAT_CSV)
    assert input_from("s3://b/k", reading) == JobInput(uri="s3://b/k", format=FILE_FORMAT_CSV)
    assert input_from(Upload(name="uploads/x"), reading) == JobInput(upload="uploads/x", format=FILE_FORMAT_CSV)
    assert input_from(b"{}\n", None) == JobInput(inline=b"{}\n", format=FILE_FORMAT_NDJSON)
    assert reading == JobInput(format=FILE_FORMAT_CSV)
