"""Lines and their places, and what is no text."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.readers import lines as module
from recur.data.readers.lines import LONGEST, STDIN, check_head, check_text_file, lines
from recur.data.readers.text import TextTable
from tests.data.reading import places, refused, rows, same_in_both_indices, sparse, written

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def joined(table: TextTable) -> str:
    """All pieces of a text, one after another."""
    return "".join(table.piece(index) for index in range(len(table)))


def normal(text: str) -> str:
    """A text as it is read: without its byte order mark, with one kind of line end."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def test_lines_have_numbers_from_one_and_the_byte_where_they_begin(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "é\n\nsky\nend")
    assert [(line.number, line.offset, line.text, line.cut) for line in lines(path)] == [
        (1, 0, "é\n", False),
        (2, 3, "\n", False),
        (3, 4, "sky\n", False),
        (4, 8, "end", False),
    ]


def test_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "\ufeffsky\nblue\n")
    assert [(line.offset, line.text) for line in lines(path)] == [(3, "sky\n"), (7, "blue\n")]


def test_lines_can_begin_at_a_byte(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "sky\nblue\n")
    assert [(line.offset, line.number, line.text) for line in lines(path, start=4)] == [(4, 1, "blue\n")]


def test_windows_line_ends_are_read_as_line_ends(tmp_path: Path) -> None:
    table = TextTable(written(tmp_path / "a.txt", "sky\r\nblue\r\n\r\nend"))
    assert rows(table) == [{"text": "sky"}, {"text": "blue"}, {"text": ""}, {"text": "end"}]
    assert joined(table) == "sky\nblue\n\nend"


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    # str.splitlines would end one at each of these
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g\rh\n"
    assert rows(TextTable(written(tmp_path / "a.txt", text))) == [{"text": text[:-1]}]


def test_missing_file_is_said_with_the_nearest_name_beside_it(tmp_path: Path) -> None:
    written(tmp_path / "training.csv", "a,b\n")
    error = refused(lambda: check_text_file(tmp_path / "trainin.csv"))
    assert error.message == f'there is no file "{tmp_path / "trainin.csv"}"'
    assert error.hint == "did you mean training.csv?"


def test_missing_file_with_no_name_like_it_has_no_hint(tmp_path: Path) -> None:
    written(tmp_path / "training.csv", "a,b\n")
    assert refused(lambda: check_text_file(tmp_path / "zzz")).hint is None


def test_missing_folder_of_a_missing_file_is_no_other_error(tmp_path: Path) -> None:
    assert "there is no file" in refused(lambda: check_text_file(tmp_path / "no" / "such" / "file.txt")).message


def test_text_given_as_a_path_is_refused() -> None:
    error = refused(lambda: check_text_file(Path("the sky is blue " * 500)))
    assert error.message.startswith('"the sky is blue the sky')
    assert len(error.message) < 200


def test_path_with_a_zero_byte_is_refused() -> None:
    assert "there is no file" in refused(lambda: check_text_file(Path("a\0b"))).message


def test_folder_where_a_file_was_expected_is_refused(tmp_path: Path) -> None:
    assert refused(lambda: check_text_file(tmp_path)).message == f"{tmp_path} is a folder where one file was expected"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "sky\n")
    path.chmod(0)
    assert "cannot be read" in refused(lambda: check_text_file(path)).message


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b" ", b"\n\n\r\n \t\n", b"\n" * 20_000, "\ufeff\n\u00a0\u2003\u3000\n".encode()],
    ids=["nothing", "mark", "space", "lines", "many-lines", "wide-spaces"],
)
def test_file_of_nothing_but_white_space_is_empty(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.txt", content)
    error = refused(lambda: check_text_file(path))
    assert error.message == f"{path} is empty: expected at least one line of text"
    assert error.hint == "give a file with rows"


def test_text_after_many_empty_lines_is_not_empty(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "\n" * 20_000 + "sky\n")
    assert TextTable(path)[20_000] == {"text": "sky"}


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_refused_with_the_command_that_converts_it(tmp_path: Path, coding: str) -> None:
    mark = "" if coding == "utf-16" else "\ufeff"
    path = written(tmp_path / "a.txt", (mark + "the sky\n").encode(coding))
    error = refused(lambda: check_text_file(path))
    assert error.message == f"{path}:1: the text is in UTF-16; expected UTF-8"
    assert error.hint == "iconv -f utf-16 -t utf-8 a.txt > utf8-a.txt"
    piped = refused(lambda: check_head((mark + "the sky\n").encode(coding), STDIN))
    assert piped.hint == "iconv -f utf-16 -t utf-8 FILE | recur …"


def test_utf_16_without_its_mark_is_binary(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "sky\n".encode("utf-16-le"))
    assert "binary data (a zero byte at position 1)" in refused(lambda: check_text_file(path)).message


@pytest.mark.parametrize(
    ("head", "seen", "hint"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image", "give text"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG image", "give text"),
        (b"\x1f\x8b\x08\0\0\0", "a gzip archive", "unpack it first"),
        (b"PK\x03\x04\x14\0", "a zip archive", "unpack it first"),
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF document", "give text"),
        (b"RIFF\x24\x08\0\0WAVE", "a WAV or AVI file", "give text"),
        (b"SQLite format 3\0", "an SQLite database", "in Python: recur.fit(pandas.read_sql("),
        (b"BZh91AY&SY\x9a\xf3", "a bzip2 archive", "unpack it first"),
        (b"\x93NUMPY\x01\0", "a NumPy array", "name it .npy"),
        (b"sky\0blue", "binary data (a zero byte at position 3)", "give text"),
    ],
)
def test_binary_file_is_named_by_what_it_is(tmp_path: Path, head: bytes, seen: str, hint: str) -> None:
    path = written(tmp_path / "a.bin", head)
    error = refused(lambda: check_text_file(path))
    assert seen in error.message
    assert error.message.endswith("expected text in UTF-8")
    assert error.hint is not None
    assert error.hint.startswith(hint)


