"""What a network consists of."""

from __future__ import annotations

import pytest
from torch import nn

from recur.equations import get
from recur.nn import GRU, LSTM, Embedding, Readout, Recurrent, summarize
from recur.nn.summary import sizes_of


@pytest.mark.parametrize(
    "layer",
    [
        LSTM(3, 5, num_layers=2, bidirectional=True),
        LSTM(3, 5, proj_size=2),
        GRU(3, 5, bias=False),
        Recurrent("indrnn", 3, [5, 4]),
        Recurrent("lstm", 3, 5, learn_initial_state=True),
    ],
    ids=repr,
)
def test_every_parameter_is_counted_once(layer: nn.Module) -> None:
    total = summarize(layer).total
    assert total.parameters == sum(p.numel() for p in layer.parameters())
    assert total.bytes == 4 * total.parameters


def test_a_shared_matrix_is_counted_once() -> None:
    embedding = Embedding(7, 5)
    network = nn.ModuleDict({"embedding": embedding, "readout": Readout(5, 7, tied=embedding)})
    assert summarize(network).total.parameters == 7 * 5 + 7


def test_a_row_for_every_layer_and_direction() -> None:
    names = [one.name for one in summarize(nn.Sequential(LSTM(3, 5, num_layers=2, bidirectional=True))).layers]
    assert names == ["0.l0", "0.l0_reverse", "0.l1", "0.l1_reverse"]


def test_operations_of_an_lstm_step() -> None:
    # products of (20, 3) and (20, 5); two sums of 20, three sigmoids and two tanh of 5, three products and a sum of 5
    [one] = summarize(Recurrent("lstm", 3, 5)).layers
    assert one.operations == 2 * 20 * 3 + 2 * 20 * 5 + 2 * 20 + (3 + 2 + 3 + 1) * 5


def test_it_is_a_table_in_text_and_in_a_notebook() -> None:
    found = summarize(LSTM(3, 5))
    assert "parameters" in str(found).splitlines()[0]
    assert str(found).splitlines()[-1].split() == ["total", "200", "0.8", "kB", "405"]
    assert found._repr_html_().count("<tr>") == 3


def test_the_sizes_of_an_equation_are_those_of_its_layers_alone() -> None:
    cell, other = get("indrnn"), get("gru")
    network = nn.ModuleList([Recurrent(cell, 3, [5, 4], 2), Recurrent(other, 7, 7)])
    assert [dict(sizes) for sizes in sizes_of(network, cell)] == [{"X": 3, "H": 5}, {"X": 5, "H": 4}]
