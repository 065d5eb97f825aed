"""Files that are no plain rows: preambles, lists in cells, parallel texts, unspaced scripts, formats of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recur import data
from recur.config import Config, DataConfig
from recur.data.number_lists import are_lists, opened
from recur.data.read import guess_format, read
from recur.data.scripts import is_unspaced
from recur.errors import ConfigError, DataError
from tests.data.reading import refused, rows, same_in_both_indices, written

PLAIN = DataConfig()


@pytest.mark.parametrize(
    ("content", "columns", "first", "note"),
    [
        ("sep=;\na;b\n1;2\n3;4\n", ["a", "b"], {"a": "1", "b": "2"}, 'line 1, "sep=;"'),
        ('"sep=|"\na|b\n1|2\n3|4\n', ["a", "b"], {"a": "1", "b": "2"}, 'line 1, "sep=|"'),
        (
            "Sales of 2023;;\n;;\nday;shop;units\n1;x;5\n2;y;6\n3;x;7\n", ["day", "shop", "units"],
            {"day": "1", "shop": "x", "units": "5"}, '2 rows above the header ("Sales of 2023")',
        ),
        (
            "Report\nmade on Monday\n\na,b\n1,2\n3,4\n5,6\n7,8\n", ["a", "b"], {"a": "1", "b": "2"},
            '2 rows above the header ("Report")',
        ),
        ("# station 7\n# metres\na,b\n1,2\n3,4\n", ["a", "b"], {"a": "1", "b": "2"}, '2 comments ("# station 7")'),
        ("# a,b\n1,2\n3,4\n5,6\n", ["a", "b"], {"a": "1", "b": "2"}, '1 comment ("# a,b")'),
        ("a,b\n1,2\n# moved\n3,4\n", ["a", "b"], {"a": "1", "b": "2"}, "1 comment between the rows"),
        ("a,b\n1,2\na,b\n3,4\na,b\n5,6\n", ["a", "b"], {"a": "1", "b": "2"}, "2 repeated headers between the rows"),
    ],
)  # fmt: skip
def test_what_is_above_the_rows_is_skipped_and_noted(
    content: str, columns: list[str], first: dict[str, str], note: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", content)
    table = same_in_both_indices(lambda: read(path, PLAIN))
    assert table.columns == columns
    assert rows(table)[0] == first
    assert list(table.notes) == [note]
    assert all(str(cell).strip("xy").isdigit() or cell in "xy" for row in rows(table) for cell in row.values())


def test_a_text_that_begins_with_a_hash_sign_is_a_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "".join(f"#tag{k} some words of mine,{'ab'[k % 2]}\n" for k in range(20)))
    assert len(read(path, PLAIN)) == 20


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("iris.data", "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n6.3,3.3,Iris-virginica\n", "csv"),
        ("power.txt", "Date;Time;kW\n16/12/2006;17:24:00;4.2\n16/12/2006;17:25:00;?\n16/12/2006;17:26:00;4.1\n", "csv"),
        ("housing.data", " 0.006  18.00  2.310\n 0.027   0.00  7.070\n 0.032   0.00  2.180\n", "csv"),
        ("agaricus.data", "p,x,s,n\ne,x,s,y\ne,b,s,w\np,x,y,w\n", "csv"),
        ("sunspots.txt", "5.0\n11.0\n16.0\n23.0\n", "csv"),
        ("table", "a|b\n1|2\n3|4\n5|6\n", "csv"),
        ("novel.txt", "Yes, he said.\nNo, she said.\nWell, they said.\nThen, we said.\n", "text"),
        ("verse.txt", "Roses are red;\nViolets are blue;\nSugar is sweet;\nAnd so are you;\n", "text"),
        ("years.txt", "In 1805 he went.\nIn 1806 he came.\nIn 1807 he slept.\n", "text"),
    ],
)
def test_the_lines_say_whether_a_file_is_a_table(name: str, content: str, kind: str, tmp_path: Path) -> None:
    assert guess_format(written(tmp_path / name, content)) == kind


def test_white_space_divides_a_table_of_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "housing.data", "".join(f" {k}.5   {k * k}  {k % 3}.25\n" for k in range(9)))
    table = same_in_both_indices(lambda: read(path, PLAIN))
    assert list(rows(table)[2].values()) == ["2.5", "4", "2.25"]


@pytest.mark.parametrize(
    ("name", "content", "what", "hint"),
    [
        ("a.json", '{\n  "a": 1\n}\n', "JSON over several lines", "jq -c"),
        ("a.txt", '[\n  {"a": 1},\n  {"a": 2}\n]\n', "one JSON array", "jq -c '.[]'"),
        (
            "a.tmx",
            '<?xml version="1.0"?>\n<tmx version="1.4">\n',
            "a translation memory",
            "--source a.en --target a.de",
        ),
        ("a.csv", "<!DOCTYPE html>\n<html>\n<body>\n", "an HTML page", "CSV or JSON lines"),
        ("a.arff", "@relation iris\n@attribute a numeric\n@data\n1\n", "an ARFF file", "sed"),
        ("a.xlsx", b"PK\x03\x04\x14\0\0\0", "an Excel workbook", 'recur.fit(pandas.read_excel("a.xlsx"))'),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an Excel or Word document", "save it as CSV"),
        ("a.ods", b"PK\x03\x04\x14\0\0\0", "an OpenDocument spreadsheet", "save it as CSV"),
        ("a.docx", b"PK\x03\x04\x14\0\0\0", "a Word document", "plain text"),
        ("a.parquet", b"PAR1\x15\x04\0", "a Parquet file", 'pandas.read_parquet("a.parquet")'),
    ],
)
def test_a_file_of_another_form_is_named_with_the_way_to_text(
    name: str, content: str | bytes, what: str, hint: str, tmp_path: Path
) -> None:
    error = refused(lambda: read(written(tmp_path / name, content), PLAIN))
    assert what in error.message
    assert hint in (error.hint or "")


def test_json_lines_and_text_in_brackets_are_read(tmp_path: Path) -> None:
    assert guess_format(written(tmp_path / "a.json", '{"a": 1}\n{"a": 2}\n')) == "jsonl"
    assert guess_format(written(tmp_path / "a.txt", "[Music]\nHello there.\n[Laughter]\n")) == "text"


@pytest.mark.parametrize(
    ("cells", "lists"),
    [
        (["[0.1, 0.2]", "[]", "[1]"], True),
        (["12 0 255", "1 2 3"], True),
        (["1;2;3", "4;5;6;7"], True),
        (["1 2", "3 4"], False),
        (["1 2 3", "see 3 4"], False),
        (["1,2,3", "4,5,6"], False),
        (["nan nan nan"], False),
        ([], False),
    ],
)
def test_texts_that_are_lists_of_numbers(cells: list[str], lists: bool) -> None:
    assert are_lists(cells) is lists


def test_a_broken_list_is_refused() -> None:
    assert opened("(1, 2)") == [1.0, 2.0]
    assert '"[1, x]" is not a list of numbers' in refused(lambda: opened("[1, x]")).message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", "1 1:0.5 7:2\n-1 2:1e-3\n" * 9, "a file of LIBSVM"),
        ("a.txt", "__label__x some words\n__label__y others\n" * 9, "a file of fastText"),
        ("a.txt", "The/DT dog/NN barks/VBZ ./.\nA/DT cat/NN sat/VBD\n" * 9, "words with tags after a slash"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHello\n\n" * 9, "a file of subtitles"),
        ("a.txt", "DESC:manner How did it end ?\nHUM:ind Who was it ?\n" * 9, 'as in TREC ("DESC:manner")'),
        ("a.label", "DESC:manner How did it end ?\nHUM:ind Who was it ?\n" * 9, "as in TREC"),
        (
            "a.txt",
            "name        city         age\nAnna Smith  New York      30\nBob Ng      Rome           7\n" * 9,
            "columns of a fixed width",
        ),
        ("a.txt", "EDDF  10.5  partly cloudy\nEGLL   7.5  clear\n" * 9, "columns of a fixed width"),
        ("a.txt", "<html><body>\n<p>x</p>\n" * 9, "XML or HTML"),
    ],
)
def test_lines_with_marks_are_named_and_not_read_as_words(name: str, content: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path / name, content)
    error = refused(lambda: read(path, PLAIN))
    assert said in error.message
    assert "--format text" in (error.hint or "")
    assert read(path, Config.of(format="text").data).kind == "text"


@pytest.mark.parametrize(
    "content",
    [
        "ROMEO: Where is she ?\nJULIET: I am here\n" * 9,
        "NOTE:see page 3\nThe rest is prose.\n" * 9,
        "".join(f"NOTE{'ABCDEFGHIJ'[place]}:part every line has a class of its own\n" for place in range(10)),
        "Two spaces end a sentence.  As here.\nOthers do it too,  and  more often\n" * 9,
        "  indented prose is\nno  table at all,\n    said the cat\n" * 9,
        "one\n\ntwo words\n" * 9,
    ],
)
def test_prose_with_such_marks_is_read_as_text(content: str, tmp_path: Path) -> None:
    assert read(written(tmp_path / "a.txt", content), PLAIN).kind == "text"


def test_a_list_of_names_is_read_by_character_and_a_column_of_words_is_not(tmp_path: Path) -> None:
    names = "".join(f"{first}{last}\n" for first in ("Ann", "Bert", "Carl", "Dor") for last in ("a", "ine", "o", "'s"))
    tokens = "the\ncat\nsat\n.\n" * 9
    for content, codec in ((names, "characters"), (tokens, "words"), ("yes\nno\n" * 20, "words")):
        table = read(written(tmp_path / "a.txt", content), PLAIN)
        assert data.infer(table, Config()).input_codec == codec


def test_a_mark_at_the_end_of_every_line_is_no_column_of_names(tmp_path: Path) -> None:
    text = "ID;STAMP; T;eor\n" + "".join(f"  44;20210101{k:02d}; {k}.5;eor\n" for k in range(9))
    assert read(written(tmp_path / "produkt.txt", text), PLAIN).columns[:2] == ["ID", "STAMP"]
    path = written(tmp_path / "raw.txt", "".join(f"33,walk,{k}.5,{k}.25;\n" for k in range(9)))
    assert len(read(path, PLAIN).columns) == 4


def test_a_folder_of_files_of_one_line_each_is_no_table_of_classes(tmp_path: Path) -> None:
    for place in range(6):
        written(tmp_path / f"doc{place}.txt", f"some words {place}\n")
    assert "6 text files of 6 lines" in refused(lambda: read(tmp_path, PLAIN)).message
    assert read(tmp_path, Config.of(format="text").data).kind == "text"


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"data": {"text": "a", "label": "b"}}, "{text: .data.text, label: .data.label}"),
        ({"messages": [{"role": "user", "content": "a"}]}, "{role: .messages[0].role, content: .messages[0].content}"),
    ],
)
def test_the_hint_for_nested_json_has_its_own_fields(row: dict[str, object], fields: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", (json.dumps(row) + "\n") * 9)
    with pytest.raises(ConfigError) as caught:
        data.load(Config.of(source=str(path)))
    assert f"jq -c '{fields}' " in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "unspaced"),
    [
        ("我爱北京天安门。今天天气很好。", True),
        ("我 爱 北京 天安门 。 今天 天气 很 好 。", False),
        ("今日はとても良い天気ですね。", True),
        ("วันนี้อากาศดีมากและฉันอยากไปเที่ยว", True),
        ("오늘 날씨가 좋다", False),
        ("The word 我 means I.", False),
        ("", False),
    ],
)
def test_scripts_without_spaces(text: str, unspaced: bool) -> None:
    assert is_unspaced([text]) is unspaced


def sides(folder: Path, first: str, second: str, *names: str) -> list[Path]:
    return [written(folder / name, content) for name, content in zip(names, (first, second), strict=True)]


def test_two_files_line_by_line_are_a_parallel_corpus(tmp_path: Path) -> None:
    german, english = sides(
        tmp_path, "ein Haus hier\n\nzwei da\ndrei dort\n", "a house here\nhm\ntwo here\nthree there\n\n", "a.de", "a.en"
    )
    config = Config.of(source=str(german), target=[str(english)])
    found = data.load(config)
    assert found.roles.sentence == "de, en -> many-to-many, words -> words"
    assert found.roles.notes == ["1 pair with an empty side"]
    pairs = {(one.input, one.target) for part in (found.train, found.dev) for one in part}
    assert pairs == {("ein Haus hier", "a house here"), ("zwei da", "two here"), ("drei dort", "three there")}
    sides(tmp_path, "vier\n", "four\n", "b.de", "b.en")
    later = data.read_like(str(tmp_path / "b.de"), found.roles, config)
    assert rows(later) == [{"de": "vier", "en": "four"}]
    (tmp_path / "b.en").unlink()
    assert (
        "expected b.en beside it"
        in refused(lambda: data.read_like(str(tmp_path / "b.de"), found.roles, config)).message
    )


def test_sides_of_different_lengths_are_refused(tmp_path: Path) -> None:
    german, english = sides(tmp_path, "eins\nzwei\n", "one\n", "a.de", "a.en")
    with pytest.raises(DataError, match=r"a\.de has 2 lines and .*a\.en 1"):
        data.load(Config.of(source=str(german), target=[str(english)]))


def test_texts_that_are_called_after_their_language_are_classes(tmp_path: Path) -> None:
    sides(tmp_path, "eins zwei\ndrei vier\n", "one two\nthree four\n", "de.txt", "en.txt")
    assert data.load(Config.of(source=str(tmp_path))).roles.target == ["label"]
