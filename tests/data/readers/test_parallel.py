"""Two text files line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import data
from recur.config import Config, DataConfig
from recur.errors import DataError
from tests.data.reading import refused, rows, written

PLAIN = DataConfig()


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