@pytest.mark.parametrize("text", ["SQLite is small.\n", "RIFFRAFF\n", "BZhang\n", "PAR1 é" + "é" * 9000])
def test_text_that_begins_like_a_binary_file_is_text(tmp_path: Path, text: str) -> None:
    assert joined(TextTable(written(tmp_path / "a.txt", text))) == text


def test_zero_byte_far_into_the_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "sky\n" * 5000 + "bl\0ue\n")
    error = refused(lambda: TextTable(path))
    assert error.message == f"{path}:5001: a zero byte; expected text in UTF-8"


def test_latin_1_is_refused_with_its_line_its_byte_and_the_command_that_converts_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "sky\nle café noir\n".encode("latin-1"))
    error = refused(lambda: TextTable(path))
    assert error.message == f"{path}:2: byte 0xe9 is not UTF-8 (near 'le café noir\\n'); expected text in UTF-8"
    assert error.hint == "if it is Latin-1: iconv -f latin1 -t utf-8 a.txt > utf8-a.txt"


def test_line_of_the_greatest_length_is_a_row_and_one_byte_more_is_refused(tmp_path: Path) -> None:
    longest = "x" * LONGEST
    for text in (longest, longest + "\n", "sky\n" + longest):
        assert "".join(line.text for line in lines(written(tmp_path / "a.txt", text))) == text
    path = written(tmp_path / "a.txt", "sky\n" + longest + "y\n")
    error = refused(lambda: list(lines(path)))
    assert error.message.startswith(f'{path}:2: a line of more than 1,000,000 bytes ("xxx')
    assert error.hint is not None
    assert "--format text --documents file" in error.hint


@pytest.mark.parametrize("sign", ["x", "é", "語", "😀", "blue ", "xé"])
def test_long_line_comes_in_pieces_that_join_to_the_text(tmp_path: Path, sign: str) -> None:
    text = "one\n" + sign * (2_500_000 // len(sign.encode())) + "\nend"
    path = written(tmp_path / "a.txt", text)
    table = same_in_both_indices(lambda: TextTable(path))
    assert joined(table) == text
    assert table.cut_line == 2
    assert len(table) == 5
    assert places(table) == ["a.txt:1", "a.txt:2", "a.txt:2", "a.txt:2", "a.txt:3"]
    if " " in sign:
        assert all(table.piece(index).endswith(" ") for index in (1, 2))


def test_text_without_a_long_line_has_no_cut_line(tmp_path: Path) -> None:
    assert TextTable(written(tmp_path / "a.txt", "x" * LONGEST)).cut_line == 0


def test_long_line_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", b"a" * 20 + b"\x80" * 1_500_000)
    assert f"{path}:1: byte 0x80 is not UTF-8" in refused(lambda: TextTable(path)).message


@given(TEXT)
def test_pieces_of_any_text_join_to_itself(scratch: Path, text: str) -> None:
    path = written(scratch / "any.txt", "." + text)
    assert joined(TextTable(path)) == "." + normal(text)
    assert joined(sparse(lambda: TextTable(path))) == "." + normal(text)


@given(st.text(st.sampled_from("ab é語😀\n\r"), min_size=1, max_size=200), st.integers(8, 20))
def test_pieces_of_any_text_with_long_lines_join_to_itself(scratch: Path, text: str, longest: int) -> None:
    path = written(scratch / "long.txt", "." + text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", longest)
        table = same_in_both_indices(lambda: TextTable(path))
        # a line may be cut between "\r" and "\n", which then stay as they are
        assert normal(joined(table)) == normal("." + text)
        found = list(lines(path, cut=True))
    assert all(len(line.text.encode()) <= longest + 1 for line in found)
    assert all(later.offset > line.offset for line, later in pairwise(found))


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_data_error(scratch: Path, content: bytes) -> None:
    path = written(scratch / "bytes.txt", content)
    try:
        expected: str | None = content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        expected = None
    if expected is None or "\0" in expected or not expected.strip():
        refused(lambda: TextTable(path))
    else:
        assert joined(TextTable(path)) == expected.replace("\r\n", "\n")


@pytest.mark.data
def test_penn_treebank_has_a_row_a_line(data_folder: Path) -> None:
    path = data_folder / "ptb" / "ptb.train.txt"
    table = TextTable(path)
    assert len(table) == 42_068
    assert joined(table) == path.read_text(encoding="utf-8")


@pytest.mark.data
def test_tiny_shakespeare_joins_to_itself_from_a_sparse_index(data_folder: Path) -> None:
    path = data_folder / "tinyshakespeare" / "input.txt"
    table = sparse(lambda: TextTable(path))
    assert len(table) == 40_000
    assert joined(table) == path.read_text(encoding="utf-8")
    assert table[0] == {"text": "First Citizen:"}
    assert table.where(39_999) == "input.txt:40000"
