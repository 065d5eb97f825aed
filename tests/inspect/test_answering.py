"""Errors and shares are at the part, layer and step that answer; all three paths add up to what autograd gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from recur import codecs, continuation, modes
from recur import inspect as inspector
from recur.modes import Mode
from recur.nn import CRF
from tests.inspect.test_every_network import forecaster, network
from tests.modes.helpers import Row, batch_of, build, rows, small
from tests.tolerances import close


def answering(mode: Mode, value: Any, **options: Any) -> dict[str, list[int]]:
    """The steps, from 1, at which copies of each layer show an error."""
    layers = inspector.explain(mode, value, **options)["unrolled"]["layers"]
    return {
        layer["name"]: sorted(copy["step"] for copy in layer["copies"] if copy["error"] is not None) for layer in layers
    }


TEXT = "the dog ran to"


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_error_of_a_class_is_at_the_copy_computed_last(pooling: str, layers: int) -> None:
    mode = build("many-to-one", "words", "class", pooling=pooling, num_layers=layers, bidirectional=True)
    found = answering(mode, TEXT)
    last = {f"layer {layers}": [4], f"layer {layers} backwards": [1]}
    lower = {"layer 1": [], "layer 1 backwards": []} if layers == 2 else {}
    assert found == {**lower, **last}
    one_way = build("many-to-one", "words", "class", pooling=pooling, bidirectional=False)
    assert answering(one_way, TEXT) == {"layer 1": [4]}
    reads = {"last": "the last state", "mean": "the mean of all states", "max": "the maximum of all states"}
    assert inspector.explain(one_way, TEXT)["unrolled"]["layers"][0]["reads"] == reads[pooling]


@pytest.mark.parametrize("attention", ["none", "bahdanau", "luong"])
@pytest.mark.parametrize("at", [1, 2])
def test_the_errors_of_a_translation_are_at_the_decoder(attention: str, at: int) -> None:
    mode = build("many-to-many", "words", "tags", attention=attention, num_layers=2)
    mode.decoder.output.readout.bias.data[mode.decoder.symbols.end] = -9  # it writes more than one
    found = inspector.explain(mode, TEXT, at=at)
    for layer in found["unrolled"]["layers"]:
        errors = [copy["error"] for copy in layer["copies"]]
        answers = layer["name"] == "decoder layer 2"
        assert [error is not None for error in errors] == [answers] * len(errors), layer["name"]
    assert {one["part"] for one in found["flow"]["errors"]} == {"decoder"}
    layers = {layer["name"]: layer for layer in found["flow"]["layers"]}
    assert layers["decoder layer 2"]["asked"] == at
    assert layers["encoder layer 1"]["asked"] == 4
    assert layers["encoder layer 1 backwards"]["asked"] == 1
    # what is written after the place cannot have caused it
    assert not any(layers["decoder layer 2"]["norms"]["message"][at:])


def test_a_tag_in_the_middle_is_followed_from_its_own_step() -> None:
    mode = build("synced", "words", "tags", bidirectional=True)
    layers = {layer["name"]: layer for layer in inspector.explain(mode, TEXT, at=2)["flow"]["layers"]}
    assert layers["layer 1"]["sentence"].startswith("step 1 (the) receives")
    assert "of the gradient of step 2" in layers["layer 1"]["sentence"]
    assert layers["layer 1 backwards"]["sentence"].startswith("step 4 (to) receives")
    assert "of the gradient of step 2" in layers["layer 1 backwards"]["sentence"]
    assert answering(mode, TEXT) == {"layer 1": [1, 2, 3, 4], "layer 1 backwards": [1, 2, 3, 4]}


def test_the_copy_that_answers_is_shown_in_a_long_sequence() -> None:
    mode = build("synced", "words", "tags", bidirectional=True)
    for layer in inspector.explain(mode, " ".join(["dog"] * 60), at=20)["unrolled"]["layers"]:
        assert 20 in [copy["step"] for copy in layer["copies"]]
        assert layer["skipped"] + len(layer["copies"]) + layer["left"] == 60


CASES: list[tuple[str, str | None, str | None, dict[str, Any]]] = [
    *(("many-to-one", "words", "class", {"pooling": how, "bidirectional": ways, "num_layers": layers})
      for how in ("last", "mean", "max") for ways in (True, False) for layers in (1, 2)),
    ("many-to-one", "roll", "numbers", {}),
    ("synced", "words", None, {}),
    ("synced", "series", None, {}),
    ("synced", "roll", None, {}),
    ("synced", "melody", None, {"cell": "gru"}),
    ("synced", "words", "tags", {"num_layers": 2}),
    ("synced", "words", "tags", {"crf": True}),
    ("synced", "words", "spans", {"crf": True, "bidirectional": False}),
    ("one-to-one", "pictures", "class", {"convolutions": [4]}),
    ("one-to-many", None, "words", {}),
    ("one-to-many", "class", "roll", {}),
    ("many-to-many", "words", "words", {"attention": "bahdanau", "input_feeding": True}),
    ("many-to-many", "words", "series", {"attention": "luong"}),
]  # fmt: skip


def check_paths(mode: Mode, batch: Any) -> None:
    """Assert that the shares of W_hy and of both matrices of every layer add up to autograd's gradients."""
    mode.zero_grad()
    error = mode.loss(batch).mean
    error.backward()
    found = inspector.ledger(mode, batch)
    assert found.error == pytest.approx(error.item(), rel=1e-10)
    readout = next(m for name, m in mode.named_modules() if name.endswith("readout"))
    for name, expected in (("W_hy", readout.weight.grad), ("b_y", readout.bias.grad)):
        close(torch.from_numpy(found.readout[name].shares().sum(0)), expected, name)
    assert len(found.read_at) == len(found.readout["W_hy"].fraction)
    for layer in found.layers:
        kinds = {path.kind for path in layer.paths.values()}
        assert {"input to hidden", "hidden to hidden"} <= kinds
        recurrent = next(
            m for name, m in mode.named_modules()
            if name == f"{layer.place.part}.layer" or (layer.place.part == "decoder" and name == "decoder.stack.layer")
        )  # fmt: skip
        for part in recurrent.layout.levels[layer.place.layer].bindings[layer.place.direction].parts:
            for own in part.own:
                close(torch.from_numpy(layer.paths[part.name].shares().sum(0)), getattr(recurrent, own).grad, part.name)


