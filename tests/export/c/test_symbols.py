"""Symbols in C: texts of ids, ids of texts, and symbols drawn as often as they are probable."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch

from recur.codecs import CharactersCodec
from recur.errors import ConfigError
from recur.export import export_c
from recur.export.c.symbols import quoted
from recur.modes.next_item import NextItem
from tests.export.c.networks import STRICT, build, config, drawn, run

TEXT = 'a "b"\\ é\n?? ü日 c'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[NextItem, Path]:
    """A generator of characters that C has to escape."""
    mode = drawn(NextItem(CharactersCodec().fit([TEXT]), config(cell="gru")), seed=3)
    target = tmp_path_factory.mktemp("symbols") / "c"
    export_c(mode, target)
    return mode, target


def program(folder: Path, tmp_path: Path, body: str) -> str:
    """What a program prints that has the network."""
    (tmp_path / "main.c").write_text(
        '#include "model.h"\n#include <stdio.h>\n#include <string.h>\nint main(void) {\n'
        "  static struct model_state s; static float y[MODEL_OUTPUTS]; uint32_t seed = 7; int32_t i, id;\n"
        f"  (void)seed; (void)i; (void)id; (void)y;\n  model_reset(&s);\n{body}\n  return 0; }}\n"
    )
    for name in ("model.h", "model.c"):
        shutil.copy(folder / name, tmp_path)
    return run(build(tmp_path, *STRICT, files=("main.c", "model.c")))


def test_every_text_is_found_under_its_id(folder: tuple[NextItem, Path], tmp_path: Path) -> None:
    mode, place = folder
    body = """
  for (i = 0; i < MODEL_SYMBOLS; ++i)
    if (model_find(model_symbols[i], (int32_t)strlen(model_symbols[i])) != i) return 1;
  printf("%d %d", (int)model_find("z", 1), (int)model_find("", 0));"""
    unknown = mode.target_codec.ids.unk
    assert program(place, tmp_path, body) == f"{unknown} {unknown}"


def test_the_likeliest_text_is_that_of_the_network(folder: tuple[NextItem, Path], tmp_path: Path) -> None:
    mode, place = folder
    body = """
  id = MODEL_BEGINNING;
  for (i = 0; i < 30 && id != MODEL_END; ++i) {
    model_step(&s, id, y);
    id = model_sample(y, 0.0f, 0, &seed);
    printf("%d ", (int)id);
  }"""
    expected, state, index = [], None, mode.symbols.beginning
    with mode.answering():
        while len(expected) < 30 and index != mode.symbols.end:
            log_probs, state = mode.step(torch.tensor([index]), state)
            log_probs[0, list(mode.symbols.forbidden(False))] = -torch.inf
            index = int(log_probs[0].argmax())
            expected.append(index)
    assert [int(word) for word in program(place, tmp_path, body).split()] == expected


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, 0), (0.5, 0), (1.0, 3), (2.0, 4)])
def test_symbols_are_drawn_as_often_as_they_are_probable(
    temperature: float, top_k: int, folder: tuple[NextItem, Path], tmp_path: Path
) -> None:
    mode, place = folder
    body = f"""
  model_step(&s, MODEL_BEGINNING, y);
  for (i = 0; i < 20000; ++i) printf("%d ", (int)model_sample(y, {temperature}f, {top_k}, &seed));"""
    drawn_ids = Counter(int(word) for word in program(place, tmp_path, body).split())
    with mode.answering():
        log_probs, _ = mode.step(torch.tensor([mode.symbols.beginning]), None)
    log_probs[0, list(mode.symbols.forbidden(False))] = -torch.inf
    if top_k:
        least = log_probs[0].topk(top_k).values[-1]
        log_probs[0, log_probs[0] < least] = -torch.inf
    expected = (log_probs[0] / temperature).softmax(-1)
    for index, share in enumerate(expected.tolist()):
        spread = 5 * (share * (1 - share) / 20000) ** 0.5
        assert abs(drawn_ids[index] / 20000 - share) <= spread, (index, share)


@pytest.mark.parametrize(
    ("text", "code"), [("a?", '"a\\077"'), ('"', '"\\042"'), ("é1", '"\\303\\2511"'), ("NAMED", r'"\116AMED"')]
)
def test_texts_are_escaped(text: str, code: str) -> None:
    assert quoted(text) == code


def test_a_symbol_that_c_would_cut_is_refused(tmp_path: Path) -> None:
    mode = NextItem(CharactersCodec().fit(["a\0b"]), config())
    with pytest.raises(ConfigError, match=r"the symbol '\\x00' has the character NUL"):
        export_c(mode, tmp_path / "c")
    assert list(tmp_path.iterdir()) == []
