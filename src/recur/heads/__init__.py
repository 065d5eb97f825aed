"""Heads: the readout and the error of each kind of target.

symbols    z_t = W_hy h_t + b_y    e_t = -log softmax(z_t)[y_t]
tags       the same at every step, or all steps of a row together (a linear-chain CRF)
numbers    z_t = W_hy h_t + b_y    e_t = mean over columns of (z_t - y_t)^2, standardised
events     z_t = W_hy h_t + b_y    e_t = sum over keys of their binary cross entropies
forecast   z_t = W_hy h_t + b_y    e_t = mean over steps ahead and columns of (n_t + z_t - y_t)^2, or the pinball loss
"""

from recur.heads.build import build_head
from recur.heads.head import Head
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead

__all__ = ["Head", "Prediction", "StepHead", "build_head"]
