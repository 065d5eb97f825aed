"""Convolutions over a grid: what they are beside torch's, what is trained, stored, exported and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import recur
from recur.equations import convolution, equation, get, tanh
from recur.equations.document import checksum, document_of, read_equation
from recur.errors import ConfigError, EquationError
from recur.export import export_layer
from recur.nn import Recurrent
from recur.nn.parameter_binding import over_grid
from tests.tolerances import EXPORTED, close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")

HEIGHT, WIDTH = 3, 4
PLACES = HEIGHT * WIDTH


def layer(maps: int = 2, inputs: int = 1, **options: Any) -> Recurrent:
    torch.manual_seed(0)
    sizes = {"height": HEIGHT, "width": WIDTH}
    return Recurrent("conv_lstm", inputs * PLACES, maps * PLACES, sizes=sizes, **options)


def by_hand(x: Tensor, maps: int, w: dict[str, Tensor]) -> Tensor:
    """Equation 3 of the paper with torch's convolutions, on grids."""
    T, B, _ = x.shape
    grid = x.reshape(T, B, -1, HEIGHT, WIDTH)
    h = c = x.new_zeros(B, maps, HEIGHT, WIDTH)
    p_i, p_f, p_o = w["p_l0"].reshape(3, maps, HEIGHT, WIDTH)
    outputs = []
    for step in grid:
        z = F.conv2d(step, w["W_x_l0"], w["b_l0"], padding="same") + F.conv2d(h, w["W_h_l0"], padding="same")
        i, f, g, o = z.chunk(4, 1)
        i, f = torch.sigmoid(i + p_i * c), torch.sigmoid(f + p_f * c)
        c = f * c + i * torch.tanh(g)
        h = torch.sigmoid(o + p_o * c) * torch.tanh(c)
        outputs.append(h.flatten(1))
    return torch.stack(outputs)


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_the_conv_lstm_is_its_equation_with_torchs_convolutions_and_every_gradient(engine: str) -> None:
    one = layer(engine=engine).double()
    w = dict(one.named_parameters())
    assert {name: tuple(value.shape) for name, value in w.items()} == {
        "W_x_l0": (8, 1, 3, 3), "W_h_l0": (8, 2, 3, 3), "p_l0": (6 * PLACES,), "b_l0": (8,),
    }  # fmt: skip
    x = torch.randn(4, 3, PLACES, dtype=torch.float64, requires_grad=True)
    expected, (found, _) = by_hand(x, 2, w), one(x)
    assert one.backend_report().ran == engine
    close(found, expected, "outputs")
    weight = torch.randn_like(expected)
    leaves = [x, *w.values()]
    pairs = zip(*(torch.autograd.grad((y * weight).sum(), leaves) for y in (found, expected)), strict=True)
    for name, (actual, right) in zip(["x", *w], pairs, strict=True):
        close(actual, right, f"dE/d{name}")


