"""Files of other programs: what they are called, and how to convert them."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.config import Config, DataConfig
from recur.data.read import guess_format, read
from tests.data.reading import refused, written

PLAIN = DataConfig()


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