@pytest.mark.parametrize(("name", "source", "target", "options"), CASES)
def test_the_three_paths_add_up_to_the_gradient_of_ragged_rows(
    name: str, source: str | None, target: str | None, options: dict[str, Any]
) -> None:
    mode, _, examples = network(name, source, target, **options)
    mode = mode.double().eval()
    batch = batch_of(mode, examples)
    batch.inputs = (
        batch.inputs.double() if batch.inputs is not None and batch.inputs.is_floating_point() else batch.inputs
    )
    if batch.targets.is_floating_point():
        batch.targets = batch.targets.double()
    check_paths(mode, batch)


@pytest.mark.parametrize("how", ["direct", "recursive"])
def test_the_three_paths_of_a_forecast_add_up(how: str) -> None:
    mode, series = forecaster(how, "last")
    mode = mode.double()
    batch = batch_of(mode, [Row(series, series[1:]), Row(series[:12], series[1:12])])
    batch.inputs, batch.targets = batch.inputs.double(), batch.targets.double()  # type: ignore[union-attr]
    # in training: one step of a recursive network, which has no dropout here
    mode.train()
    mode.zero_grad()
    error = mode.loss(batch).mean
    error.backward()
    found = inspector.ledger(mode, batch)
    assert found.error == pytest.approx(error.item(), rel=1e-10)
    close(torch.from_numpy(found.readout["W_hy"].shares().sum(0)), mode.readout.weight.grad, "W_hy")
    [layer] = found.layers
    close(torch.from_numpy(layer.paths["W_hh"].shares().sum(0)), mode.stack.layer.weight_hh_l0.grad, "W_hh")


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_of_a_pooled_answer_every_step_that_is_read_has_its_share(pooling: str) -> None:
    mode = build("many-to-one", "words", "class", pooling=pooling, bidirectional=False).double()
    batch = batch_of(mode, rows("words", "class")[2:3])
    outputs, _ = mode.stack(mode.inputs(batch.inputs))
    [ledger_] = [inspector.ledger(mode, batch)]
    states, d_z = outputs[0].detach(), torch.from_numpy(ledger_.d_z)
    each = states / len(states)
    if pooling == "max":
        each = torch.where(torch.arange(len(states))[:, None] == states.argmax(0), states, 0.0)
    close(torch.from_numpy(ledger_.readout["W_hy"].shares()), torch.einsum("nv,th->tvh", d_z, each), pooling)


