"""CSV and TSV: what separates, what is a header, what is a row, and where it stands."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.cells.names import is_input, is_known, is_target, is_time
from recur.data.readers.delimited import read_delimited
from recur.data.readers.lines import LONGEST
from tests.data.reading import places, refused, rows, same_in_both_indices, sparse, unless_refused, written

SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
CELL = st.text(SIGNS | st.sampled_from('",;|\t\r\n '), max_size=8)
RECORDS = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1))


def columns(folder: Path, content: str | bytes, name: str = "a.csv", **options: Any) -> list[str]:
    """Names of the columns of a file with some content."""
    return read_delimited(written(folder / name, content), **options).columns


# ---- what separates ----


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_separator_is_found_out(tmp_path: Path, sign: str) -> None:
    table = read_delimited(written(tmp_path / "a.csv", f"text{sign}label\nthe sky{sign}1\nthe sea{sign}0\n"))
    assert table.columns == ["text", "label"]
    assert rows(table) == [{"text": "the sky", "label": "1"}, {"text": "the sea", "label": "0"}]


def test_commas_in_text_do_not_separate_where_another_sign_does(tmp_path: Path) -> None:
    lines = [f"yes, it is number {index}, or so;{index % 2}" for index in range(60)]
    table = read_delimited(written(tmp_path / "a.csv", "\n".join(["one, two, three;0", *lines])))
    assert table.columns == ["text", "label"]
    assert table[1] == {"text": "yes, it is number 0, or so", "label": "0"}


def test_decimal_commas_do_not_separate(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.csv", "1,5;2,5;3,5\n4,5;5,5;6,5\n"))
    assert table[1] == {"column1": 4.5, "column2": 5.5, "column3": 6.5}


def test_other_signs_within_quotation_marks_do_not_separate(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.csv", '1,"a;b"\n2,"c;d"\n'))
    assert table[0] == {"column1": "1", "column2": "a;b"}


def test_separator_is_found_out_where_the_first_lines_end_within_a_quoted_cell(tmp_path: Path) -> None:
    # the fiftieth line is in the middle of a cell
    text = "text;label\n" + '"one\ntwo\nthree\nfour";"x"\n' * 30
    table = read_delimited(written(tmp_path / "a.csv", text))
    assert table.columns == ["text", "label"]
    assert table[29] == {"text": "one\ntwo\nthree\nfour", "label": "x"}


def test_lines_without_a_separator_are_one_column(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.csv", "the sky is blue\nthe sea is deep\n"))
    assert rows(table) == [{"text": "the sky is blue"}, {"text": "the sea is deep"}]


def test_commas_do_not_separate_a_tsv(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.tsv", "a, b\t1\nc, d\t2\n"), tabs=True, header=False)
    assert [list(row.values()) for row in rows(table)] == [["a, b", "1"], ["c, d", "2"]]


# ---- what is a header ----


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("review,stars\nfine film,5\nbad film,1\n", ["review", "stars"]),
        ("when,value\nmonday,1.5\ntuesday,2.5\n", ["when", "value"]),
        ("text,label\na b,yes\nc d,no\n", ["text", "label"]),
        (" Text , Label \na b,yes\nc d,no\n", ["Text", "Label"]),
        (",text,label\n0,a b,yes\n1,c d,no\n", ["Unnamed: 0", "text", "label"]),
        ("quote,who\n" + "".join(f"words {n} said,p{n % 3}\n" for n in range(60)), ["quote", "who"]),
        ("english,french\nthe sky,le ciel\n", ["english", "french"]),
        ("ours,theirs\nthe sky,le ciel\nthe sea,la mer\n", ["ours", "theirs"]),
        ('"Month","Sales"\n"1-01",266.0\n', ["Month", "Sales"]),
        ("value\n1\n2\n", ["value"]),
    ],
    ids=["usual", "numbers", "labels", "spaces", "index", "few", "languages", "single-words", "quoted", "one-column"],
)
def test_first_record_is_a_header(tmp_path: Path, content: str, names: list[str]) -> None:
    assert columns(tmp_path, content) == names


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("fine film,5\nbad film,1\n", ["column1", "column2"]),
        ("good,fine film\nbad,film of them\ngood,it is good\nbad,it is bad\n", ["label", "text"]),
        ("the sky,le ciel\nthe sea,la mer\n", ["source", "target"]),
        ("1,2\n3,4\n", ["column1", "column2"]),
        ("1,2,3\n3,4,5\n", ["column1", "column2", "column3"]),
        ("a film that is very long indeed,good\nbad film of them,bad\n", ["source", "target"]),
        ("x,x,1\nx,y,2\n", ["column1", "column2", "column3"]),
        ("only row,here\n", ["source", "target"]),
        ("sky\nsea\n", ["text"]),
    ],
    ids=["number", "repeated", "like-others", "numbers", "three", "long-cell", "twice", "one-row", "one-column"],
)
def test_first_record_is_a_row(tmp_path: Path, content: str, names: list[str]) -> None:
    assert columns(tmp_path, content) == names
    assert len(read_delimited(tmp_path / "a.csv")) == len(content.splitlines())


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("fine film,good\nbad film,bad\nall right,good\nso so,bad\n", ["text", "label"]),
        ("good,fine film\nbad,bad film\ngood,all right\nbad,so so\n", ["label", "text"]),
        ("the sky,le ciel\nthe sea,la mer\n", ["source", "target"]),
        ("a,1,x\nb,2,y\n", ["column1", "column2", "column3"]),
        ("the sky\nthe sea\n", ["text"]),
    ],
)
def test_columns_without_a_header_are_named_by_what_they_hold(tmp_path: Path, content: str, names: list[str]) -> None:
    assert columns(tmp_path, content, header=False) == names


def test_columns_without_a_header_take_the_names_given_where_there_are_as_many(tmp_path: Path) -> None:
    assert columns(tmp_path, "a b,1\nc d,2\n", header=False, names=["film", "stars"]) == ["film", "stars"]
    assert columns(tmp_path, "a b,1\nc d,2\n", header=False, names=["film"]) != ["film"]


def test_header_can_be_asked_for_and_denied(tmp_path: Path) -> None:
    content = "text,label\nthe sky,1\n"
    assert columns(tmp_path, content, header=True) == ["text", "label"]
    assert len(read_delimited(tmp_path / "a.csv", header=False)) == 2
    assert columns(tmp_path, "sky,blue\nsea,deep\n", header=True) == ["sky", "blue"]


def test_column_that_is_asked_for_makes_the_first_record_a_header(tmp_path: Path) -> None:
    content = "sky,blue\nsea,deep\n"
    assert "sky" not in columns(tmp_path, content)
    assert columns(tmp_path, content, required=["blue"]) == ["sky", "blue"]


def test_header_without_a_row_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\n")
    error = refused(lambda: read_delimited(path))
    assert error.message == f"{path}: the header (text, label) has no rows below it"
    assert error.hint == "add rows"


def test_header_with_one_name_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "\n\ntext,text\na,b\n")
    error = refused(lambda: read_delimited(path, header=True))
    assert error.message == f'{path}:3: two columns are named "text"'
    path = written(tmp_path / "b.csv", "x,x,y\n" + "1.5,2,a\n2.5,3,b\n" * 5)
    assert refused(lambda: read_delimited(path)).message == f'{path}:1: two columns are named "x"'
    path = written(tmp_path / "c.csv", "NA,NA,a\n" + "1.5,2,a\n2.5,3,b\n" * 5)
    assert len(read_delimited(path)) == 11


def test_header_with_fewer_cells_than_the_rows_is_refused_at_the_first_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\na,b,c\nd,e,f\n")
    assert refused(lambda: read_delimited(path)).message.startswith(f"{path}:2: 3 cells where the first row has 2")


def test_usual_names_are_known() -> None:
    assert is_known(" Label ")
    assert is_input("Text")
    assert is_target("phase")
    assert is_time("sent_date")
    assert not is_known("lhx")
    assert not is_time("dated")


# ---- what is a row ----


def test_quoted_cells_hold_separators_quotation_marks_and_line_ends(tmp_path: Path) -> None:
    content = 'text,label\n"one, two","say ""yes"""\n"first\nsecond","third\r\nfourth"\n'
    table = read_delimited(written(tmp_path / "a.csv", content))
    assert rows(table) == [
        {"text": "one, two", "label": 'say "yes"'},
        {"text": "first\nsecond", "label": "third\r\nfourth"},
    ]


