"""Readout and error in one pass of the core: against torch's two, for every option and at awkward sizes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from recur.engine.native import readout as fused
from recur.nn import Embedding, LayerInputError, Readout, linear_cross_entropy
from tests.tolerances import close, near, rounded

DOUBLE = torch.float64
OPTIONS = [
    {"reduction": reduction, "label_smoothing": smoothing}
    for reduction in ("mean", "sum", "none")
    for smoothing in (0.0, 0.2)
]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Give the number of threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, ...]]:
    """Which gradients each call of the core was asked for."""
    made: list[tuple[bool, ...]] = []
    run = fused.run

    def counted(inputs, target, class_weight, options, needed, *rest):
        made.append(tuple(needed))
        return run(inputs, target, class_weight, options, needed, *rest)

    monkeypatch.setattr(fused, "run", counted)
    return made


def example(
    N: int, H: int, V: int, dtype: torch.dtype = DOUBLE, ignored: float = 0.0, weighted: bool = False, bias: bool = True
) -> tuple[list[Tensor], Tensor, Tensor | None]:
    """Leaves h, weight and bias, a target and the weights of classes."""
    leaves = [torch.randn(N, H, dtype=dtype), torch.randn(V, H, dtype=dtype) / H**0.5]
    if bias:
        leaves.append(torch.randn(V, dtype=dtype))
    target = torch.randint(V, (N,))
    target[torch.rand(N) < ignored] = -100
    return [leaf.requires_grad_() for leaf in leaves], target, torch.rand(V, dtype=dtype) + 0.1 if weighted else None


def theirs(leaves: list[Tensor], target: Tensor, classes: Tensor | None = None, **options: object) -> Tensor:
    """The same by torch's operations alone."""
    real = target != options.get("ignore_index", -100)
    goal = {"ignore_index": -100, "reduction": "mean", **options}
    if not bool(real.any()) and goal["reduction"] == "mean":
        goal["reduction"] = "sum"
    # a row that does not count may hold anything
    h, *rest = leaves
    return functional.cross_entropy(functional.linear(h.masked_fill(~real[:, None], 0), *rest), target, classes, **goal)


