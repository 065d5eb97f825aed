"""A missing target costs nothing, counts nowhere and sends no gradient: compared with loops that skip it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

import recur
from recur import codecs, modes
from recur.codecs import NumbersCodec
from recur.codecs.codec import NO_TARGET
from recur.config import Config, DataConfig
from recur.evaluation.baselines import baseline
from recur.heads.backtest import Backtest
from recur.heads.build import build_head
from recur.heads.naive import last_known, naive_steps
from recur.heads.numbers import NumberHead
from recur.heads.quantiles import Quantiles
from recur.heads.symbols import SymbolHead
from recur.heads.tags import TagHead
from recur.modes import Forecast, ManyToMany, Mode
from recur.network import Batch
from tests.modes.helpers import Row, ahead, batch_of, small
from tests.tolerances import close

NAN = math.nan


def target_codec(kind: str, values: list[Any], *, sequence: bool) -> codecs.Codec:
    return codecs.make(kind, DataConfig(), sequence=sequence, target=True).fit(values)


def vectors_of(*shape: int) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def mean_of_loop(output: Any, vectors: Tensor, targets: Tensor) -> Tensor:
    """The mean error over the numbers, or ids, that are there, one after another."""
    errors = []
    for place in torch.cartesian_prod(*(torch.arange(size) for size in vectors.shape[:-1])).reshape(
        -1, vectors.dim() - 1
    ):
        z = output.readout(vectors[tuple(place)])
        y = targets[tuple(place)]
        if y.dim() == 0:
            errors += [] if y == NO_TARGET else [functional.cross_entropy(z[None], y[None])]
        else:
            errors += [(z[column] - y[column]).square() for column in range(len(y)) if not y[column].isnan()]
    return torch.stack(errors).mean()


OUTPUTS: dict[str, tuple[Any, Any]] = {
    "one number a row": (lambda: NumberHead(NumbersCodec(sequence=False, columns=["a"]), 4, small()),
                         torch.tensor([[0.5], [NAN], [2.0]])),
    "two numbers a row": (lambda: NumberHead(NumbersCodec(sequence=False, columns=["a", "b"]), 4, small()),
                          torch.tensor([[0.5, NAN], [NAN, NAN], [2.0, 1.0]])),
    "a number a step": (lambda: NumberHead(NumbersCodec(sequence=True, columns=["a"]), 4, small()),
                        torch.tensor([[[0.5], [NAN]], [[NAN], [NAN]], [[1.0], [2.0]]])),
    "a class a row": (lambda: build_head(target_codec("class", ["a", "b"], sequence=False), 4, small()),
                      torch.tensor([0, NO_TARGET, 1])),
    "a tag a step": (lambda: TagHead(target_codec("tags", [["a", "b"]], sequence=True), 4, small()),
                     torch.tensor([[0, NO_TARGET], [NO_TARGET, NO_TARGET], [1, 0]])),
    "spans": (lambda: TagHead(target_codec("tags", [["B-x", "I-x", "O"]], sequence=True), 4, small()),
              torch.tensor([[0, NO_TARGET, 1], [NO_TARGET, NO_TARGET, NO_TARGET], [1, 0, 2]])),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("training", [True, False])
def test_the_error_is_that_of_a_loop_that_skips_missing_targets(name: str, training: bool) -> None:
    make, targets = OUTPUTS[name]
    output = make().double().train(training)
    targets = targets.double() if targets.is_floating_point() else targets
    size = targets.shape[:-1] if targets.is_floating_point() else targets.shape
    vectors = vectors_of(*size, 4)
    mean, sums = output.error(vectors, targets, None)
    grads = torch.autograd.grad(mean, [vectors, *output.parameters()])
    expected = mean_of_loop(output, vectors, targets)
    close(mean, expected)
    for got, wanted in zip(
        grads, torch.autograd.grad(expected, [vectors, *output.parameters()], allow_unused=True), strict=True
    ):
        close(got, torch.zeros_like(got) if wanted is None else wanted)
    lost = targets.isnan().all(-1) if targets.is_floating_point() else targets == NO_TARGET
    assert bool((grads[0][lost] == 0).all())
    assert sums["loss"][0] / sums["loss"][1] == pytest.approx(float(expected.detach()))
    for count in (pair[1] for key, pair in sums.items() if key == "accuracy"):
        assert count == float((~lost).sum())


def test_each_column_is_measured_on_its_own_numbers() -> None:
    output = NumberHead(NumbersCodec(sequence=False, columns=["a", "b"]), 4, small()).double().eval()
    targets = torch.tensor([[0.5, NAN], [1.0, NAN], [2.0, 1.0]], dtype=torch.float64)
    vectors = vectors_of(3, 4)
    _, sums = output.error(vectors, targets, None)
    gap = (output.choice(vectors) - targets).detach()
    assert sums["square a"] == (pytest.approx(float(gap[:, 0].square().sum())), 3.0)
    assert sums["square b"] == (pytest.approx(float(gap[2, 1].square())), 1.0)
    assert output.summary(sums)["rmse b"] == pytest.approx(abs(float(gap[2, 1])))


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_at_all_is_a_zero_without_gradient(name: str) -> None:
    make, targets = OUTPUTS[name]
    output = make().double()
    nothing = (
        torch.full_like(targets.double(), NAN) if targets.is_floating_point() else torch.full_like(targets, NO_TARGET)
    )
    vectors = vectors_of(*(targets.shape[:-1] if targets.is_floating_point() else targets.shape), 4)
    mean, sums = output.error(vectors, nothing, None)
    assert float(mean.detach()) == 0.0
    assert sums["loss"] == (0.0, 0.0)
    assert all(bool((grad == 0).all()) for grad in torch.autograd.grad(mean, [vectors, *output.parameters()]))


def test_a_chain_sums_over_the_tags_that_are_missing() -> None:
    output = TagHead(target_codec("tags", [["a", "b", "c"]], sequence=True), 4, small(crf=True)).double().train()
    vectors = vectors_of(1, 4, 4)
    targets = torch.tensor([[0, NO_TARGET, 2, NO_TARGET]])
    assert output.crf is not None
    with torch.no_grad():
        output.crf.transitions.normal_()
    scores = output.readout(vectors)
    every = [torch.tensor([[0, one, 2, other]]) for one in range(3) for other in range(3)]
    expected = -torch.stack([output.crf(scores, tags) for tags in every]).logsumexp(0).sum() / 2
    mean, sums = output.error(vectors, targets, None)
    close(mean, expected)
    assert sums["loss"][1] == 2.0
    close(torch.autograd.grad(mean, vectors, retain_graph=True)[0], torch.autograd.grad(expected, vectors)[0])


def doubled(batch: Batch) -> Batch:
    """The same with its numbers in float64."""
    if batch.inputs is not None and batch.inputs.is_floating_point():
        batch.inputs = batch.inputs.double()
    return batch


def both(mode: Mode, some: list[Row], all_: list[Row]) -> tuple[Any, Any]:
    found = []
    for rows in (some, all_):
        mode.zero_grad()
        loss = mode.loss(doubled(batch_of(mode, rows)))
        loss.mean.backward()
        found.append(
            (float(loss.mean.detach()), loss.sums, [p.grad.clone() for p in mode.parameters() if p.grad is not None])
        )
    return found[0], found[1]


@pytest.mark.parametrize(
    ("name", "source", "target", "missing"),
    [
        ("one-to-one", "numbers", "numbers", [None]), ("one-to-one", "numbers", "class", ""),
        ("many-to-one", "words", "numbers", ["NA"]), ("many-to-one", "words", "class", None),
    ],
)  # fmt: skip
def test_a_row_without_a_target_changes_nothing(name: str, source: str, target: str, missing: Any) -> None:
    inputs: list[Any] = [(1.0, 2.0), (2.0, 5.0), (3.0, 1.0)] if source == "numbers" else ["a cat", "a dog ran", "cat"]
    targets: list[Any] = [[1.0], [2.0], [4.0]] if target == "numbers" else ["x", "y", "x"]
    torch.manual_seed(0)
    codec = codecs.make(source, DataConfig()).fit(inputs)
    mode = modes.build(name, codec, target_codec(target, targets, sequence=False), small()).double()
    rows = [Row(one, other) for one, other in zip(inputs, targets, strict=True)]
    gap = [*rows, Row(inputs[0], missing)]
    without, with_gap = both(mode, rows, gap)
    assert with_gap[0] == pytest.approx(without[0], rel=1e-12)
    assert with_gap[1] == {key: pytest.approx(pair) for key, pair in without[1].items()}
    for got, wanted in zip(with_gap[2], without[2], strict=True):
        close(got, wanted)


def series(*values: Any) -> list[list[Any]]:
    return [[value] for value in values]


def test_the_next_value_is_not_asked_where_it_is_filled_in() -> None:
    raw = series(1.0, None, 4.0, 2.0, None, 3.0, 5.0)
    codec = codecs.make("numbers", Config.of(missing="previous").data, sequence=True, columns=["v"]).fit([raw])
    torch.manual_seed(0)
    mode = modes.build("synced", codec, codec, small()).double().eval()
    encoded = mode.encode(Row(raw, None))
    assert [bool(math.isnan(one)) for one in encoded.target[:, 0]] == [True, False, False, True, False, False]
    assert encoded.input is not None
    assert not any(math.isnan(one) for one in encoded.input[:, 0])
    loss = mode.loss(doubled(mode.collate([encoded])))
    vectors, _ = mode.run(torch.from_numpy(encoded.input)[None].double())
    z = mode.output.choice(vectors)[0, :, 0]
    known = [(float(z[step].detach()) - float(encoded.target[step, 0])) ** 2 for step in (1, 2, 4, 5)]
    assert loss.sums["loss"] == (pytest.approx(sum(known)), 4.0)


def forecaster(how: str, **options: Any) -> Forecast:
    raw = [[float(i % 4), float(i % 3)] for i in range(12)]
    columns = ["a", "b"]
    given = codecs.make("numbers", Config.of(missing="mean").data, sequence=True, columns=columns).fit([raw])
    asked = codecs.make("numbers", DataConfig(), sequence=True, columns=columns, target=True).fit([raw])
    torch.manual_seed(0)
    mode = Forecast(given, asked, small(**options), ahead(2, how)).double()
    return mode


@pytest.mark.parametrize("how", ["direct", "recursive"])
@pytest.mark.parametrize("training", [True, False])
def test_a_forecast_is_not_asked_for_what_is_missing(how: str, training: bool) -> None:
    mode = forecaster(how).train(training)
    rows = [[float(i % 4), float(i % 3)] for i in range(8)]
    holes = [[one, None if step in (4, 5) else other] for step, (one, other) in enumerate(rows)]
    batch = doubled(batch_of(mode, [Row(rows, holes[3:])]))
    loss = mode.loss(batch)
    loss.mean.backward()
    gradient = [p.grad.clone() for p in mode.parameters() if p.grad is not None]
    full = batch_of(mode, [Row(rows, rows[3:])])
    full.inputs = batch.inputs
    truth, holed = full.targets.unfold(1, 2, 1)[0].transpose(1, 2), batch.targets.unfold(1, 2, 1)[0].transpose(1, 2)
    mode.zero_grad()
    assert batch.inputs is not None
    assert batch.input_lengths is not None
    places = torch.arange(4) + int(batch.input_lengths[0]) - 4
    naive = {"persistence": torch.zeros(4, 2, 2, dtype=torch.float64)}
    origins = (torch.zeros(4, dtype=torch.long), places)
    guess = mode.forecasts(batch.inputs, batch.input_lengths, origins, naive)
    known = ~holed[:, : guess.shape[1]].isnan()
    assert 0 < int(known.sum()) < known.numel()
    expected = (guess[..., 0] - truth[:, : guess.shape[1]])[known].square().mean()
    expected.backward()
    close(loss.mean, expected)
    for got, wanted in zip(gradient, [p.grad for p in mode.parameters() if p.grad is not None], strict=True):
        close(got, wanted)
    assert loss.sums["loss"][1] == pytest.approx(float(known.sum()) / guess.shape[1] / 2)


@pytest.mark.parametrize("quantiles", [(), (0.1, 0.5, 0.9)])
def test_the_figures_of_a_back_test_count_what_is_there(quantiles: tuple[float, ...]) -> None:
    backtest = Backtest(2, ["a", "b"], [1.0, 2.0], Quantiles(quantiles), 1)
    torch.manual_seed(3)
    guess = torch.randn(3, 2, 2, max(1, len(quantiles)), dtype=torch.float64, requires_grad=True)
    truth = torch.randn(3, 2, 2, dtype=torch.float64)
    truth[0, 1, 0] = truth[2] = NAN
    error = backtest.quantiles.error(guess, truth)
    each = []
    for k in range(3):
        for step in range(2):
            for column in range(2):
                gap = truth[k, step, column] - guess[k, step, column]
                if not gap.isnan().any():
                    shares = torch.tensor(quantiles or [0.5], dtype=torch.float64)
                    each.append(torch.maximum(shares * gap, (shares - 1) * gap).mean() if quantiles else gap[0] ** 2)
    close(error, torch.stack(each).mean())
    [gradient] = torch.autograd.grad(error, guess)
    assert bool((gradient[2] == 0).all())
    assert bool((gradient[0, 1, 0] == 0).all())
    middle = guess.detach()[..., quantiles.index(0.5) if quantiles else 0]
    sums = backtest.sums(guess.detach(), truth, {})
    summary = backtest.summary({"loss": (1.0, 1.0), **sums})
    gap = (middle - truth)[~truth.isnan()]
    assert summary["mse"] == pytest.approx(float(gap.square().mean()))
    assert summary["mae"] == pytest.approx(float(gap.abs().mean()))
    [_, second] = backtest.tables(sums)["by_step"]
    assert second["mse"] == pytest.approx(float((middle - truth)[:2, 1][~truth[:2, 1].isnan()].square().mean()))
    [_, b] = backtest.tables(sums)["by_column"]
    assert b["rmse"] == pytest.approx(2 * float((middle - truth)[:2, :, 1].square().mean().sqrt()))


def test_a_written_series_reads_the_mean_after_a_gap_and_is_not_asked_for_it() -> None:
    values = [[1.0, 2.0, 4.0], [2.0, 1.0], [3.0]]
    torch.manual_seed(0)
    source = codecs.make("words").fit(["a b", "b", "c"])
    mode = modes.build("many-to-many", source, target_codec("numbers", values, sequence=True), small()).double()
    loss = mode.loss(batch_of(mode, [Row("a b", [1.0, None, 4.0]), Row("b", [2.0, 1.0])]))
    assert loss.sums["loss"][1] == 4.0
    loss.mean.backward()
    assert all(bool(p.grad.isfinite().all()) for p in mode.parameters() if p.grad is not None)


@pytest.mark.parametrize("attention", ["none", "luong", "bahdanau"])
@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("training", [True, False])
def test_a_written_series_with_gaps_is_learned_and_scored_as_in_a_loop(
    attention: str, columns: int, training: bool
) -> None:
    """Row by row and step by step; each number that is there is asked for once, and no other."""
    full = [[1.0, 20.0], [2.0, 50.0], [4.0, 10.0], [3.0, 30.0]]
    gaps: list[list[list[float | None]]] = [
        [[1.0, None], [None, None], [4.0, 10.0], [None, 30.0]], [[None, 20.0], [2.0, 50.0]], [[3.0, None]],
    ]  # fmt: skip
    sources = ["a b", "b c a", "c"]
    target = target_codec("numbers", [[step[:columns] for step in full]], sequence=True)
    torch.manual_seed(0)
    source = codecs.make("words").fit(sources)
    mode = modes.build("many-to-many", source, target, small(attention=attention)).double().train(training)
    assert isinstance(mode, ManyToMany)
    rows = [Row(one, [step[:columns] for step in row]) for one, row in zip(sources, gaps, strict=True)]
    loss = mode.loss(doubled(batch_of(mode, rows)))
    loss.mean.backward()
    gradient = {name: p.grad.clone() for name, p in mode.named_parameters() if p.grad is not None}
    mode.zero_grad()
    squares: list[list[Tensor]] = [[] for _ in range(columns)]
    decoder = mode.decoder
    for row in rows:
        state, before = mode.start(torch.from_numpy(mode.encode(row).input)[None]), decoder.first(1)
        for step in mode.encode(row).target:
            vector, state = decoder._step(decoder.inputs(before[:, None])[:, 0], state)
            values = decoder.output.readout(vector)[0]
            for column in range(columns):
                if not math.isnan(step[column]):
                    squares[column].append((values[column] - float(step[column])).square())
            before = torch.tensor([[0.0 if math.isnan(one) else float(one) for one in step]], dtype=torch.float64)
    expected = torch.stack([one for each in squares for one in each]).mean()
    expected.backward()
    close(loss.mean, expected)
    for name, parameter in mode.named_parameters():
        if parameter.grad is not None:
            close(gradient[name], parameter.grad)
    summary = mode.summary(loss.sums)
    assert isinstance(target, NumbersCodec)
    for column, each in enumerate(squares):
        figure = "rmse" if columns == 1 else f"rmse {target.columns[column]}"
        rmse = float(torch.stack(each).mean().sqrt().detach()) * float(target.deviation[column])
        assert summary[figure] == pytest.approx(rmse)


def test_simple_guesses_are_made_and_measured_without_missing_targets() -> None:
    codec = codecs.make("numbers", DataConfig()).fit([(1.0,), (2.0,)])
    labels = target_codec("class", ["a", "b"], sequence=False)
    mode = modes.build("one-to-one", codec, labels, small())
    train = [mode.encode(Row((1.0,), one)) for one in ("a", "", "a", "", "b")]
    dev = [mode.encode(Row((1.0,), one)) for one in ("a", "", "b", "")]
    found = baseline(mode, train, dev, own_future=False)
    assert found is not None
    assert found.values == {"majority class": 0.5}
    numbers = modes.build("one-to-one", codec, target_codec("numbers", [[1.0], [3.0]], sequence=False), small())
    train = [numbers.encode(Row((1.0,), [one])) for one in (1.0, None, 3.0)]
    dev = [numbers.encode(Row((1.0,), [one])) for one in (4.0, None)]
    found = baseline(numbers, train, dev, own_future=False)
    assert found is not None
    assert found.values["mean"] == pytest.approx(2.0)


@pytest.mark.parametrize("missing", ["mean", "previous"])
def test_persistence_repeats_the_last_value_that_was_there(missing: str) -> None:
    raw = series(1.0, 3.0, None, None, 4.0, 2.0)
    codec = codecs.make("numbers", Config.of(**{"missing": missing}).data, sequence=True, columns=["v"])
    codec.fit([raw])
    mode = modes.build("synced", codec, codec, small())
    rows = [mode.encode(Row(raw, None))]
    found = baseline(mode, rows, rows, own_future=True)
    assert found is not None
    # 1 -> 3, 3 -> 4 over the gap, 4 -> 2
    assert found.values["persistence"] == pytest.approx(math.sqrt((4 + 1 + 4) / 3), rel=1e-5)


def test_tags_that_are_missing_are_in_no_baseline() -> None:
    inputs, tags = [["u", "v", "u"]], [["a", None, "a"]]
    mode = modes.build(
        "synced", codecs.make("words").fit(inputs), target_codec("tags", [["a", "b"]], sequence=True), small()
    )
    rows = [mode.encode(Row(inputs[0], tags[0]))]
    found = baseline(mode, rows, rows, own_future=False)
    assert found is not None
    assert found.values["most frequent label per symbol"] == 1.0
    assert isinstance(mode.output, SymbolHead)
    assert mode.eval().loss(mode.collate(rows)).sums["accuracy"][1] == 2.0


@pytest.mark.parametrize(("missing", "filled"), [("mean", 0.0), ("mask", math.nan)])
def test_naive_forecasts_repeat_no_value_that_was_filled_in(missing: str, filled: float) -> None:
    """Season 3, two ahead: the sources are in the past (before what is asked) and in what is asked itself."""
    series = [1.0, 2.0, None, 4.0, 5.0, None, 7.0, 8.0, 9.0]
    own = torch.tensor([[filled if value is None else value for value in series[:7]]])[:, :, None]
    truth = torch.tensor([[math.nan if value is None else value for value in series[4:]]])[:, :, None]
    there = last_known(own, truth, torch.tensor([4]), filled=0.0 if missing == "mean" else None)
    assert there[0, :, 0].tolist() == [1, 2, 2, 4, 5, 5, 7]
    places = torch.tensor([[3, 4, 5, 6]])
    assert naive_steps(there, places, 2, 1)[0, :, 0, 0].tolist() == [4, 5, 5, 7]
    assert naive_steps(there, places, 2, 3)[0, :, :, 0].tolist() == [[2, 2], [2, 4], [4, 5], [5, 5]]


@pytest.mark.parametrize("missing", ["mean", "previous"])
def test_the_error_of_a_half_empty_series_is_that_against_the_values_that_are_there(
    missing: str, tmp_path: Path
) -> None:
    """The figure that is printed, computed again from single predictions and the whole truth."""
    draw = np.random.default_rng(3)
    truth = 50 + 10 * np.sin(np.arange(90) / 5) + draw.normal(size=90)
    held = 90 - 9
    there = (draw.random(90) < 0.5) | (np.arange(90) == held)
    cells = [f"{value:.6f}" if known else "" for value, known in zip(truth, there, strict=True)]
    file = tmp_path / "half.csv"
    file.write_text("step,value\n" + "".join(f"{step},{cell}\n" for step, cell in enumerate(cells, 1)))
    options = {"hidden_size": 8, "max_steps": 5, "seed": 1, "device": "cpu", "progress": False}
    model = recur.fit(file, missing=missing, **options)
    values = [float(cell) if cell else None for cell in cells]
    asked = [step for step in range(1, 90) if there[step]]
    gaps = [model.predict([values[:step]], length=1)[0].value[0] - truth[step] for step in asked]
    assert model.evaluate(file)["rmse"] == pytest.approx(float(np.sqrt(np.mean(np.square(gaps)))), rel=1e-5)
    # the naive figure beside it: the last value that was there, in the part that is held out
    sources = {step: max(at for at in range(held, step) if there[at]) for step in range(held + 1, 90) if there[step]}
    naive = [truth[before] - truth[step] for step, before in sources.items()]
    assert model.metrics["baseline"]["persistence"] == pytest.approx(np.sqrt(np.mean(np.square(naive))), rel=1e-4)
