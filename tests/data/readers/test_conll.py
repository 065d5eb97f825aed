"""Columns with one token a line: CoNLL-U, and word and tag."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.readers.conll import CONLLU, looks_like_conll, read_conll
from recur.data.readers.lines import LONGEST
from tests.data.reading import places, refused, rows, same_in_both_indices, unless_refused, written

WORD = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=6)
SENTENCES = st.lists(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=5), min_size=1, max_size=6)


def token(name: str, form: str, tag: str = "X") -> str:
    """One line of CoNLL-U."""
    return "\t".join([name, form, form.lower(), tag, *["_"] * 6]) + "\n"


UNIVERSAL = (
    "# newdoc\n# text = I can't go\n"
    + token("1", "I", "PRON")
    + token("2-3", "can't", "_")
    + token("2", "ca", "AUX")
    + token("3", "n't", "PART")
    + token("3.1", "not", "PART")
    + token("4", "go", "VERB")
    + "\n\n# text = Don't\n"
    + token("1-2", "Don't", "_")
    + token("1", "Do", "AUX")
    + "# a comment within\n"
    + token("2", "n't", "PART")
    + "\n# the end\n"
)


def test_sentences_of_conllu_are_tokens_without_ranges_empty_nodes_and_comments(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", UNIVERSAL)
    table = same_in_both_indices(lambda: read_conll(path))
    assert table.kind == "tagged"
    assert table.columns == CONLLU
    assert [row["form"] for row in rows(table)] == [["I", "ca", "n't", "go"], ["Do", "n't"]]
    assert [row["upos"] for row in rows(table)] == [["PRON", "AUX", "PART", "VERB"], ["AUX", "PART"]]
    assert all(len(column) == 4 for column in table[0].values())


def test_sentence_is_found_at_its_first_token(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", UNIVERSAL)
    assert places(read_conll(path)) == ["a.conllu:3", "a.conllu:13"]


def test_many_sentences_are_found_in_a_sparse_index(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", UNIVERSAL * 40)
    table = same_in_both_indices(lambda: read_conll(path))
    assert len(table) == 80
    assert table.where(79) == f"a.conllu:{39 * 17 + 13}"


def test_sentence_of_ranges_only_is_no_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", token("1-2", "can't") + "\n" + token("1", "I"))
    assert [row["form"] for row in rows(read_conll(path))] == [["I"]]


@pytest.mark.parametrize("sign", [" ", "\t", "   "])
def test_two_columns_are_word_and_tag(tmp_path: Path, sign: str) -> None:
    path = written(tmp_path / "a.conll", f"I{sign}PRON\ngo{sign}VERB\n\nGo{sign}VERB\n")
    table = same_in_both_indices(lambda: read_conll(path))
    assert table.columns == ["word", "tag"]
    assert rows(table) == [{"word": ["I", "go"], "tag": ["PRON", "VERB"]}, {"word": ["Go"], "tag": ["VERB"]}]
    assert places(table) == ["a.conll:1", "a.conll:4"]


def test_columns_between_word_and_tag_are_numbered(tmp_path: Path) -> None:
    table = read_conll(written(tmp_path / "a.conll", "EU NNP B-NP B-ORG\nrejects VBZ B-VP O\n"))
    assert table.columns == ["word", "column2", "column3", "tag"]
    assert table[0]["tag"] == ["B-ORG", "O"]


def test_hash_within_a_sentence_of_word_and_tag_is_a_word(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "# a comment\nnumber NOUN\n# SYM\n1 NUM\n")
    assert rows(read_conll(path)) == [{"word": ["number", "#", "1"], "tag": ["NOUN", "SYM", "NUM"]}]


def test_hash_with_a_tab_begins_a_sentence_of_word_and_tag(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "I\tPRON\n\n#\tSYM\n1\tNUM\n")
    assert read_conll(path)[1] == {"word": ["#", "1"], "tag": ["SYM", "NUM"]}


def test_line_of_white_space_ends_a_sentence(tmp_path: Path) -> None:
    assert len(read_conll(written(tmp_path / "a.conll", "I PRON\n \t\ngo VERB\n"))) == 2


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path, mark: str) -> None:
    plain = read_conll(written(tmp_path / "a.conllu", UNIVERSAL))
    path = written(tmp_path / "b.conllu", mark + UNIVERSAL.replace("\n", "\r\n"))
    assert rows(same_in_both_indices(lambda: read_conll(path))) == rows(plain)


def test_line_with_another_number_of_columns_is_refused_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "I PRON\ngo VERB\n\nGo\n")
    error = refused(lambda: read_conll(path))
    assert error.message == f'{path}:4: 1 columns where the first line has 2 (word, tag): "Go"'
    assert error.hint == "an empty line separates sentences; columns are separated by one tab"


def test_running_text_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "\nsky\nblue\n")
    error = refused(lambda: read_conll(path))
    assert error.message == f'{path}:2: one column ("sky"); expected a word and a tag on each line'
    assert error.hint is not None
    assert "--format text" in error.hint


def test_comments_without_a_sentence_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", "# newdoc\n\n# text = none\n")
    assert refused(lambda: read_conll(path)).message.startswith(f"{path} has no sentence")


def test_ranges_without_a_token_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conllu", token("1-2", "can't"))
    error = refused(lambda: read_conll(path))
    assert error.message == f"{path} has no sentence, only comments or ranges of words"


def test_line_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.conll", "I PRON\n" + "x" * LONGEST + " X\n")
    assert refused(lambda: read_conll(path)).message.startswith(f"{path}:2: a line of more than 1,000,000 bytes")


@pytest.mark.parametrize("content", [b"", b" \n\n", "é X\n".encode("latin-1"), "I X\n".encode("utf-16"), b"I\0X\n"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "a.conll", content)
    assert str(path) in refused(lambda: read_conll(path)).message


@pytest.mark.parametrize(
    ("content", "tagged"),
    [
        ("I PRON\ngo VERB\n\nI PRON\ngo VERB\n", True),
        (UNIVERSAL, True),
        ("I PRON\ngo VERB\n", False),
        ("the sky\nis blue\n\nthe sea\nis deep\n\na tree\nis green\n", False),
        ("good film\t1\nbad film\t0\nall right\t1\n\nso so\t0\nvery good\t1\ndull thing\t0\n", False),
        ("a b\nc d e\n\nf g\nh\n", False),
        ("sky\nblue\n\nsea\ndeep\n", False),
    ],
    ids=["two-columns", "conllu", "one-block", "running-text", "tsv-with-an-empty-line", "ragged", "one-column"],
)
def test_tagged_text_is_told_from_other_text(tmp_path: Path, content: str, tagged: bool) -> None:
    assert looks_like_conll(written(tmp_path / "a.txt", content)) is tagged


@given(SENTENCES, st.sampled_from(["\n", "\r\n"]))
def test_any_sentences_are_read_back(scratch: Path, sentences: list[list[tuple[str, str]]], end: str) -> None:
    blocks = ["".join(f"{word}\t{tag}{end}" for word, tag in sentence) for sentence in sentences * 9]
    # a sign in the first place would be a comment before the number of columns is known
    path = written(scratch / "any.conll", f"w\tt{end}{end}" + end.join(blocks))
    table = same_in_both_indices(lambda: read_conll(path))
    found = [list(zip(row["word"], row["tag"], strict=True)) for row in rows(table)]
    assert found == [[("w", "t")], *sentences * 9]


@given(st.text(st.sampled_from("a#1-.\t \n\r\0é"), max_size=60))
def test_any_text_is_sentences_or_a_data_error(scratch: Path, content: str) -> None:
    path = written(scratch / "any.conll", content)
    table = unless_refused(lambda: read_conll(path))
    if table is not None:
        assert all(list(row) == table.columns for row in rows(table))


@pytest.mark.data
def test_english_web_treebank_has_its_sentences_and_words(data_folder: Path) -> None:
    path = data_folder / "ud_english_ewt" / "en_ewt-ud-train.conllu"
    assert looks_like_conll(path)
    table = read_conll(path)
    assert len(table) == 12_544
    assert table[0]["form"][:3] == ["Al", "-", "Zaman"]
    assert len({tag for index in table.sample(2000) for tag in table[index]["upos"]}) == 17
