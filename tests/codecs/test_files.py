"""The files of a codec: written only as they can be read again, and one sentence where they are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.codecs import files
from recur.codecs.files import check_size, digest, digest_of, field, read_json, read_text, strings, write_json
from recur.errors import RunError


def test_a_dictionary_comes_back(tmp_path: Path) -> None:
    data = {"a": [1, 2.5, None, True], "ä": "日本", "half": "\ud800"}
    write_json(tmp_path / "a.json", data)
    assert read_json(tmp_path / "a.json") == data
    assert (tmp_path / "a.json").read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize(("content", "kind"), [("[]", "list"), ("3", "int"), ('"a"', "str"), ("null", "NoneType")])
def test_json_that_is_no_object_is_damaged(tmp_path: Path, content: str, kind: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(RunError, match=f"is damaged: expected a JSON object, found {kind}"):
        read_json(path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff{}", b"{}x"])
def test_json_cut_short_is_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match="a.json"):
        read_json(path)


def test_a_text_is_read_as_it_is_and_other_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("ä\r\nb".encode())
    assert read_text(path).replace("\r\n", "\n") == "ä\nb"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match="a.txt"):
        read_text(path)
    with pytest.raises(RunError, match="is missing"):
        read_text(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("value", "kind"),
    [(3, int), (0, int), (True, bool), ("", str), ([], list), (2.5, float), ({}, dict)],
)
def test_a_field_of_its_type_is_returned(value: Any, kind: type) -> None:
    assert field({"key": value}, "key", kind, Path("a.json")) == value


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ({}, int, '"key" should be int, found NoneType'), ({"key": True}, int, '"key" should be int, found bool'),
        ({"key": 1}, bool, '"key" should be bool, found int'), ({"key": "1"}, int, '"key" should be int, found str'),
        ({"key": 1}, float, '"key" should be float, found int'),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_damaged(data: dict[str, Any], kind: type, said: str) -> None:
    with pytest.raises(RunError, match=f"a.json is damaged: {said}"):
        field(data, "key", kind, Path("a.json"))


def test_a_list_of_texts_holds_nothing_else() -> None:
    assert strings({"key": ["a", ""]}, "key", Path("a.json")) == ["a", ""]
    with pytest.raises(RunError, match='"key" should hold texts only'):
        strings({"key": ["a", 1]}, "key", Path("a.json"))


def test_a_file_at_the_limit_is_written_and_a_larger_one_is_refused() -> None:
    check_size(Path("a.json"), 100, 100)
    with pytest.raises(RunError, match="a.json would have 1,001 bytes, expected at most 1,000") as caught:
        check_size(Path("a.json"), 1001, 1000)
    assert caught.value.hint == "a smaller vocabulary (--max-vocab, --min-count)"


def test_nothing_is_written_that_could_not_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_JSON", 20)
    with pytest.raises(RunError, match="expected at most 20"):
        write_json(tmp_path / "a.json", {"a": "b" * 20})
    assert not list(tmp_path.iterdir())


def test_equal_arrays_have_equal_digests_whatever_their_layout() -> None:
    array = np.arange(6).reshape(2, 3)
    assert digest_of(array) == digest_of(np.asfortranarray(array))
    assert digest_of(array) != digest_of(array.reshape(3, 2))
    assert digest_of(array) != digest_of(array + 1)


def test_the_digest_of_a_text_is_its_sha_256() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
