"""Three cells of the literature that no framework has, written as equations, as a user would."""

from __future__ import annotations

from recur import equation
from recur.equations import layer_norm, sigmoid, split, tanh


@equation(x="X", h="H", c="H", W_xm="H X", W_hm="H H", W_xh="4H X", W_mh="4H H", b="4H")
def multiplicative_lstm(x, h, c, W_xm, W_hm, W_xh, W_mh, b):  # type: ignore[no-untyped-def]
    """Multiplicative LSTM: the input chooses how the past enters the gates.

    Source: B. Krause, L. Lu, I. Murray, S. Renals (2016), Multiplicative LSTM for sequence modelling.
    """
    m = (W_xm @ x) * (W_hm @ h)
    i, f, g, o = split(W_xh @ x + W_mh @ m + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h, c


@equation(x="X", h="H", W_xh="2H X", W_hh="2H H", b="2H")
def update_gate_rnn(x, h, W_xh, W_hh, b):  # type: ignore[no-untyped-def]
    """Update gate RNN (UGRNN): one gate between the old state and a new one.

    Source: J. Collins, J. Sohl-Dickstein, D. Sussillo (2017), Capacity and trainability in recurrent neural networks.
    """
    g, c = split(W_xh @ x + W_hh @ h + b, 2)
    g = sigmoid(g)
    h = g * h + (1 - g) * tanh(c)
    return h


@equation(
    x="X", h="H", c="H", W_xh="3H X", W_hh="3H H", b="3H", g_x="3H = 1", g_h="3H = 1", g_c="H = 1", b_c="H = 0"
)  # fmt: skip
def coupled_lstm_layernorm(x, h, c, W_xh, W_hh, b, g_x, g_h, g_c, b_c):  # type: ignore[no-untyped-def]
    """LSTM with coupled gates, i = 1 - f, and layer normalisation of both products and of the cell state.

    Sources: K. Greff et al. (2017), LSTM: a search space odyssey (CIFG); J. L. Ba et al. (2016), Layer normalization.
    """
    f, g, o = split(layer_norm(W_xh @ x, g_x) + layer_norm(W_hh @ h, g_h) + b, 3)
    f = sigmoid(f)
    c = f * c + (1 - f) * tanh(g)
    h = sigmoid(o) * tanh(layer_norm(c, g_c, b_c))
    return h, c


CELLS = [multiplicative_lstm, update_gate_rnn, coupled_lstm_layernorm]
