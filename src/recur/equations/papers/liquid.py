"""The liquid time-constant network."""

from recur.equations.language import relu, sigmoid, softplus
from recur.equations.trace import equation


@equation(x="X", dt="1 input", h="H", W_xh="H X", W_hh="H H", b="H", reversal="H", rate="H")
def liquid(x, dt, h, W_xh, W_hh, b, reversal, rate):
    """Liquid time-constant network (LTC): the input changes how fast a unit follows it; one fused Euler step.

    Source: R. Hasani et al. (2021), Liquid time-constant networks, equation 1 and algorithm 1.
    """
    f = sigmoid(W_xh @ x + W_hh @ h + b)
    dt = relu(dt)
    h = (h + dt * f * reversal) / (1 + dt * (softplus(rate) + f))
    return h
