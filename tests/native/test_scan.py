"""Cells that are affine in their states run as scans: many steps in one call of the kernel, equal to the eager loop."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck

from recur.compiler.variants import lifted
from recur.engine import Packing, bptt, prepare, run
from recur.engine.native import passes
from recur.engine.native.compiled_cell import compiled_cell
from recur.engine.noise import Noise
from recur.nn import GRU, Recurrent
from tests.engine.helpers import Case, assert_native_is_eager, everything, make, threads
from tests.fuzz.affine_equations import affine_written
from tests.fuzz.compiled import compile_together
from tests.tolerances import close

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")

AFFINE = (
    "min_gru", "min_lstm", "simple_recurrent_unit", "quasi_recurrent", "gated_linear_recurrence", "moving_average",
)  # fmt: skip
# element-wise in its state, but not affine
ELEMENTWISE = (*AFFINE, "indrnn")


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


@pytest.fixture
def runs(monkeypatch):
    """In how many calls of its kernel each pass ran its steps."""
    counted: list[int] = []
    run_core = passes._run

    def counting(cell, function, arguments, x):
        run_core(cell, function, arguments, x)
        counted.append(arguments.scanned)

    monkeypatch.setattr(passes, "_run", counting)
    return counted


def bounded(case: Case) -> Case:
    """The case with smaller matrices: else gates of many inputs saturate."""
    case.parameters = {
        name: (p.detach() / p.shape[-1] ** 0.5).requires_grad_() if p.dim() == 2 else p
        for name, p in case.parameters.items()
    }
    return case


WAYS = [
    {}, {"reverse": True}, {"ragged": True}, {"ragged": True, "reverse": True}, {"resets": True},
    {"ragged": True, "resets": True, "reverse": True}, {"noise": True}, {"noise": True, "ragged": True},
]  # fmt: skip
# (T, B, X, H): nothing, single elements, odd sizes, units of one thread and of two, rows of one thread and of two
SIZES = [
    (0, 2, 3, 4), (3, 0, 2, 2), (1, 1, 1, 1), (7, 3, 5, 1), (9, 2, 3, 17), (30, 4, 9, 16), (40, 3, 37, 70),
    (33, 17, 20, 65),
]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_a_scan_gives_what_the_eager_loop_gives(name, count):
    first = ELEMENTWISE.index(name) + count
    with threads(count):
        for place, size in enumerate(SIZES):
            for number in {(first + place) % len(WAYS), (first + 3 * place + 4) % len(WAYS)}:
                way = dict(WAYS[number])
                reverse = way.pop("reverse", False)
                dtype = (torch.float64, torch.float32)[number % 2]
                case = bounded(make(name, *size, dtype=dtype, seed=number, **way))
                assert_native_is_eager(case, f"{size} {way} {count}", reverse=reverse)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", AFFINE)
def test_long_rows_are_scanned_in_both_passes(name, dtype, count, runs):
    T = 1500
    for B, H in ((1, 40), (2, 5)):
        case = bounded(make(name, T, B, 3, H, dtype=dtype))
        runs.clear()
        with threads(count):
            found = everything(case, "native")
        assert len(runs) == 2
        assert all(0 < calls < T / 10 for calls in runs), runs
        with threads(1):
            alone = everything(case, "native")
        assert_alike(found, alone)


def assert_alike(found: dict[str, torch.Tensor], alone: dict[str, torch.Tensor]) -> None:
    """The same but for rounding: rows are multiplied in other groups, sums over rows and steps are taken in another
    order, and dE/dstate is rounded once more where a run of steps ends."""
    for key, value in found.items():
        close(value, alone[key], key)


# of sigmoid(decay): a state that is forgotten, one that is kept for long, and one that is never forgotten
@pytest.mark.parametrize("decay", [0.0, 9.0, 100.0])
@pytest.mark.parametrize("count", [2, 3])
def test_threads_that_divide_time_give_what_one_gives(count, decay, runs):
    for dtype, T, B, H, reverse in (
        (torch.float64, 6000, 1, 3, False), (torch.float32, 1100, 2, 50, True), (torch.float32, 2600, 1, 33, False),
    ):  # fmt: skip
        case = make("moving_average", T, B, H, H, dtype=dtype, seed=T)
        case.parameters["decay"] = torch.full_like(case.parameters["decay"].detach(), decay).requires_grad_()
        with threads(1):
            alone = everything(case, "native", reverse=reverse)
        runs.clear()
        with threads(count):
            assert_alike(everything(case, "native", reverse=reverse), alone)
        # the first thread runs its own steps alone, forward; backward it runs them again where they were not forgotten
        forward, backward = runs
        assert backward > forward or decay == 0


@pytest.mark.parametrize("name", AFFINE)
def test_divided_time_equals_the_eager_loop(name):
    case = bounded(make(name, 700, 1, 3, 33, seed=7))
    case.noise = Noise({}, {"h": (torch.rand(700, 1, 33, generator=torch.Generator().manual_seed(1)) < 0.5).double()})
    for number, count in enumerate((2, 3)):
        case.noise = Noise({}, {}) if number else case.noise
        with threads(count):
            assert_native_is_eager(case, f"{count}", reverse=number == 1)


def test_long_rows_equal_the_eager_loop(runs):
    for name in ("min_gru", "simple_recurrent_unit"):
        for ragged, count in ((False, 2), (True, 2), (True, 1)):
            case = bounded(make(name, 200, 3, 4, 33, ragged=ragged))
            with threads(count):
                assert_native_is_eager(case, f"{ragged} {count}", reverse=ragged)
    assert all(0 < calls < 100 for calls in runs), runs


def test_a_cell_with_a_product_in_its_loop_is_not_scanned(runs):
    everything(make("gru", 20, 2, 3, 4), "native")
    assert runs == [0, 0]


def test_masks_that_are_the_same_at_all_steps_keep_their_row():
    case = make("min_gru", 50, 3, 4, 20, seed=2)
    generator = torch.Generator().manual_seed(1)
    case.noise = Noise({}, {"h": (torch.rand(3, 20, generator=generator) < 0.5).double()})
    for count in (1, 2):
        with threads(count):
            assert_native_is_eager(case, str(count))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", AFFINE)
def test_gradients_of_scans_are_what_differences_say(name, reverse):
    case = make(name, 4, 3, 2, 3, ragged=True, resets=True, seed=4)
    names = list(case.leaves)

    def outputs(*leaves):
        given = dict(zip(names, leaves, strict=True))
        result = run(case.equation, given["x"], {s: given[f"{s}_0"] for s in case.states},
                     {p: given[p] for p in case.parameters}, lengths=case.lengths, resets=case.resets,
                     reverse=reverse, backend="native", all_states=True)  # fmt: skip
        return (result.outputs, *result.states.values(), *result.all_states.values())

    assert gradcheck(outputs, tuple(case.leaves.values()), fast_mode=True)


@pytest.mark.parametrize("name", AFFINE)
def test_gradients_of_scans_are_those_of_bptt_written_out(name):
    case = make(name, 60, 3, 4, 20, seed=6)
    result = run(case.equation, case.x, case.states, case.parameters, backend="native")
    dy = torch.randn_like(result.outputs)
    finals = {state: torch.randn_like(value) for state, value in result.states.items()}
    error = (result.outputs * dy).sum() + sum((result.states[s] * finals[s]).sum() for s in finals)
    found = dict(zip(case.leaves, torch.autograd.grad(error, list(case.leaves.values())), strict=True))
    states, parameters = ({n: p.detach() for n, p in some.items()} for some in (case.states, case.parameters))
    written, tape = bptt.forward(prepare(case.equation, case.x.detach(), states, parameters))
    gradients = bptt.backward(tape, dy, finals)
    close(result.outputs.detach(), written.outputs, name)
    expected = {"x": gradients.x, **{f"{s}_0": d for s, d in gradients.states.items()}, **gradients.parameters}
    for key, value in found.items():
        close(value, expected[key], f"{name} {key}")


@pytest.mark.parametrize("options", [{"precision": "bfloat16"}, {"memory_budget": "sqrt"}, {"reverse": True}], ids=str)
def test_every_option_of_a_call_holds_for_scans(options):
    for name in ("quasi_recurrent", "moving_average"):
        dtype = torch.float32 if "precision" in options else torch.float64
        case = bounded(make(name, 60, 3, 9, 33, ragged=True, resets=True, dtype=dtype, seed=3))
        for count in (1, 2):
            with threads(count):
                assert_native_is_eager(case, f"{options} {count}", **options)


def test_packed_rows_are_scanned():
    case = bounded(make("min_lstm", 60, 4, 3, 20, ragged=True))
    lengths = torch.tensor([60, 41, 41, 7])
    packed = torch.nn.utils.rnn.pack_padded_sequence(case.x.detach(), lengths)
    case.x = packed.data.clone().requires_grad_()
    case.lengths = None
    assert_native_is_eager(case, packing=Packing(packed.batch_sizes))


def test_random_affine_equations_give_what_the_eager_loop_gives(tmp_path):
    texts = [affine_written(10**6 + seed) for seed in range(12)]
    cells = [text.equation() for text in texts]
    graphs = {lifted(cell.graph)[0].digest: lifted(cell.graph)[0] for cell in cells}
    compile_together(list(graphs.values()), tmp_path)
    divided = 0
    for seed, cell in enumerate(cells):
        for number, size in enumerate(((5, 3, 4, 6), (40, 2, 5, 33), (1, 1, 1, 1))):
            case = bounded(make(cell, *size, ragged=number == 1, resets=seed % 2 == 0, seed=seed))
            with threads(1 + seed % 2):
                assert_native_is_eager(case, f"{seed} {size}", reverse=seed % 3 == 0)
                call = prepare(cell, case.x, case.states, case.parameters)
                # a mean of x is a total, which is taken in the loop: such a step is affine, but runs one by one
                scanned = "mean(x)" not in texts[seed].text
                assert compiled_cell(call).library.scanned == scanned
                assert bool(compiled_cell(call).scanned) == scanned
        long = bounded(make(cell, 900, 1, 5, 33, seed=seed))
        with threads(1):
            alone = everything(long, "native")
        if all(value.isfinite().all() for value in alone.values()):
            divided += 1
            with threads(2 + seed % 2):
                assert_alike(everything(long, "native"), alone)
    assert divided >= 6


def test_the_report_names_the_states_that_were_scanned():
    for name, said in (("min_gru", "affine in h: scanned"), ("simple_recurrent_unit", "affine in c: scanned")):
        layer = Recurrent(name, 3, 4, num_layers=2)
        layer(torch.randn(5, 2, 3))
        assert str(layer.backend_report()) == f"backend: native; {said}"
        assert said.partition(":")[0] in layer.backend_report()._repr_html_()
    for layer in (GRU(3, 4), Recurrent("indrnn", 3, 4), Recurrent("min_gru", 3, 4, engine="eager")):
        layer(torch.randn(5, 2, 3))
        assert "scanned" not in str(layer.backend_report())
