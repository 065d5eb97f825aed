"""Parameters of recurrences by part, layer and direction."""

from __future__ import annotations

import pytest
import torch

from recur.nn import GRU, LSTM, Recurrent
from recur.nn.layer_positions import LayerPosition, parameter_positions


class Network(torch.nn.Module):
    """Two parts, one of them with a readout that is no recurrence."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = torch.nn.ModuleDict({"layer": LSTM(2, 3, 2, bidirectional=True)})
        self.decoder = GRU(2, 3)
        self.readout = torch.nn.Linear(3, 2)


def test_every_parameter_of_a_recurrence_has_its_place_and_no_other() -> None:
    network = Network()
    found = {id(value): place for value, place in parameter_positions(network)}
    assert found[id(network.stack["layer"].weight_hh_l1_reverse)] == LayerPosition("stack", 1, 1)
    assert found[id(network.stack["layer"].bias_ih_l0)] == LayerPosition("stack", 0, 0)
    assert found[id(network.decoder.weight_ih_l0)] == LayerPosition("decoder", 0, 0)
    assert len(found) == 4 * 4 + 4
    assert id(network.readout.weight) not in found


def test_names_of_the_equation_have_places_too() -> None:
    layer = Recurrent("minimal_gated_unit", 2, 3)
    network = torch.nn.ModuleDict({"encoder": layer})
    assert {id(value) for value, _ in parameter_positions(network)} == {id(value) for value in layer.parameters()}


@pytest.mark.parametrize(
    ("place", "shown"),
    [(LayerPosition("stack", 0, 0), "layer 1"), (LayerPosition("encoder", 1, 1), "encoder layer 2 backwards")],
)
def test_a_place_is_counted_from_one_for_people(place: LayerPosition, shown: str) -> None:
    assert str(place) == shown
