"""A layer of spiking neurons."""

from recur.equations.language import sigmoid
from recur.equations.surrogates import step, stop_gradient
from recur.equations.trace import equation


@equation(x="X", s="H", v="H", W_xs="H X", W_ss="H H", decay="H = 2.2", threshold="H = 1")
def leaky_integrate_and_fire(x, s, v, W_xs, W_ss, decay, threshold):
    """Leaky integrate-and-fire neurons: a potential that leaks, spikes at a threshold, and is reduced by it.

    The spike has the derivative of a fast sigmoid.

    Source: J. K. Eshraghian et al. (2023), Training spiking neural
    networks using lessons from deep learning, equations 6 and 7; E. Neftci et al. (2019).
    """
    v = sigmoid(decay) * v + W_xs @ x + W_ss @ s - stop_gradient(s) * threshold
    s = step(v - threshold, surrogate="fast_sigmoid", slope=25)
    return s, v
