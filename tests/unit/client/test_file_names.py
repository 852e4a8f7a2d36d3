import pytest

from waypost.client.file_names import kind_of
from waypost.v1 import jobs_pb2 as pb


@pytest.mark.parametrize(
    ("name", "format", "compression"),
    [
        ("a.csv", pb.FILE_FORMAT_CSV, 0),
        ("dir.parquet/a.CSV.GZ", pb.FILE_FORMAT_CSV, pb.COMPRESSION_GZIP),
        ("a.b.ndjson.zst", pb.FILE_FORMAT_NDJSON, pb.COMPRESSION_ZSTD),
        ("a.jsonl", pb.FILE_FORMAT_NDJSON, 0),
        ("a.tsv", pb.FILE_FORMAT_CSV, 0),
        ("a.parquet", pb.FILE_FORMAT_PARQUET, 0),
        ("a.geoparquet", pb.FILE_FORMAT_GEOPARQUET, 0),
        ("file:///data/a.csv.gz", pb.FILE_FORMAT_CSV, pb.COMPRESSION_GZIP),
        ("addresses", 0, 0),
        ("a.gz", 0, pb.COMPRESSION_GZIP),
        ("", 0, 0),
    ],
)
def test_a_name_tells_format_and_compression(name: str, format: int, compression: int) -> None:
    kind = kind_of(name)
    assert (kind.format, kind.compression) == (format, compression)