def gradients(error: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    """Of a sum in which every step counts differently."""
    count = torch.linspace(0.5, 2, error.numel(), dtype=error.dtype).reshape(error.shape)
    return torch.autograd.grad((error * count).sum(), leaves)


def compare(leaves: list[Tensor], target: Tensor, classes: Tensor | None = None, **options: object) -> None:
    """Values and gradients."""
    h, weight, *rest = leaves
    ours = linear_cross_entropy(h, weight, target, *rest, class_weight=classes, **options)
    expected = theirs(leaves, target, classes, **options)
    same = close if h.dtype is DOUBLE else near
    same(ours.detach(), expected.detach(), "error")
    for name, a, b in zip(("h", "weight", "bias"), gradients(ours, leaves), gradients(expected, leaves), strict=False):
        same(a, b, name)


@pytest.mark.parametrize("dtype", [DOUBLE, torch.float32], ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("ignored", [0.0, 0.4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_every_option_is_torchs(dtype, options, ignored, weighted, bias, calls) -> None:
    leaves, target, classes = example(37, 19, 83, dtype, ignored, weighted, bias)
    compare(leaves, target, classes, **options)
    assert calls == (
        [(False,) * 3, (True, True, bias)] if options["reduction"] == "none" else [(True, True, bias)]
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    N=st.sampled_from([0, 1, 2, 13, 57, 130, 1030]),
    H=st.sampled_from([1, 2, 15, 16, 31, 48, 63, 100, 257, 512]),
    V=st.sampled_from([1, 2, 7, 15, 16, 17, 33, 64, 300]),
    dtype=st.sampled_from([DOUBLE, torch.float32]),
    ignored=st.sampled_from([0.0, 0.3, 0.95, 1.0]),
    weighted=st.booleans(),
    bias=st.booleans(),
    options=st.sampled_from(OPTIONS),
    number=st.sampled_from([1, 2, 3]),
)
def test_awkward_sizes(N, H, V, dtype, ignored, weighted, bias, options, number) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        leaves, target, classes = example(N, H, V, dtype, ignored, weighted, bias)
        compare(leaves, target, classes, **options)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", [DOUBLE, torch.float32], ids=str)
@pytest.mark.parametrize("number", [1, 2, 3, 5])
@pytest.mark.parametrize(("N", "H", "V"), [(700, 63, 10_000), (3000, 100, 17), (1100, 33, 2000), (5, 100, 10_000)])
def test_blocks_of_rows_and_teams_of_threads(N, H, V, dtype, number, monkeypatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    torch.set_num_threads(number)
    leaves, target, classes = example(N, H, V, dtype, 0.1, True)
    compare(leaves, target, classes, label_smoothing=0.1)
    compare(leaves, target, reduction="none")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_what_memory_held_before_has_no_effect(options, monkeypatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    for N, H, V in ((1, 1, 1), (3, 5, 2), (29, 17, 51)):
        leaves, target, classes = example(N, H, V, DOUBLE, 0.3, True)
        compare(leaves, target, classes, **options)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_one_number_of_threads_gives_one_result(number) -> None:
    torch.set_num_threads(number)
    leaves, target, _ = example(300, 50, 3000, torch.float32)
    runs = []
    for _ in range(3):
        error = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2])
        runs.append((error.detach(), *torch.autograd.grad(error, leaves)))
    for again in runs[1:]:
        for a, b in zip(runs[0], again, strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize(
    "needed", [(True, False, False), (False, True, False), (False, False, True), (False, True, True)], ids=str
)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_only_the_gradients_that_are_wanted(needed, reduction, calls) -> None:
    leaves, target, _ = example(70, 19, 83)
    for leaf, need in zip(leaves, needed, strict=True):
        leaf.requires_grad_(need)
    wanted = [leaf for leaf, need in zip(leaves, needed, strict=True) if need]
    ours = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], reduction=reduction)
    for a, b in zip(
        gradients(ours, wanted), gradients(theirs(leaves, target, reduction=reduction), wanted), strict=True
    ):
        close(a, b)
    assert calls[-1] == needed


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_without_gradients_there_is_only_the_error(options, calls) -> None:
    leaves, target, classes = example(70, 19, 830, DOUBLE, 0.2, True)
    with torch.no_grad():
        ours = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], class_weight=classes, **options)
    close(ours, theirs(leaves, target, classes, **options).detach())
    assert calls == [(False, False, False)]


def test_the_gradients_know_where_they_come_from() -> None:
    leaves, target, _ = example(5, 6, 7)
    error = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2])
    assert error.grad_fn is not None
    assert error.grad_fn.name() == "FusedErrorBackward"


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_first_and_second_derivatives_by_differences(options, weighted) -> None:
    leaves, target, classes = example(4, 3, 5, DOUBLE, 0.3, weighted)
    target[0] = 2

    def error(h, weight, bias):
        return linear_cross_entropy(h, weight, target, bias, class_weight=classes, **options)

    assert torch.autograd.gradcheck(error, leaves)
    assert torch.autograd.gradgradcheck(error, leaves)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_second_backward_pass_gives_the_same(reduction) -> None:
    leaves, target, _ = example(9, 6, 30)
    error = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], reduction=reduction).sum()
    first = torch.autograd.grad(3 * error, leaves, retain_graph=True)
    second = torch.autograd.grad(3 * error, leaves)
    for a, b in zip(first, second, strict=True):
        assert a.data_ptr() != b.data_ptr()
        close(a, b)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_batched_upstream_gradients(reduction) -> None:
    leaves, target, _ = example(9, 6, 30)
    ours = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], reduction=reduction)
    expected = theirs(leaves, target, reduction=reduction)
    upstream = torch.randn(3, *ours.shape, dtype=DOUBLE)
    for a, b in zip(
        torch.autograd.grad(ours, leaves, upstream, is_grads_batched=True),
        torch.autograd.grad(expected, leaves, upstream, is_grads_batched=True),
        strict=True,
    ):
        close(a, b)


def test_gradients_of_parameters_accumulate() -> None:
    readout, h, target = Readout(6, 30, dtype=DOUBLE), torch.randn(9, 6, dtype=DOUBLE), torch.randint(30, (9,))
    readout.loss(h, target).backward()
    once = readout.weight.grad.clone()
    readout.loss(h, target).backward()
    close(readout.weight.grad, 2 * once)


def test_an_input_that_changed_before_the_backward_pass_is_noticed() -> None:
    leaves, target, _ = example(5, 6, 7)
    error = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2])
    with torch.no_grad():
        leaves[1].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        error.backward()


