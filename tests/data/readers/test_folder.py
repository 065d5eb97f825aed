"""Folders: text files by class, files as documents, files that are split already."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.config import Config, DataConfig
from recur.data.read import read
from recur.data.readers.folder import FilesTable, read_folder, split_files
from recur.data.readers.lines import LONGEST
from tests.data.reading import places, refused, rows, sparse, written


def test_files_of_a_folder_are_classes_with_one_example_a_line(tmp_path: Path) -> None:
    written(tmp_path / "Greek.txt", "Alexiou\r\n\n  \nDemas")
    written(tmp_path / "Arabic.TXT", "\ufeffKhoury\nNahas\n")
    table = read_folder(tmp_path)
    assert table.columns == ["text", "label"]
    assert table.kind == "table"
    assert [(row["text"], row["label"]) for row in rows(table)] == [
        ("Khoury", "Arabic"),
        ("Nahas", "Arabic"),
        ("Alexiou", "Greek"),
        ("Demas", "Greek"),
    ]
    assert places(table) == ["Arabic.TXT:1", "Arabic.TXT:2", "Greek.txt:1", "Greek.txt:4"]
    assert table[-1] == table[3]
    assert rows(sparse(lambda: read_folder(tmp_path))) == rows(table)


def test_folders_of_a_folder_are_classes_with_one_example_a_file(tmp_path: Path) -> None:
    written(tmp_path / "good" / "1.txt", "a fine film\nof its kind\n")
    written(tmp_path / "good" / "note.md", "not a text file")
    written(tmp_path / "bad" / "1.txt", "dull\r\n")
    written(tmp_path / "bad" / "2.txt", "very dull")
    written(tmp_path / "README.txt", "what this is\n")
    (tmp_path / "empty").mkdir()
    table = read_folder(tmp_path)
    assert rows(table) == [
        {"text": "dull", "label": "bad"},
        {"text": "very dull", "label": "bad"},
        {"text": "a fine film\nof its kind", "label": "good"},
    ]
    assert places(table) == ["bad/1.txt", "bad/2.txt", "good/1.txt"]


def test_files_as_documents_are_lines_in_the_order_of_names(tmp_path: Path) -> None:
    written(tmp_path / "b.txt", "three\n")
    written(tmp_path / "a.txt", "one\n\ntwo")
    table = read_folder(tmp_path, documents=True)
    assert isinstance(table, FilesTable)
    assert table.kind == "text"
    assert rows(table) == [{"text": "one"}, {"text": ""}, {"text": "two"}, {"text": "three"}]
    assert [table.piece(index) for index in range(4)] == ["one\n", "\n", "two", "three\n"]
    assert table.starts() == [0, 3]
    assert places(table) == ["a.txt:1", "a.txt:2", "a.txt:3", "b.txt:1"]


def test_documents_of_inner_folders_are_their_text_files_only(tmp_path: Path) -> None:
    written(tmp_path / "one" / "a.txt", "first\n")
    written(tmp_path / "one" / "picture.png", b"\x89PNG\r\n\x1a\n\0")
    written(tmp_path / "two" / "b.txt", "second\n")
    assert rows(read_folder(tmp_path, documents=True)) == [{"text": "first"}, {"text": "second"}]


def test_one_document_alone_is_enough(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "one\n")
    assert len(read_folder(tmp_path, documents=True)) == 1


@pytest.mark.parametrize("pattern", ["SOURCE.txt", "SOURCE*", "*URCE.txt", "all/SOURCE.txt"])
def test_excluded_and_hidden_files_are_left_out(tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / "all"
    for name in ("Greek.txt", "Arabic.txt", "SOURCE.txt", ".hidden.txt"):
        written(folder / name, "Khoury\n")
    assert {row["label"] for row in rows(read_folder(folder, [pattern]))} == {"Greek", "Arabic"}
    assert len(read_folder(folder)) == 3


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    error = refused(lambda: read_folder(tmp_path / "none"))
    assert error.message == f"{tmp_path / 'none'} cannot be read as a folder: No such file or directory"


def test_file_where_a_folder_was_expected_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one\n")
    assert "cannot be read as a folder" in refused(lambda: read_folder(path)).message


def test_empty_folder_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    error = refused(lambda: read_folder(tmp_path))
    assert error.message.startswith(f"{tmp_path} is empty; expected Class.txt files")
    assert error.hint is not None


def test_folder_without_text_files_is_refused_with_what_it_has(tmp_path: Path) -> None:
    for number in range(7):
        written(tmp_path / f"{number}.zip", b"PK")
    seen = "0.zip, 1.zip, 2.zip, 3.zip, 4.zip, …"
    assert f"has no text files (it has {seen})" in refused(lambda: read_folder(tmp_path)).message


def test_folder_of_one_class_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "Greek.txt", "Alexiou\n")
    error = refused(lambda: read_folder(tmp_path))
    assert error.message.startswith(f"{tmp_path} has one class only (Greek)")
    assert error.hint is not None
    assert "--format text" in error.hint


def test_inner_folder_that_is_the_only_class_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "good" / "1.txt", "fine\n")
    written(tmp_path / "bad" / "1.csv", "dull\n")
    assert "has one class only (good)" in refused(lambda: read_folder(tmp_path)).message


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        ("é\n".encode("latin-1"), "not UTF-8"),
        ("é\n".encode("utf-16"), "UTF-16"),
        (b"a\0b\n", "binary data"),
        (b"x" * (LONGEST + 1), "expected one example per line"),
    ],
    ids=["empty", "white", "latin-1", "utf-16", "binary", "long"],
)
def test_class_file_that_is_no_text_is_refused_by_name(tmp_path: Path, content: bytes, seen: str) -> None:
    written(tmp_path / "Arabic.txt", "Khoury\n")
    path = written(tmp_path / "Greek.txt", content)
    error = refused(lambda: read_folder(tmp_path))
    assert error.message.startswith(str(path))
    assert seen in error.message


def test_example_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    written(tmp_path / "good" / "1.txt", "fine\n")
    path = written(tmp_path / "bad" / "1.txt", b"\0")
    assert refused(lambda: read_folder(tmp_path)).message.startswith(str(path))


def test_example_file_may_have_a_line_of_a_megabyte(tmp_path: Path) -> None:
    written(tmp_path / "good" / "1.txt", "fine " * 300_000)
    written(tmp_path / "bad" / "1.txt", "dull\n")
    assert read_folder(tmp_path)[1] == {"text": "fine " * 300_000, "label": "good"}


# ---- files that are split already ----


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["train.tsv", "dev.tsv", "test.tsv"], ("train.tsv", "dev.tsv", "test.tsv")),
        (["ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"], ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt")),
        (["en-ud-train.conllu", "en-ud-dev.conllu"], ("en-ud-train.conllu", "en-ud-dev.conllu", None)),
        (["Training.CSV", "val.csv", "README.md"], ("Training.CSV", "val.csv", None)),
        (["train.jsonl", "validation.jsonl", "constraint.jsonl"], ("train.jsonl", "validation.jsonl", None)),
        (["train.txt", "SOURCE.txt", ".train.txt"], ("train.txt", None, None)),
    ],
)
def test_train_dev_and_test_files_are_found_by_name(
    tmp_path: Path, names: list[str], expected: tuple[str | None, ...]
) -> None:
    for name in names:
        written(tmp_path / name, "a\n")
    parts = split_files(tmp_path)
    assert parts is not None
    assert tuple(path.name if path else None for path in parts) == expected


@pytest.mark.parametrize(
    "names", [["Greek.txt", "Arabic.txt"], ["dev.txt", "test.txt"], ["constraint.txt"], ["train.png"]]
)
def test_folder_without_a_train_file_is_not_split(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        written(tmp_path / name, "a\n")
    assert split_files(tmp_path) is None


def test_folder_named_train_is_no_train_file(tmp_path: Path) -> None:
    (tmp_path / "train.txt").mkdir()
    assert split_files(tmp_path) is None


def test_several_train_files_are_refused_by_name_unless_excluded(tmp_path: Path) -> None:
    for name in ("train.one.txt", "train.two.txt", "train-dev.txt"):
        written(tmp_path / name, "a\n")
    error = refused(lambda: split_files(tmp_path))
    assert error.message == f"{tmp_path} has several train files: train.one.txt, train.two.txt"
    assert error.hint == "name one file instead of the folder"
    parts = split_files(tmp_path, ["*.two.txt"])
    assert parts is not None
    assert parts.train == tmp_path / "train.one.txt"


def test_missing_folder_has_no_parts(tmp_path: Path) -> None:
    assert "cannot be read as a folder" in refused(lambda: split_files(tmp_path / "none")).message


# ---- real data ----


@pytest.mark.data
def test_names_are_eighteen_classes(data_folder: Path) -> None:
    table = read_folder(data_folder / "names", ["SOURCE.txt"])
    assert len(table) == 20_050
    labels = [table[index]["label"] for index in range(0, len(table), 10)]
    assert len(set(labels)) == 18
    assert labels == sorted(labels)
    assert table[len(table) - 1]["label"] == "Vietnamese"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sst2", ("train.tsv", "dev.tsv", "test.tsv")),
        ("ptb", ("ptb.train.txt", "ptb.valid.txt", "ptb.test.txt")),
        ("ud_english_ewt", tuple(f"en_ewt-ud-{part}.conllu" for part in ("train", "dev", "test"))),
    ],
)
def test_real_folders_that_are_split_have_their_three_files(
    data_folder: Path, name: str, expected: tuple[str, ...]
) -> None:
    parts = split_files(data_folder / name)
    assert parts is not None
    assert tuple(path.name if path else None for path in parts) == expected


def test_a_folder_of_files_of_one_line_each_is_no_table_of_classes(tmp_path: Path) -> None:
    for place in range(6):
        written(tmp_path / f"doc{place}.txt", f"some words {place}\n")
    assert "6 text files of 6 lines" in refused(lambda: read(tmp_path, DataConfig())).message
    assert read(tmp_path, Config.of(format="text").data).kind == "text"
