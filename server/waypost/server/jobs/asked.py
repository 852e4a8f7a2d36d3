"""What a job's spec means to those who read, answer and write its rows."""

from __future__ import annotations

from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.row_questions import GeocodeRows, PlaceRows, ReverseRows, RowQuestion
from waypost.server.jobs.readers import InputFormat
from waypost.server.jobs.spec import (
    Compression,
    CsvDialect,
    FileFormat,
    GeocodeOperation,
    GetPlaceOperation,
    InputColumns,
    JobOutput,
    Operation,
    ReverseGeocodeOperation,
)
from waypost.server.jobs.writers import OutputPlan


def question(operation: Operation) -> RowQuestion:
    """What each row asks."""
    match operation:
        case GeocodeOperation() as asked:
            return GeocodeRows(filter=asked.filter)
        case ReverseGeocodeOperation() as asked:
            return ReverseRows(place_types=asked.place_types, radius_m=asked.radius_m)
        case GetPlaceOperation():
            return PlaceRows()


def input_format(format: FileFormat | None, compression: Compression | None, csv: CsvDialect) -> InputFormat:
    """What the caller said about the form of the input. Raises InvalidArgument."""
    return InputFormat(
        format=format,
        compression=compression,
        encoding=csv.encoding,
        delimiter=csv.delimiter,
        quote=csv.quote,
        header=csv.header,
    )


def named_columns(columns: InputColumns) -> dict[str, str]:
    """The columns that the caller named, by role."""
    single = {
        "query": columns.query,
        "latitude": columns.latitude,
        "longitude": columns.longitude,
        "place_id": columns.place_id,
    }
    return {role: name for role, name in {**single, **columns.address}.items() if name}


def output_plan(asked: JobOutput, found: FileFormat) -> OutputPlan:
    """The form of the output of a job whose input has this format."""
    return OutputPlan(
        format=asked.format or found,
        columns=asked.columns or RESULT_COLUMNS,
        prefix=asked.column_prefix,
        rows=asked.rows,
        layout=asked.layout,
        compression=asked.compression,
    )
