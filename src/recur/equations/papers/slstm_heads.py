"""The LSTM with exponential gates and several heads."""

from recur.equations.language import exp, maximum, sigmoid, softplus, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", n="H", m="H", W_xh="4H X", R_i="H H / heads", R_f="H H / heads", R_g="H H / heads",
          R_o="H H / heads", b="4H")  # fmt: skip
def slstm_heads(x, h, c, n, m, W_xh, R_i, R_f, R_g, R_o, b):
    """sLSTM with heads: its units mix their states within each head, and not between heads.

    What slstm says of rounding and of the bias of the input gate holds here too.

    Source: M. Beck et al. (2024), xLSTM: extended long short-term memory, section 2.2, equations 8 to 17.
    """
    i, f, g, o = split(W_xh @ x + b, 4)
    i, f, g, o = i + R_i @ h, f + R_f @ h, g + R_g @ h, o + R_o @ h
    keep = m - softplus(-f)
    top = maximum(keep, i)
    i, f = exp(i - top), exp(keep - top)
    c = f * c + i * tanh(g)
    n = f * n + i
    h = sigmoid(o) * c / maximum(n, 1e-6)
    return h, c, n, top