def test_the_readout_of_both_directions_is_shared_between_their_last_copies() -> None:
    mode = build("many-to-one", "words", "class", bidirectional=True).double()
    batch = batch_of(mode, rows("words", "class")[2:3])
    found = inspector.ledger(mode, batch)
    shares = found.readout["W_hy"].shares()
    assert np.abs(shares[0, :, 8:]).sum() > 0
    assert np.abs(shares[-1, :, :8]).sum() > 0
    assert not shares[1:-1].any()
    assert not shares[0, :, :8].any()


def brute(crf: CRF, z: torch.Tensor) -> dict[tuple[int, ...], float]:
    """p of every chain of tags."""
    from itertools import product

    chains = list(product(range(crf.size), repeat=len(z)))
    scores = torch.stack(
        [
            crf._score(z[None], torch.tensor([c]), torch.tensor([len(z)]), torch.ones(1, len(z), dtype=bool))[0]
            for c in chains
        ]
    )
    return dict(zip(chains, scores.softmax(0).tolist(), strict=True))


def test_the_probability_of_a_tag_of_a_chain_is_over_all_chains() -> None:
    torch.manual_seed(0)
    crf = CRF(3).double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    z, lengths = torch.randn(2, 4, 3, dtype=torch.float64), torch.tensor([4, 2])
    marginals, tags = crf.marginals(z, lengths).exp(), torch.tensor([[0, 2, 1, 1], [2, 0, 0, 0]])
    conditionals = crf.conditionals(z, tags, lengths)
    close(conditionals.sum(1), crf(z, tags, lengths), "the chain rule")
    assert not conditionals[1, 2:].any()
    for row, steps in enumerate(lengths.tolist()):
        chains = brute(crf, z[row, :steps])
        for t in range(steps):
            expected = [sum(p for chain, p in chains.items() if chain[t] == k) for k in range(3)]
            np.testing.assert_allclose(marginals[row, t].detach().numpy(), expected, rtol=1e-9)


def test_a_chain_of_tags_is_explained_by_its_own_answer_and_probability() -> None:
    mode = build("synced", "words", "tags", crf=True).double()
    torch.nn.init.normal_(mode.output.crf.transitions, std=2.0)
    best, _ = mode.output.best(mode.run(torch.from_numpy(mode.encode_input(TEXT))[None])[0], None)
    for at in range(1, 5):
        question = inspector.ask(mode, TEXT, at=at)
        assert question.options[0].target == int(best[0, at - 1])
        found = inspector.influence(mode, TEXT, at=at)
        assert np.log(question.options[0].probability or 0) == pytest.approx(found.output, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 6])
def test_the_value_that_is_explained_is_the_value_that_is_answered(steps: int) -> None:
    torch.manual_seed(0)
    mode = modes.build(
        "synced", codecs.make("numbers", sequence=True).fit([[1.0, 2.0, 3.0, 5.0]]), None, small(), ahead=4
    )
    series = [1.0, 2.5, 3.0, 1.5, 4.0, 2.0][:steps]
    [answer] = continuation.predict(mode, [series])
    found = inspector.explain(mode, series)
    assert found["question"]["options"][0]["label"] == f"{answer.value[0]:.4g}"
    # of a series shorter than the steps ahead, what is read before it is shown
    assert found["input"]["items"][: max(0, 4 - steps)] == ["(mean)"] * max(0, 4 - steps)
