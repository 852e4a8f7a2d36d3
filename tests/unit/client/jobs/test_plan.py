from pathlib import Path

import pytest

from waypost.client.jobs.plan import targets_of
from waypost.v1.jobs_pb2 import OUTPUT_FILE_KIND_REPORT, OUTPUT_FILE_KIND_RESULTS, OutputFile

REPORT = OutputFile(name="jobs/x/files/report.json", kind=OUTPUT_FILE_KIND_REPORT)
ONE = OutputFile(name="jobs/x/files/results.csv", kind=OUTPUT_FILE_KIND_RESULTS)
TWO = OutputFile(name="jobs/x/files/results-2.csv", kind=OUTPUT_FILE_KIND_RESULTS)


def test_a_single_file_of_results_goes_to_the_path_and_the_report_only_where_asked() -> None:
    assert targets_of([REPORT, ONE], Path("out.csv"), None) == [(ONE, Path("out.csv"))]
    both = targets_of([REPORT, ONE], Path("out.csv"), Path("why.json"))
    assert both == [(ONE, Path("out.csv")), (REPORT, Path("why.json"))]


@pytest.mark.parametrize(
    ("path", "name"), [("why.txt", "report.txt"), ("why.json", "report.json"), ("why", "report.json")]
)
def test_of_the_forms_of_the_report_the_one_that_the_path_names_is_taken(path: str, name: str) -> None:
    text = OutputFile(name="jobs/x/files/report.txt", kind=OUTPUT_FILE_KIND_REPORT)
    (_, (report, where)) = targets_of([text, REPORT, ONE], Path("out.csv"), Path(path))
    assert (report.name.rpartition("/")[2], where) == (name, Path(path))


def test_a_folder_gets_all_files_under_their_own_names(tmp_path: Path) -> None:
    wanted = targets_of([REPORT, ONE, TWO], tmp_path, None)
    assert [path.name for _, path in wanted] == ["report.json", "results.csv", "results-2.csv"]


@pytest.mark.parametrize("files", [[REPORT], [REPORT, ONE, TWO]])
def test_one_path_is_not_enough_for_several_files(files: list[OutputFile]) -> None:
    with pytest.raises(ValueError, match="a folder all"):
        targets_of(files, Path("out.csv"), None)


@pytest.mark.parametrize("name", ["jobs/x/files/..", "jobs/x/files/", "jobs/x/files/a/b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no name of a file"):
        targets_of([OutputFile(name=name)], tmp_path, None)
