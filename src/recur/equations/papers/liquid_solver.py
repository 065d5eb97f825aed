"""The liquid time-constant network with the solver of its paper."""

from recur.equations.language import relu, sigmoid, softplus
from recur.equations.trace import equation


@equation(x="X", dt="1 input", h="H", W_xh="H X", W_hh="H H", b="H", reversal="H", rate="H")
def liquid_solver(x, dt, h, W_xh, W_hh, b, reversal, rate):
    """Liquid time-constant network (LTC) with six fused Euler steps for each step of the data, as in the experiments.

    Source: R. Hasani et al. (2021), Liquid time-constant networks, equation 1, and algorithm 1 with L = 6.
    """
    drive, dt = W_xh @ x + b, relu(dt) / 6
    for _ in range(6):
        f = sigmoid(drive + W_hh @ h)
        h = (h + dt * f * reversal) / (1 + dt * (softplus(rate) + f))
    return h
