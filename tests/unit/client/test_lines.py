import io

from waypost.client.lines import Line, read_lines


def texts(data: bytes) -> list[str]:
    return [line.text for line in read_lines(io.BytesIO(data))]


def test_lines_keep_their_number_and_text_and_know_where_they_end() -> None:
    lines = list(read_lines(io.BytesIO("Zürich\r\n\nBern".encode())))
    assert lines == [Line(1, "Zürich", 9), Line(2, "", 10), Line(3, "Bern", 14)]


def test_a_byte_order_mark_is_dropped_and_bad_bytes_stay_visible() -> None:
    assert texts(b"\xef\xbb\xbfBern\n\xff\xfe\n") == ["Bern", "\ufffd\ufffd"]


def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    first, second = read_lines(io.BytesIO(b"x" * 1_000_000 + b"\nBern\n"))
    assert first.text == "x" * 513
    assert (second.number, second.text, second.end_byte) == (2, "Bern", 1_000_006)


def test_a_line_that_ends_exactly_where_reading_pauses_swallows_no_other() -> None:
    assert texts(b"x" * 65_535 + b"\nBern\n")[1:] == ["Bern"]
    assert texts(b"x" * 65_536 + b"\nBern\n")[1:] == ["Bern"]


def test_no_input_is_no_line() -> None:
    assert texts(b"") == []
