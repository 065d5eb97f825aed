"""torch.compile and torch.export see one operator a recurrence, without a graph break."""

import io

import pytest
import torch
from torch import nn
from torch.export import Dim

from recur.engine import torch_state
from recur.engine.native.library import core
from recur.engine.native.torch_operators import recurrence
from recur.equations import equation, exp, mean, relu, sigmoid, tanh
from recur.equations.papers.short_attention import short_attention
from recur.nn import GRU, LSTM, RNN, Recurrent
from recur.nn.tracing import traced_key

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def without_bias(x, h, W_xh, W_hh):
    return tanh(W_xh @ x + W_hh @ h)


@equation(x="X", h="H", W="H X", U="H H", nu="H", q="H", s="1")
def decay_of_parameters(x, h, W, U, nu, q, s):
    return exp(-exp(nu)) * h + tanh(W @ x + (U @ q) * s) * mean(nu)


@equation(x="X", h="H", c="1", m="H", W="H X", U="H H", w="1 H")
def a_number_and_a_state_of_the_input(x, h, c, m, W, U, w):
    return tanh(U @ h + m) * sigmoid(c), w @ h, relu(W @ x)


@equation(x="X", h="H+P", W="H+P X", U="H+P H+P", V="P H+P")
def sizes_that_are_sums(x, h, W, U, V):
    return tanh(W @ x + U @ h) * mean(V @ h)


LAYERS = {
    "rnn": lambda: RNN(5, 7),
    "gru both ways": lambda: GRU(5, 7, num_layers=2, bidirectional=True, batch_first=True),
    "lstm projected": lambda: LSTM(5, 7, proj_size=3),
    "recurrent dropout": lambda: LSTM(5, 7, recurrent_dropout=0.2, zoneout=0.1),
    "own cell": lambda: Recurrent(without_bias, 5, 7),
    "parameters alone": lambda: Recurrent(decay_of_parameters, 5, 7),
    "a number": lambda: Recurrent(a_number_and_a_state_of_the_input, 5, 7),
    "sums of sizes": lambda: Recurrent(sizes_that_are_sums, 5, 7, sizes={"P": 3}),
}


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize("name", LAYERS)
def test_there_is_no_graph_break(name):
    found = torch._dynamo.explain(LAYERS[name]())(torch.randn(4, 3, 5))
    assert found.graph_break_count == 0, found.break_reasons


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "recurrent dropout"])
def test_a_compiled_layer_gives_the_same_outputs_and_gradients(name):
    layer = LAYERS[name]()
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    for shape in ((4, 3, 5), (6, 2, 5)):
        x = torch.randn(shape, requires_grad=True)
        found = {}
        for which, module in (("compiled", compiled), ("plain", layer)):
            y, _ = module(x)
            found[which] = [y, *torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])]
        for a, b in zip(found["compiled"], found["plain"], strict=True):
            torch.testing.assert_close(a, b)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 5)
        self.layer = LSTM(5, 7, num_layers=2, batch_first=True, bidirectional=True)
        self.readout = nn.Linear(14, 3)

    def forward(self, words, lengths=None):
        y, _ = self.layer(self.embedding(words), lengths=lengths)
        return self.readout(y)


def test_lengths_are_looked_at_when_the_program_runs():
    network = Tagger()
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    words, lengths = torch.randint(0, 20, (4, 6)), torch.tensor([6, 2, 0, 3])
    torch.testing.assert_close(compiled(words, lengths), network(words, lengths))
    with pytest.raises(Exception, match="a length is not from 0 to T"):
        compiled(words, torch.tensor([7, 2, 0, 3]))


@torch.no_grad()
def test_an_exported_program_takes_any_batch_and_time_and_is_loaded_again():
    core()  # or the reason why there is none: the kernel of torch that stands in for it takes T for a constant
    network = Tagger().eval()
    shapes = {"words": {0: Dim("B", min=2), 1: Dim("T", min=2)}}
    exported = torch.export.export(network, (torch.randint(0, 20, (4, 6)),), dynamic_shapes=shapes)
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    program = torch.export.load(file).module()
    for shape in ((3, 9), (2, 2)):
        words = torch.randint(0, 20, shape)
        torch.testing.assert_close(program(words), network(words))


@torch.no_grad()
@pytest.mark.parametrize("name", ["parameters alone", "a number", "sums of sizes"])
def test_an_own_cell_is_exported(name):
    layer = LAYERS[name]().eval()
    x = torch.randn(4, 3, 5)
    exported = torch.export.export(layer, (x,))
    assert any("recur.recurrence" in str(node.target) for node in exported.graph.nodes)
    torch.testing.assert_close(exported.module()(x)[0], layer(x)[0])
    if torch_state.SETS_UNDER_COMPILE:
        assert layer.backend_report().ran == "native"


def test_a_cell_that_only_torch_operations_compute_runs_between_two_traced_parts():
    layer = Recurrent(short_attention, 5, 7, sizes={"K": 3})
    x = torch.randn(4, 3, 5, requires_grad=True)
    found = {}
    for which, module in (("compiled", torch.compile(layer, backend="aot_eager")), ("plain", layer)):
        y, _ = module(x)
        found[which] = [y, *torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])]
    assert layer.backend_report().ran == "eager"
    torch.testing.assert_close(found["compiled"], found["plain"])
    torch.testing.assert_close(torch.export.export(layer.eval(), (x.detach(),)).module()(x.detach())[0], layer(x)[0])


def test_torchs_own_check_of_operators_passes():
    layer = LSTM(5, 7)
    key, *_ = traced_key(layer, 0, 0, False, "", "")
    states = [torch.randn(3, 7, requires_grad=True) for _ in range(2)]
    bias = torch.randn(28, requires_grad=True)
    x = torch.randn(4, 3, 5, requires_grad=True)
    matrices = [layer.weight_ih_l0, layer.weight_hh_l0]
    torch.library.opcheck(recurrence, (key, x, states, matrices, [bias], None, None, [], True))


def test_checkpointing_runs_a_layer_again():
    layer = GRU(5, 7)
    x = torch.randn(4, 3, 5, requires_grad=True)
    (expected,) = torch.autograd.grad(layer(x)[0].sum(), x)
    again = torch.utils.checkpoint.checkpoint(lambda x: layer(x)[0], x, use_reentrant=False)
    (found,) = torch.autograd.grad(again.sum(), x)
    assert torch.equal(found, expected)
