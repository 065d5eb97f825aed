"""Reading takes regular files of bounded size, JSON and TOML of bounded depth, and refuses the rest in a sentence."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from recur import bounded
from recur.errors import DataError, RunError


@pytest.mark.parametrize("name", ["a.json", "link"])
def test_a_file_and_a_link_to_one_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.json").write_text('{"é": [1, 2.5, null, "x"]}', encoding="utf-8")
    (tmp_path / "link").symlink_to("a.json")
    assert bounded.read_json(tmp_path / name, 100) == {"é": [1, 2.5, None, "x"]}


@pytest.mark.parametrize(
    ("make", "words"),
    [(lambda _: None, "is missing"), (Path.mkdir, "is a folder"), (os.mkfifo, "is a named pipe"),
     (lambda path: path.symlink_to("/dev/zero"), "is a device"), (lambda path: path.symlink_to(path), "symbolic links"),
     (lambda path: path.write_bytes(bytes(101)), "has 101 bytes, expected at most 100"),
     (lambda path: path.symlink_to("/proc/self/smaps"), "has more than 100 bytes"),
     (lambda path: path.write_bytes(b"ab\xff"), "not UTF-8 text: byte 2 is 0xff")],
)  # fmt: skip
@pytest.mark.parametrize("kind", [DataError, RunError])
def test_anything_else_is_refused_at_once(tmp_path: Path, make: Any, words: str, kind: Any) -> None:
    make(tmp_path / "a")
    began = time.monotonic()
    with pytest.raises(kind, match=words):
        bounded.read_text(tmp_path / "a", 100, error=kind)
    assert time.monotonic() - began < 1


def test_a_name_with_a_null_character_is_refused() -> None:
    with pytest.raises(DataError, match="null byte"):
        bounded.read_bytes(Path("a\0b"), 100)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 50_000 + "]" * 50_000, "nested too deeply"),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ('{"a": 1, "b": 2, "a": 3}', 'the key "a" is given twice'),
        ("9" * 5000, "5,000 digits"),
        ("1e999", "exceeds the largest"),
        ("[NaN]", "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not a number"),
        ('{"a": ', "Expecting value"),
        ("", "Expecting value"),
    ],
)
def test_json_that_is_not_plain_is_refused(text: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        bounded.parse_json(text, "a.json")
    assert "a.json" in caught.value.message
    assert len(caught.value.message) < 200


def test_json_up_to_the_depth_is_read() -> None:
    text = "[" * 100 + "]" * 100
    assert bounded.parse_json(text, "a.json") == json.loads(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 50_000 + "]" * 50_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        (".".join("a" * 50_000) + " = 1", "nested too deeply"),
        ("[" + ".".join("a" * 50_000) + "]", "nested too deeply"),
        ("a = 1\na = 2", "Cannot overwrite"),
        (f"a = {'9' * 5000}", "digits"),
        ("a = ", "not valid TOML"),
    ],
)
def test_toml_that_is_not_plain_is_refused(text: str, words: str) -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match=words):
        bounded.parse_toml(text, "a.toml")
    assert time.monotonic() - began < 3


DOTS = "." * 200


@pytest.mark.parametrize(
    "text",
    [
        f'a = "{DOTS}"', f"a = '{DOTS}'", f'a = """\n{DOTS}\n"""', f"a = '''\n{DOTS}\n'''", f"# {DOTS}\na = 1",
        f'a = "\\"{DOTS}"', "a = [" + ", ".join(["1.5"] * 200) + "]", f'["{DOTS}"]\na = 1',
    ],
)  # fmt: skip
def test_dots_in_texts_comments_and_numbers_are_no_depth(text: str) -> None:
    assert bounded.parse_toml(text, "a.toml")


@pytest.mark.parametrize("piece", ['"', "'", '\\"', '"""', "a.", "[", "a.a.a.a.a.a.a.a.a.a.a.a=1\n", "a=["])
def test_a_long_toml_is_parsed_or_refused_in_little_time(piece: str) -> None:
    text = piece * (2**18 // len(piece))
    began = time.monotonic()
    with pytest.raises(DataError):
        bounded.parse_toml(text, "a.toml")
    assert time.monotonic() - began < 3
