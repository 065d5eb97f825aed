"""Whole networks in C: every cell, mode and readout computes what the network does, in strict C99 and C++."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recur import equation, equations
from recur.codecs import NotesCodec, TagsCodec
from recur.config import Config, ModelConfig
from recur.equations import sigmoid, split, tanh
from recur.equations.cell_files import with_cell
from recur.errors import BackendError, ConfigError, WriteError
from recur.export import export_c, export_python
from recur.export.c import exported
from recur.export.web import export_web
from recur.modes import Mode
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced
from tests.docs.pages import ROOT
from tests.export.c.networks import FORECASTS, STRICT, build, classes, config, drawn, forecast, run, series, words

REFUSED = {"short_attention"}
SEVERAL_INPUTS = {name for name in equations.names() if len(equations.get(name).inputs) > 1}
CELLS = sorted(set(equations.names()) - REFUSED - SEVERAL_INPUTS - {"moving_average", "conv_lstm"})


def both(**options: Any) -> ModelConfig:
    return config(bidirectional=True, **options)


NETWORKS: dict[str, Callable[[], Mode]] = {
    "many-to-one, last": lambda: ManyToOne(words(), classes(), config(num_layers=2)),
    "many-to-one, mean": lambda: ManyToOne(series(), classes(), config(pooling="mean")),
    "many-to-one, max": lambda: ManyToOne(words(), series(sequence=False), config(pooling="max", cell="gru")),
    "one-to-one": lambda: OneToOne(series(sequence=False), classes(), config(hidden_size=[9, 6])),
    "synced, residual": lambda: Synced(series(), series(), config(num_layers=3, residual=True)),
    "tags": lambda: Synced(words(), TagsCodec().fit(["A B C"]), config()),
    "next word": lambda: NextItem(words(), config(tie_weights=True, embedding_size=7)),
    "next numbers": lambda: NextItem(series(), config(cell="lstm_projected")),
    "next frame": lambda: NextItem(
        NotesCodec(form="roll", frames_per_beat=1).fit([np.eye(88, dtype=bool)[40:48]]), config()
    ),
    "learned initial state": lambda: Synced(series(), series(), config(learn_initial_state=True, num_layers=2)),
    "zoneout": lambda: Synced(series(), series(), config(zoneout=0.3)),
    "last, residual": lambda: ManyToOne(series(), classes(), config(num_layers=2, residual=True)),
    "chain": lambda: Synced(words(), TagsCodec().fit(["A B C"]), config(crf=True)),
    **{
        f"both directions: {name}": make
        for name, make in {
            "last": lambda: ManyToOne(words(), classes(), both(num_layers=2, cell="gru")),
            "mean": lambda: ManyToOne(series(), classes(), both(pooling="mean")),
            "max": lambda: ManyToOne(words(), series(sequence=False), both(pooling="max", num_layers=3)),
            "synced": lambda: Synced(series(), series(), both(num_layers=2, residual=True, hidden_size=[5, 5])),
            "learned initial state": lambda: Synced(series(), series(), both(learn_initial_state=True, num_layers=2)),
            "projected": lambda: ManyToOne(series(), classes(), both(cell="lstm_projected", num_layers=2)),
            "chain": lambda: Synced(words(), TagsCodec().fit(["A B C D"]), both(crf=True)),
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_that_compiles_computes_the_same_in_c(cell: str, tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config(cell=cell, num_layers=2)))
    assert export_c(mode, tmp_path / "c").difference <= exported.ALLOWED


@pytest.mark.parametrize("name", NETWORKS)
def test_every_mode_and_readout_computes_the_same_in_c(name: str, tmp_path: Path) -> None:
    result = export_c(drawn(NETWORKS[name]()), tmp_path / "c")
    assert result.difference <= exported.ALLOWED
    assert result.ram > 0
    assert result.flash > 0


@pytest.mark.parametrize(("how", "relative_to", "quantiles"), FORECASTS)
def test_forecasts_compute_the_same_in_c(how: str, relative_to: str, quantiles: list[float], tmp_path: Path) -> None:
    assert export_c(forecast(how, relative_to, quantiles), tmp_path / "c").difference <= exported.ALLOWED


@settings(max_examples=4, deadline=None, derandomize=True)
@given(
    cell=st.sampled_from(["lstm", "gru", "gru_layernorm", "indrnn"]),
    hidden=st.lists(st.integers(1, 41), min_size=1, max_size=2),
    size=st.integers(1, 35),
)
def test_every_size_computes_the_same_in_c(
    cell: str, hidden: list[int], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mode = drawn(NextItem(words(), config(cell=cell, hidden_size=hidden, embedding_size=size)))
    assert export_c(mode, tmp_path_factory.mktemp("c") / "model").difference <= exported.ALLOWED


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deep network with a mean over time and a softmax, whose labels try to end comments."""
    target = tmp_path_factory.mktemp("strict") / "c"
    export_c(drawn(ManyToOne(words(), classes(), config(num_layers=2, pooling="mean", cell="gru"))), target)
    return target


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that reads in both directions and searches its tags, over rows as long as its memory allows."""
    target = tmp_path_factory.mktemp("strict") / "c"
    mode = drawn(Synced(words(), TagsCodec().fit(["A B C D"]), both(crf=True, num_layers=2)))
    export_c(mode, target, max_steps=48)
    return target


def test_the_files_are_c_plus_plus_too(folder: Path) -> None:
    cxx = shutil.which("c++") or shutil.which("clang++")
    if cxx is None:
        pytest.skip("no C++ compiler")
    program = build(folder, "-x", "c++", "-std=c++11", *STRICT[1:], program=(cxx,))
    assert "passed" in run(program)


@pytest.mark.parametrize("which", ["folder", "whole_folder"])
def test_no_access_is_out_of_bounds_and_no_operation_is_undefined(which: str, request: pytest.FixtureRequest) -> None:
    place = request.getfixturevalue(which)
    program = build(place, *STRICT, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    assert "passed" in run(program)


@pytest.mark.parametrize("flags", ["-O3 -march=native -ffp-contract=fast", "-O2 -ffast-math", "-Os"])
def test_the_files_are_right_however_they_are_optimised(folder: Path, flags: str) -> None:
    assert "passed" in run(build(folder, *STRICT, *flags.split()))


NO_SYSTEM = ("-nostartfiles", "-Wl,-e,begin", str(ROOT / "examples" / "microcontroller" / "linux_calls.c"))
PROCESSORS = {
    **{
        f"arm-{name}": ("arm-none-eabi-gcc", "qemu-arm", (f"-mcpu={name}", *NO_SYSTEM))
        for name in ("cortex-m0plus", "cortex-m4", "cortex-m7")
    },
    # the highest byte of a number first
    "s390x-big-endian": ("s390x-linux-gnu-gcc", "qemu-s390x", ("-static",)),
}
PACKAGES = "gcc-arm-none-eabi libnewlib-arm-none-eabi gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user"


def emulated(place: Path, processor: str) -> str:
    """What the test of a folder prints on another processor."""
    names, flags = PROCESSORS[processor][:2], PROCESSORS[processor][2]
    compiler, emulator = map(shutil.which, names)
    if compiler is None or emulator is None:
        pytest.skip(f"no {names[0]} or no {names[1]}: apt install {PACKAGES}")
    return run(build(place, *STRICT, "-O2", *flags, program=(compiler,)), emulator)


@pytest.mark.skipif(not os.environ.get("RECUR_ARM"), reason="make arm")
@pytest.mark.parametrize("which", ["folder", "whole_folder"])
@pytest.mark.parametrize("processor", PROCESSORS)
def test_the_files_are_right_on_other_processors(processor: str, which: str, request: pytest.FixtureRequest) -> None:
    assert "passed" in emulated(request.getfixturevalue(which), processor)


def test_a_single_header_holds_everything(tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config()))
    result = export_c(mode, tmp_path / "c", name="echo", single_header=True)
    assert result.files == ["Makefile", "README.md", "echo.h", "echo_test.c"]
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == result.files


def test_a_folder_is_given_relative_to_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    export_c(drawn(Synced(series(), series(), config())), Path("c"))
    assert (tmp_path / "c" / "model.c").exists()


def test_two_networks_are_in_one_program(tmp_path: Path) -> None:
    for name, cell in (("first", "lstm"), ("second", "gru")):
        export_c(drawn(Synced(series(), series(), config(cell=cell))), tmp_path / name, name=name)
        shutil.copy(tmp_path / name / f"{name}.h", tmp_path)
        shutil.copy(tmp_path / name / f"{name}.c", tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "first.h"\n#include "second.h"\n#include <stdio.h>\n'
        "int main(void) { static struct first_state a; static struct second_state b; float x[2] = {1, 2}, y[2];\n"
        " first_reset(&a); second_reset(&b); first_step(&a, x, y); second_step(&b, x, y);\n"
        ' return printf("%g", y[0]) < 1; }\n'
    )
    assert run(build(tmp_path, *STRICT, files=("main.c", "first.c", "second.c")))


@pytest.mark.parametrize("which", ["folder", "whole_folder"])
def test_the_use_in_the_readme_compiles(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    folder = request.getfixturevalue(which)
    text = (folder / "README.md").read_text()
    code = text.partition("```c\n")[2].partition("```")[0]
    (tmp_path / "use.c").write_text(code)
    for name in ("model.h", "model.c"):
        shutil.copy(folder / name, tmp_path)
    build(tmp_path, "-std=c99", "-Wall", "-Werror", files=("use.c", "model.c"))
    assert len(code.strip().splitlines()) <= 12


def test_memory_is_what_the_header_says(folder: Path) -> None:
    # the source does not compile if the struct has another size
    header = (folder / "model.h").read_text()
    assert "#define MODEL_RAM_BYTES" in header
    assert "#define MODEL_FLASH_BYTES" in header
    assert "malloc" not in (folder / "model.c").read_text()
    assert "#include <math.h>" not in (folder / "model.c").read_text()


@pytest.mark.parametrize("int8", [False, True])
def test_an_id_outside_of_the_vocabulary_is_refused_and_nothing_is_read(int8: bool, tmp_path: Path) -> None:
    export_c(drawn(NextItem(words(), config(cell="gru"))), tmp_path / "c", int8=int8)
    (tmp_path / "c" / "main.c").write_text(
        '#include "model.h"\n#include <stdio.h>\n#include <string.h>\n'
        "int main(void) { static struct model_state s, before; float y[4 * MODEL_OUTPUTS]; int i, wrong = 0;\n"
        "static const int32_t ids[] = {-1, MODEL_SYMBOLS, 2147483647, -2147483647};\n"
        "model_reset(&s); if (model_step(&s, 3, y) != 0) return 1;\n"
        "before = s; y[0] = 42;\n"
        "for (i = 0; i < 4; ++i) { int32_t row[2] = {1, 0}; row[1] = ids[i];\n"
        "  wrong += model_step(&s, ids[i], y) != -1 || model_run(&s, row, 2, y) != -1; }\n"
        "wrong += y[0] != 42 || memcmp(&s, &before, sizeof s) != 0;\n"
        'printf("%d", wrong); return 0; }\n'
    )
    assert run(build(tmp_path / "c", *STRICT, files=("main.c", "model.c"))) == "0"
    assert "is not in 0 .. MODEL_SYMBOLS - 1" in (tmp_path / "c" / "model.h").read_text()
    assert "An id that is not in" in (tmp_path / "c" / "README.md").read_text()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NextItem(words(1000), config(adaptive_softmax=True)), "an adaptive softmax"),
        (
            lambda: Synced(series(), series(), config(cell="short_attention")),
            "the cell short_attention cannot be written",
        ),
    ],
)
def test_what_has_no_form_in_c_is_refused_before_anything_is_written(
    make: Callable[[], Mode], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        export_c(make(), tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_longer_than_the_memory_is_refused_by_the_function(tmp_path: Path) -> None:
    export_c(drawn(ManyToOne(series(), classes(), both())), tmp_path / "c", max_steps=5)
    (tmp_path / "main.c").write_text(
        '#include "model.h"\n#include <stdio.h>\n'
        "int main(void) { static struct model_state s; static float x[6 * MODEL_INPUTS], y[MODEL_OUTPUTS];\n"
        'printf("%d %d %d", model_run(&s, x, 5, y), model_run(&s, x, 6, y), model_run(&s, x, -1, y)); return 0; }\n'
    )
    for name in ("model.h", "model.c"):
        shutil.copy(tmp_path / "c" / name, tmp_path)
    assert run(build(tmp_path, *STRICT, files=("main.c", "model.c"))) == "1 -1 -1"


@pytest.mark.parametrize(("most", "message"), [(0, "max_steps is 0"), (70_000, "max_steps is 70,000")])
def test_a_length_that_no_memory_has_is_refused(most: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        export_c(drawn(ManyToOne(series(), classes(), both())), tmp_path / "c", max_steps=most)


def test_a_length_is_refused_where_sequences_may_have_any(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="reads an item at a time"):
        export_c(drawn(Synced(series(), series(), config())), tmp_path / "c", max_steps=9)


def test_a_weight_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config()))
    with torch.no_grad():
        next(mode.parameters())[0, 0] = torch.nan
    with pytest.raises(ConfigError, match="is not finite"):
        export_c(mode, tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_an_export_is_replaced_and_any_other_is_left_alone(tmp_path: Path) -> None:
    mode = drawn(Synced(series(), series(), config()))
    export_c(mode, tmp_path / "c")
    result = export_c(mode, tmp_path / "c", name="other", single_header=True)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == result.files
    (tmp_path / "c" / "notes.txt").write_text("mine")
    with pytest.raises(WriteError, match=r"notes\.txt in it was not written by an export"):
        export_c(mode, tmp_path / "c")
    assert (tmp_path / "c" / "notes.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_that_computes_something_else_does_not_appear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "ALLOWED", 1e-12)
    with pytest.raises(BackendError, match="does not compute what the network does"):
        export_c(drawn(Synced(series(), series(), config())), tmp_path / "c")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "2nd", "a-b", "a b", "x" * 60])
def test_a_name_that_c_cannot_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot begin names in C"):
        export_c(drawn(Synced(series(), series(), config())), tmp_path / "c", name=name)


@pytest.mark.parametrize(("name", "single"), [("filename", False), ("upperNAME", True), ("stdint", False)])
def test_any_name_begins_the_names_of_a_folder(name: str, single: bool, tmp_path: Path) -> None:
    # also one with the words that stand for it before it is written, and that of a header of the C library
    export_c(
        drawn(OneToOne(series(sequence=False), classes(), config())), tmp_path / "c", name=name, single_header=single
    )
    assert f"#define {name.upper()}_INPUTS 2" in (tmp_path / "c" / f"{name}.h").read_text()


@equation(KIND="X", ITEM="H", PARAMETER="H", __proto__="2H X", float="2H H")
def unusual(KIND, ITEM, PARAMETER, __proto__, float):  # type: ignore[no-untyped-def]  # an equation
    NAME, UPPER = split(__proto__ @ KIND + float @ ITEM, 2)
    PARAMETER = sigmoid(NAME) * PARAMETER + tanh(UPPER)
    return tanh(PARAMETER), PARAMETER


def test_a_cell_has_any_names(tmp_path: Path) -> None:
    cell = with_cell(Config.of(hidden_size=3, bidirectional=False, engine="eager"), unusual).model
    mode = drawn(Synced(series(), series(), cell))
    assert export_c(mode, tmp_path / "c").difference <= exported.ALLOWED
    assert max(export_python(mode, tmp_path / "model.py").differences.values()) <= exported.ALLOWED
    assert (export_web(mode, tmp_path / "page.html").difference or 0) <= exported.ALLOWED


@pytest.mark.parametrize("place", [".", "", ".."])
def test_the_current_folder_is_not_replaced(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="is not the name of a folder"):
        export_c(OneToOne(series(sequence=False), classes(), config()), place)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_there_again_if_its_replacement_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = drawn(OneToOne(series(sequence=False), classes(), config()))
    export_c(mode, tmp_path / "c")
    before = (tmp_path / "c" / "model.c").read_text()
    move = os.replace

    def interrupted(source: Path, target: Path) -> None:
        if target == tmp_path / "c" and (source / "new").exists():
            raise KeyboardInterrupt
        move(source, target)

    monkeypatch.setattr(exported, "compared", lambda _: "")
    monkeypatch.setattr(os, "chmod", lambda path, _: (path / "new").touch())
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_c(mode, tmp_path / "c", int8=True)
    assert (tmp_path / "c" / "model.c").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
