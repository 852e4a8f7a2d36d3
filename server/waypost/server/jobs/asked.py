"""What a job's spec means to those who look at its input and those who read, answer and write its rows."""

from __future__ import annotations

from collections.abc import Mapping

from pyarrow import fs

from waypost.server.geocoder.columns import RESULT_COLUMNS
from waypost.server.geocoder.row_questions import GeocodeRows, PlaceRows, ReverseRows, RowQuestion
from waypost.server.jobs.columns import ColumnRoles, Question, find_columns
from waypost.server.jobs.locations import OutputFolder
from waypost.server.jobs.readers import InputFormat, RowReader
from waypost.server.jobs.spec import (
    Compression,
    CsvDialect,
    FileFormat,
    GeocodeOperation,
    GetPlaceOperation,
    InputColumns,
    JobOutput,
    Operation,
    OutputLayout,
    ReverseGeocodeOperation,
)
from waypost.server.jobs.writers import MANIFEST_NAME, OutputPlan, file_name, part_file_name


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


def column_roles(reader: RowReader, operation: Operation, named: Mapping[str, str]) -> ColumnRoles:
    """What the columns of an open input are. Raises InvalidArgument where that is not clear."""
    header = reader.format.header is not False
    return find_columns(reader.schema.names, Question(operation.kind), named, header=header)


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


def taken_names(plan: OutputPlan, folder: OutputFolder) -> list[str]:
    """Of the names that an output needs first and last, those that the folder has already. Raises OSError."""
    first = part_file_name(plan, 1) if plan.layout is OutputLayout.PARTS else file_name(plan)
    paths = [f"{folder.path}/{name}" for name in (first, MANIFEST_NAME)]
    infos = folder.root.filesystem.get_file_info(paths)
    return [info.base_name for info in infos if info.type is not fs.FileType.NotFound]