def test_a_tied_matrix_gets_both_gradients() -> None:
    embedding = Embedding(30, 6, dtype=DOUBLE)
    readout = Readout(6, 30, tied=embedding)
    ids, target = torch.randint(30, (4, 5)), torch.randint(30, (4, 5))
    readout.loss(embedding(ids), target).backward()
    ours, embedding.weight.grad = embedding.weight.grad, None
    functional.cross_entropy(readout(embedding(ids)).flatten(0, 1), target.flatten()).backward()
    close(ours, embedding.weight.grad)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("what", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_reaches_its_own_row_only(options, what) -> None:
    leaves, target, _ = example(20, 6, 70)
    with torch.no_grad():
        leaves[0][3, 2] = what
        leaves[0][7, 1] = what
    target[7] = -100
    ours, expected = (
        linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], **options),
        theirs(leaves, target, **options),
    )
    torch.testing.assert_close(ours, expected, equal_nan=True)
    h, weight, bias = gradients(ours, leaves)
    assert bool(h[3].isnan().all())
    assert bool(h[7].eq(0).all())
    assert bool(weight.isnan().all())
    assert bool(bias.isnan().all())
    other = torch.arange(20) != 3
    torch.testing.assert_close(h[other], gradients(expected, leaves)[0][other])


@pytest.mark.parametrize("dtype", [DOUBLE, torch.float32], ids=str)
@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_large_logits_neither_overflow_nor_lose_the_error(dtype, size) -> None:
    leaves, target, _ = example(20, 6, 700, dtype)
    with torch.no_grad():
        leaves[0].mul_(size)
    ours, expected = (
        linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], reduction="sum"),
        theirs(leaves, target, reduction="sum"),
    )
    torch.testing.assert_close(ours, expected)
    for a, b in zip(torch.autograd.grad(ours, leaves), torch.autograd.grad(expected, leaves), strict=True):
        near(a, b)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("forbidden", [slice(0, 5), slice(0, 300), slice(0, 699)], ids=str)
def test_forbidden_classes(options, forbidden) -> None:
    leaves, target, _ = example(20, 6, 700)
    target[:] = torch.randint(699, 700, (20,))
    with torch.no_grad():
        leaves[2][forbidden] = -torch.inf
    ours, expected = (
        linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], **options),
        theirs(leaves, target, **options),
    )
    torch.testing.assert_close(ours, expected)
    for a, b in zip(gradients(ours, leaves), gradients(expected, leaves), strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


def test_weights_that_sum_to_nothing_have_no_mean() -> None:
    leaves, target, _ = example(4, 3, 5)
    error = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2], class_weight=torch.zeros(5, dtype=DOUBLE))
    assert bool(error.isnan())


@pytest.mark.parametrize("layout", ["transposed", "columns", "expanded"])
def test_any_layout_of_the_inputs(layout) -> None:
    weight, bias = torch.randn(9, 6, dtype=DOUBLE), torch.randn(18, dtype=DOUBLE)[::2]
    if layout == "transposed":
        h, weight = torch.randn(4, 5, 6, dtype=DOUBLE).transpose(0, 1), weight.t().contiguous().t()
    elif layout == "columns":
        h, weight = torch.randn(5, 4, 12, dtype=DOUBLE)[..., ::2], torch.randn(9, 12, dtype=DOUBLE)[:, ::2]
    else:
        h = torch.randn(6, dtype=DOUBLE).expand(5, 4, 6)
    target = torch.randint(9, (4, 5)).t()
    leaves = [h.detach().requires_grad_(), weight.detach().requires_grad_(), bias.detach().requires_grad_()]
    ours = linear_cross_entropy(leaves[0], leaves[1], target, leaves[2])
    expected = functional.cross_entropy(functional.linear(*leaves).flatten(0, 1), target.flatten())
    close(ours, expected)
    for a, b in zip(torch.autograd.grad(ours, leaves), torch.autograd.grad(expected, leaves), strict=True):
        close(a, b)