def test_quotation_marks_of_a_tsv_are_plain_signs(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.tsv", 'text\tlabel\n"open\tx\n5" wide\ty\n'), tabs=True)
    assert rows(table) == [{"text": '"open', "label": "x"}, {"text": '5" wide', "label": "y"}]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_found_at_their_lines_whatever_ends_them(tmp_path: Path, end: str) -> None:
    records = ["text,label", "a b,1", "", '"c', 'd",2', "", "e f,3", ""]
    path = written(tmp_path / "a.csv", end.join(records))
    table = same_in_both_indices(lambda: read_delimited(path))
    assert places(table) == ["a.csv:2", "a.csv:4", "a.csv:7"]
    assert table[1] == {"text": f"c{end}d", "label": "2"}


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    table = read_delimited(written(tmp_path / "a.csv", '\ufeff"text",label\na b,1\n'))
    assert table.columns == ["text", "label"]
    assert table.offset(0) == 16


def test_rows_with_line_ends_in_cells_are_found_in_a_sparse_index(tmp_path: Path) -> None:
    content = "text,label\n" + "".join(f'"a\n{"x" * (n % 7)}\r{n}",{n}\n' + "\n" * (n % 3) for n in range(150))
    path = written(tmp_path / "a.csv", content)
    table = same_in_both_indices(lambda: read_delimited(path))
    assert len(table) == 150
    # each row has two lines, and 0, 1 or 2 empty ones after it
    assert table.where(149) == f"a.csv:{2 + sum(2 + n % 3 for n in range(149))}"


def test_carriage_return_outside_quotation_marks_is_refused_with_the_command_that_fixes_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\ra b,1\rc d,2\r")
    error = refused(lambda: read_delimited(path))
    assert error.message.startswith(f"{path}:1: a carriage return (\\r) within the row")
    assert error.hint == r"if it is to end a row: tr '\r' '\n' < a.csv > lines-a.csv"


def test_row_with_another_number_of_cells_is_refused_with_its_line_and_a_hint(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text,label\n"a\nb",1\nc, d,2\n')
    error = refused(lambda: read_delimited(path))
    assert error.message == f'{path}:4: 3 cells where the first row has 2 (text, label): "c | d | 2"'
    assert error.hint == "put quotation marks around a cell that has the separator in it, or fix the row"


def test_ragged_row_far_into_the_file_is_refused_with_its_line(tmp_path: Path) -> None:
    names = ",".join(f"n{place}" for place in range(9))
    path = written(tmp_path / "a.csv", names + "\n" + "1,2,3,4,5,6,7,8,9\n" * 5000 + "1,2\n")
    error = refused(lambda: read_delimited(path))
    assert error.message == f'{path}:5002: 2 cells where the first row has 9 (n0, n1, n2, n3, n4, n5, …): "1 | 2"'


def test_quotation_mark_that_is_not_closed_is_refused_where_it_opens(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text,label\na b,1\n"c d,2\n' + "e f,3\n" * 300)
    error = refused(lambda: read_delimited(path))
    assert error.message == f'{path}:3: a quotation mark is opened and not closed, in ""c d,2"'
    assert error.hint is not None
    assert 'write it twice ("")' in error.hint


def test_quotation_mark_that_swallows_a_million_bytes_is_refused_where_it_opens(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text,label\na b,1\n"c d,2\n' + "e f,3\n" * 200_000 + '",4\n')
    error = refused(lambda: read_delimited(path))
    assert error.message.startswith(f"{path}:3: a quotation mark is opened and not closed")


def test_text_after_a_closing_quotation_mark_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text,label\na b,1\n"he said "yes" to me",2\n')
    error = refused(lambda: read_delimited(path))
    assert error.message.startswith(f"{path}:3: ',' expected after '\"'")
    assert error.hint is not None
    assert "twice" in error.hint


def test_line_of_a_megabyte_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\na b,1\n" + "x" * (LONGEST + 1) + ",2\n")
    assert refused(lambda: read_delimited(path)).message.startswith(f"{path}:3: a line of more than 1,000,000 bytes")


def test_cell_of_almost_a_megabyte_is_read(tmp_path: Path) -> None:
    cell = "x" * (LONGEST - 2)
    assert read_delimited(written(tmp_path / "a.csv", f"text,label\n{cell},1\n"))[0] == {"text": cell, "label": "1"}


def test_file_that_became_shorter_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\na b,1\nc d,2\n")
    table = read_delimited(path)
    written(path, "text,label\n")
    assert "became shorter while it was being read" in refused(lambda: table[1]).message


@pytest.mark.parametrize("coding", ["latin-1", "utf-16"])
def test_other_codings_are_refused(tmp_path: Path, coding: str) -> None:
    path = written(tmp_path / "a.csv", "text,label\ncafé noir,1\n".encode(coding))
    assert "expected" in refused(lambda: read_delimited(path)).message


@pytest.mark.parametrize("content", ["", "\n\n", " \t\r\n"])
def test_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    path = written(tmp_path / "a.csv", content)
    assert "is empty" in refused(lambda: read_delimited(path)).message


# ---- by property ----


@given(RECORDS)
def test_any_cells_that_csv_writes_are_read_back(scratch: Path, records: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    names = [f"n{place}" for place in range(len(records[0]))]
    csv.writer(text).writerows([names, *records])
    path = written(scratch / "any.csv", text.getvalue())
    found = read_delimited(path, header=True)
    assert found.columns == names
    assert [list(row.values()) for row in rows(found)] == records


@given(st.lists(st.text(SIGNS.filter(lambda sign: sign not in ",;|\t"), max_size=8), min_size=1))
def test_any_cells_of_one_column_are_read_back(scratch: Path, cells: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["text"], *([cell] for cell in cells)])
    table = read_delimited(written(scratch / "one.csv", text.getvalue()), header=True)
    assert rows(table) == [{"text": cell} for cell in cells]


@given(RECORDS, st.sampled_from(["\n", "\r\n"]))
def test_any_cells_are_read_back_at_their_lines_from_a_sparse_index(
    scratch: Path, records: list[list[str]], end: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"n{place}" for place in range(len(records[0]))])
    expected = []
    for record in records * 12:
        expected.append(f"any.csv:{text.getvalue().count(chr(10)) + 1}")
        writer.writerow(record)
    path = written(scratch / "any.csv", text.getvalue())
    table = same_in_both_indices(lambda: read_delimited(path, header=True))
    assert [list(row.values()) for row in rows(table)] == records * 12
    assert places(table) == expected


@given(st.lists(st.lists(st.text(SIGNS.filter(lambda sign: sign not in "\t\r\n")), min_size=2, max_size=2), min_size=1))
def test_any_cells_without_tabs_are_read_back_from_a_tsv(scratch: Path, records: list[list[str]]) -> None:
    path = written(scratch / "any.tsv", "".join("\t".join(record) + "\n" for record in [["a", "b"], *records]))
    table = read_delimited(path, tabs=True, header=True)
    assert [list(row.values()) for row in rows(table)] == records


@given(st.text(st.sampled_from('a1",;|\t\r\n \0é'), max_size=60))
def test_any_text_is_a_table_or_a_data_error(scratch: Path, content: str) -> None:
    path = written(scratch / "any.csv", content)
    table = unless_refused(lambda: sparse(lambda: read_delimited(path)))
    if table is not None:
        assert all(list(row) == table.columns for row in rows(table))


# ---- real data ----


@pytest.mark.data
@pytest.mark.parametrize(("part", "count"), [("train", 6920), ("dev", 872), ("test", 1821)])
def test_sst2_has_no_header_and_a_text_with_a_label(data_folder: Path, part: str, count: int) -> None:
    table = read_delimited(data_folder / "sst2" / f"{part}.tsv", tabs=True)
    assert table.columns == ["text", "label"]
    assert len(table) == count
    assert {table[index]["label"] for index in range(0, count, 7)} == {"0", "1"}


@pytest.mark.data
def test_sentence_pairs_are_three_columns_without_a_header(data_folder: Path) -> None:
    table = read_delimited(data_folder / "fra_eng" / "fra.txt", tabs=True)
    assert len(table) == 142_787
    assert list(table[0].values())[:2] == ["Go.", "Va !"]
    assert table.where(142_786) == "fra.txt:142787"


@pytest.mark.data
def test_transformer_temperatures_have_a_header(data_folder: Path) -> None:
    table = read_delimited(data_folder / "ett" / "ETTh1.csv")
    assert table.columns == ["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert len(table) == 17_420
    assert table[0]["date"] == "2016-07-01 00:00:00"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "names", "count"),
    [
        ("airline-passengers", ["Month", "Passengers"], 144),
        ("daily-min-temperatures", ["Date", "Temp"], 3650),
        ("daily-total-female-births", ["Date", "Births"], 365),
        ("monthly-shampoo-sales", ["Month", "Sales"], 36),
        ("monthly-sunspots", ["Month", "Sunspots"], 2820),
        (
            "pollution",
            ["No", "year", "month", "day", "hour", "pm2.5", "DEWP", "TEMP", "PRES", "cbwd", "Iws", "Is", "Ir"],
            43_824,
        ),
    ],
)
def test_time_series_have_a_header(data_folder: Path, name: str, names: list[str], count: int) -> None:
    table = read_delimited(data_folder / "time_series" / f"{name}.csv")
    assert table.columns == names
    assert len(table) == count


@pytest.mark.data
@pytest.mark.parametrize(
    ("video", "count"),
    [("a1", 1747), ("a2", 1264), ("a3", 1834), ("b1", 1073), ("b3", 1424), ("c1", 1111), ("c3", 1448)],
)
def test_gesture_videos_have_a_header_and_a_row_a_frame(data_folder: Path, video: str, count: int) -> None:
    folder = data_folder / "gesture_phase"
    raw = read_delimited(folder / f"{video}_raw.csv")
    assert len(raw) == count
    assert len(raw.columns) == 20
    assert raw.columns[-2:] == ["timestamp", "phase"]
    derived = read_delimited(folder / f"{video}_va3.csv")
    assert derived.columns == [*map(str, range(1, 33)), "Phase"]
    assert len(derived) == count - 4
