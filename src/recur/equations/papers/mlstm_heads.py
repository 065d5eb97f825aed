"""The LSTM with a matrix for the memory of each of several heads."""

from recur.equations.language import absolute, exp, maximum, sigmoid, softplus, split, sqrt
from recur.equations.matrices import by_head, dot, outer
from recur.equations.trace import equation
from recur.equations.vectors import count


@equation(x="X", h="H", C="H H / heads", n="H", m="heads", W_x="4H X", W_i="heads X", W_f="heads X", b="4H",
          b_i="heads", b_f="heads = 3")  # fmt: skip
def mlstm_heads(x, h, C, n, m, W_x, W_i, W_f, b, b_i, b_f):
    """mLSTM with heads: each has a matrix memory, its own exponential gates and its own stabiliser m.

    Source: M. Beck et al. (2024), xLSTM: extended long short-term memory, arXiv:2405.04517, equations 19 to 27.
    """
    q, k, v, o = split(W_x @ x + b, 4)
    k = k / sqrt(count(k) / count(m))
    i, f = W_i @ x + b_i, -softplus(-(W_f @ x + b_f))
    top = maximum(f + m, i)
    i, f = exp(i - top), exp(f + m - top)
    C = by_head(f, C) * C + outer(by_head(i, v) * v, k, "heads")
    n = by_head(f, n) * n + by_head(i, k) * k
    scale = maximum(absolute(dot(n, q, "heads")), exp(-top))
    h = sigmoid(o) * (C @ q) / by_head(scale, q)
    return h, C, n, top