@pytest.mark.parametrize("bad", [-1, 7, 2**40, -(2**62)])
def test_a_target_out_of_range_is_refused_and_never_read(bad) -> None:
    leaves, target, _ = example(50, 6, 7)
    target[31] = bad
    for leaf in leaves:
        leaf.requires_grad_(False)
    for _ in range(2):
        with pytest.raises(LayerInputError, match=rf"target {bad} is not in 0\.\.6"):
            linear_cross_entropy(leaves[0], leaves[1], target, leaves[2])
        leaves[0].requires_grad_()
    compare([leaf.detach().requires_grad_() for leaf in leaves], target, ignore_index=bad)


def test_a_class_may_be_the_one_that_does_not_count() -> None:
    leaves, target, _ = example(50, 6, 7)
    compare(leaves, target, ignore_index=3)
    compare(leaves, target, ignore_index=3, label_smoothing=0.3, reduction="none")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_dtypes_the_core_has_not_are_torchs(dtype, calls) -> None:
    leaves, target, _ = example(5, 6, 7)
    h, weight, bias = (leaf.detach().to(dtype) for leaf in leaves)
    close_enough = functional.cross_entropy(functional.linear(h, weight, bias), target)
    torch.testing.assert_close(linear_cross_entropy(h, weight, target, bias), close_enough)
    with pytest.raises(RuntimeError, match="dtype"):
        linear_cross_entropy(h, weight.double(), target)
    assert not calls


def test_class_weights_get_no_gradient_as_in_torch(calls) -> None:
    leaves, target, classes = example(5, 6, 7, weighted=True)
    with pytest.raises(RuntimeError, match="not differentiable with respect to argument 'weight'"):
        linear_cross_entropy(leaves[0], leaves[1], target, class_weight=classes.requires_grad_())
    assert not calls


@pytest.mark.parametrize("backend", ["eager", "stock"])
def test_the_environment_switches_it_off(backend, calls, monkeypatch) -> None:
    monkeypatch.setenv("RECUR_BACKEND", backend)
    leaves, target, _ = example(5, 6, 7)
    compare(leaves, target)
    assert not calls


def test_autocast_and_forward_derivatives_are_torchs(calls) -> None:
    leaves, target, _ = example(5, 6, 7, torch.float32)
    h, weight, bias = (leaf.detach() for leaf in leaves)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = linear_cross_entropy(h, weight, target, bias)
    rounded(ours, linear_cross_entropy(h, weight, target, bias))
    assert len(calls) == 1
    tangent = torch.randn_like(h)
    _, along = torch.func.jvp(lambda x: linear_cross_entropy(x, weight, target, bias), (h,), (tangent,))
    h.requires_grad_()
    (gradient,) = torch.autograd.grad(linear_cross_entropy(h, weight, target, bias), h)
    torch.testing.assert_close(along, (gradient * tangent).sum())


def test_smoothing_that_is_no_share_is_what_it_is_in_torch(calls) -> None:
    leaves, target, _ = example(5, 6, 7)
    with pytest.raises(RuntimeError, match="label_smoothing must be between"):
        linear_cross_entropy(leaves[0], leaves[1], target, label_smoothing=1.5)
    compare(leaves, target, label_smoothing=-0.1)
    assert not calls


MEMORY = """
import resource, torch
from recur.nn import linear_cross_entropy
torch.manual_seed(0)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
N, H, V = 20_000, 16, 10_000
h, weight = torch.randn(N, H, requires_grad=True), torch.randn(V, H, requires_grad=True)
bias, target = torch.zeros(V, requires_grad=True), torch.randint(V, (N,))
linear_cross_entropy(h[:8], weight, target[:8], bias).backward()
before = peak()
linear_cross_entropy(h, weight, target, bias{options}).sum().backward()
print(peak() - before)
"""


@pytest.mark.parametrize("options", ["", ", reduction='none'"])
def test_the_logits_of_all_steps_never_stand_in_memory(options) -> None:
    # they would take 800 MB
    done = subprocess.run(
        [sys.executable, "-c", MEMORY.replace("{options}", options)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 64e6


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_weight_that_the_vectors_are_made_of_is_not_counted_twice(reduction) -> None:
    leaf = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    ids, target, found = torch.tensor([1, 2, 3, 1]), torch.tensor([0, 3, 2, 6]), []
    for create_graph in (False, True):
        weight = leaf * 1
        error = linear_cross_entropy(weight[ids].tanh(), weight, target, reduction=reduction).sum()
        found += torch.autograd.grad(error, leaf, create_graph=create_graph)
    close(found[1].detach(), found[0])
