"""The exponential moving average."""

from recur.equations.language import sigmoid
from recur.equations.trace import equation


@equation(x="H", h="H", decay="H = 2.2")
def moving_average(x, h, decay):
    """Exponential moving average with one learned decay for each column; input and state have one size.

    Source: R. G. Brown (1956), Exponential smoothing for predicting demand.
    """
    a = sigmoid(decay)
    h = a * h + (1 - a) * x
    return h