def test_gradients_are_those_of_finite_differences() -> None:
    one = layer(engine="eager").double()
    names, leaves = zip(*one.named_parameters(), strict=True)
    x = torch.randn(2, 1, PLACES, dtype=torch.float64)

    def outputs(*values: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(one, dict(zip(names, values, strict=True)), (x,))[0]
        return result

    assert torch.autograd.gradcheck(outputs, leaves, fast_mode=True)


@pytest.mark.parametrize(("height", "width", "kernel"), [(1, 1, 3), (1, 5, 3), (4, 2, 5), (3, 3, 1), (2, 2, 7)])
def test_the_whole_matrix_is_the_convolution_on_any_grid(height: int, width: int, kernel: int) -> None:
    stored = torch.randn(3, 2, kernel, kernel, dtype=torch.float64)
    maps = torch.randn(5, 2, height, width, dtype=torch.float64)
    expected = F.conv2d(maps, stored, padding="same").flatten(1)
    close(maps.flatten(1) @ over_grid(stored, height, width).T, expected)
    numbers = torch.arange(3.0)
    assert over_grid(numbers, height, width).tolist() == numbers.repeat_interleave(height * width).tolist()


def test_stacks_of_both_directions_compute_natively_what_torch_does() -> None:
    x, found = torch.randn(3, 5, PLACES), {}
    for engine in ("native", "eager"):
        one = layer(engine=engine, bidirectional=True, num_layers=2, batch_first=True)
        output = one(x, lengths=[5, 2, 4])[0]
        output.square().sum().backward()
        found[engine] = {"output": output.detach()} | {name: p.grad for name, p in one.named_parameters()}
    for name, value in found["eager"].items():
        close(found["native"][name], value, name)


def test_a_stream_and_an_export_have_the_whole_matrix(tmp_path: Path) -> None:
    one = layer().eval()
    x = torch.randn(5, 2, PLACES)
    stream = one.stream(2)
    close(torch.stack([torch.as_tensor(stream.step(step)).clone() for step in x]), one(x)[0].detach())
    assert max(export_layer(one, tmp_path / "layer.onnx").values()) < EXPORTED


def test_a_kernel_is_drawn_by_what_a_place_reads() -> None:
    with torch.no_grad():
        one = layer(maps=20)
    assert 0.9 / 180**0.5 < float(one.W_h_l0.detach().abs().max()) <= 1 / 180**0.5


def moving_dots(starts: Tensor) -> Tensor:
    """Frames of a dot that moves by one place down and across at each step, on a grid without edges: (T, B, 36)."""
    frames = []
    for t in range(6):
        row, column = (starts[:, 0] + t) % 6, (starts[:, 1] + t) % 6
        frames.append(F.one_hot(row * 6 + column, 36).float())
    return torch.stack(frames)


def test_a_moving_dot_is_followed_where_it_was_never_seen() -> None:
    known, unknown = torch.tensor([[0, 0], [0, 1], [0, 2]]), torch.tensor([[0, 4]])
    errors = {}
    for cell, sizes in (("conv_lstm", {"height": 6, "width": 6}), ("lstm_peephole", None)):
        torch.manual_seed(0)
        body = Recurrent(cell, 36, 72, sizes=sizes)
        readout = torch.nn.Conv2d(2, 1, 1) if sizes else torch.nn.Linear(72, 36)
        optimizer = torch.optim.Adam([*body.parameters(), *readout.parameters()], 0.03)

        def error(starts: Tensor, body: Recurrent = body, readout: torch.nn.Module = readout, whole: bool = not sizes
                  ) -> Tensor:  # fmt: skip
            frames = moving_dots(starts)
            h = body(frames[:-1])[0].flatten(0, 1)
            logits = readout(h if whole else h.unflatten(1, (2, 6, 6))).flatten(1)
            return F.cross_entropy(logits, frames[1:].flatten(0, 1).argmax(1))

        for _ in range(80):
            optimizer.zero_grad()
            error(known).backward()
            optimizer.step()
        errors[cell] = float(error(unknown).detach())
    assert errors["conv_lstm"] < 0.5 * errors["lstm_peephole"], errors


def test_a_run_keeps_the_convolution_without_the_file(tmp_path: Path) -> None:
    rows = [{"text": "ab" * (n % 3 + 1), "label": "yes" if n % 2 else "no"} for n in range(12)]
    options = {"cell": "conv_lstm", "hidden_size": 8, "cell_sizes": {"height": 2, "width": 2}, "embedding_size": 4}
    model = recur.fit(rows, epochs=1, progress=False, out=tmp_path / "run", **options)
    again = recur.load(tmp_path / "run")
    assert again.predict("abab").scores == model.predict("abab").scores


def test_a_stored_equation_has_its_convolution_and_another_is_refused() -> None:
    document = json.loads(json.dumps(document_of(get("conv_lstm"))))
    again = read_equation(document)
    assert again.convolutions == get("conv_lstm").convolutions
    assert again.free_sizes == ("height", "width")
    for told in ({"kernel": 2, "grid": ["a", "b"]}, {"kernel": 3, "grid": ["a", "a"]}, {"kernel": 3, "grid": "ab"},
                 {"kernel": 3}, {"kernel": "3", "grid": ["a", "b"]}, {"kernel": 3, "grid": [1, 2]}, []):  # fmt: skip
        other = json.loads(json.dumps(document))
        next(one for one in other["parameters"] if "convolution" in one)["convolution"] = told
        other["sha256"] = checksum(other)
        with pytest.raises(EquationError, match="the stored equation is refused"):
            read_equation(other)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"W": lambda: convolution("H X", kernel=2)}, "kernel=2, expected an odd number"),
        ({"W": lambda: convolution("H X", kernel=0)}, "kernel=0, expected an odd number"),
        ({"W": lambda: convolution("H X", kernel=True)}, "kernel=True"),
        ({"W": lambda: convolution("H X", grid="height")}, "expected the names of two sizes"),
        ({"W": lambda: convolution("H X", grid="side side")}, "expected the names of two sizes"),
        ({"W": lambda: convolution(3)}, "expected a size"),  # type: ignore[arg-type]  # what is refused
        ({"h": lambda: convolution("H")}, "h is a convolution, and not a matrix or vector that is trained"),
        ({"R": lambda: convolution("H H / heads")}, "R is a convolution, and not a matrix or vector"),
        ({"W": lambda: convolution("H X = 1")}, "W is a convolution, and not a matrix or vector"),
    ],
)
def test_a_declaration_that_has_no_meaning_is_refused(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(EquationError) as refused:

        @equation(**{"x": "X", "h": "H", "W": "H X", "R": "H H"} | {name: make() for name, make in declared.items()})
        def cell(x, h, W, R):
            return tanh(W @ x + R @ h)

    assert said in refused.value.message


@pytest.mark.parametrize(
    ("input_size", "hidden", "sizes", "said"),
    [
        (12, 24, {"height": 3, "width": 5}, "W_x of 96 x 12 is not divided into maps of height x width = 3 x 5 places"),
        (13, 24, {"height": 3, "width": 4}, "W_x of 96 x 13 is not divided into maps"),
        (20_000, 20_000, {"height": 100, "width": 200}, "a matrix of 80000 x 20000 elements, at most 268,435,456"),
    ],
)
def test_a_grid_that_does_not_divide_the_units_is_refused(
    input_size: int, hidden: int, sizes: dict[str, int], said: str
) -> None:
    with pytest.raises(EquationError) as refused:
        Recurrent("conv_lstm", input_size, hidden, sizes=sizes)
    assert said in str(refused.value)


def test_a_network_without_the_size_of_its_grid_is_refused() -> None:
    rows = [{"text": "ab" * (n % 3 + 1), "label": "yes" if n % 2 else "no"} for n in range(12)]
    with pytest.raises(ConfigError, match="convolves over a grid, and its height and width are not given"):
        recur.fit(rows, cell="conv_lstm", hidden_size=8, epochs=1, progress=False)
