"""The real-gated linear recurrent unit."""

from recur.equations.language import exp, sigmoid, softplus, split, sqrt
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="3H X", b="3H", decay="H = -4.3")
def gated_linear_recurrence(x, h, W_xh, b, decay):
    """Real-gated linear recurrent unit (RG-LRU): a decay that the input gates, and an input scaled to keep the norm.

    Source: S. De et al. (2024), Griffin, arXiv:2402.19427, equations 1 to 4.
    """
    n, r, i = split(W_xh @ x + b, 3)
    log_a = -8 * softplus(decay) * sigmoid(r)
    h = exp(log_a) * h + sqrt(1 - exp(2 * log_a) + 1e-6) * (sigmoid(i) * n)
    return h
