"""Texts that are read by character: scripts without spaces, and lists of names."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import data
from recur.config import Config, DataConfig
from recur.data.cells.scripts import is_unspaced
from recur.data.read import read
from tests.data.reading import written

PLAIN = DataConfig()


def test_a_list_of_names_is_read_by_character_and_a_column_of_words_is_not(tmp_path: Path) -> None:
    names = "".join(f"{first}{last}\n" for first in ("Ann", "Bert", "Carl", "Dor") for last in ("a", "ine", "o", "'s"))
    tokens = "the\ncat\nsat\n.\n" * 9
    for content, codec in ((names, "characters"), (tokens, "words"), ("yes\nno\n" * 20, "words")):
        table = read(written(tmp_path / "a.txt", content), PLAIN)
        assert data.infer(table, Config()).input_codec == codec


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
