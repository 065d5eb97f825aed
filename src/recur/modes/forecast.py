"""Forecast: at every step of a series, all of the next H steps of the columns that are asked for.

           x_2..x_4 x_3..x_5 x_4..x_6           H = 3
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    direct      z_t = W_hy h_t + b_y            all H steps at once
    recursive   z_t = W_hy h_t + b_y            one step; read as if it had been observed, it gives the next one

    the forecast of x_{t+1} ... x_{t+H} is  n_t + z_t,  where n_t is nothing, the last value x_t, or the value one
    season before each of the steps (``relative_to``)

Where a forecast is relative to an earlier value, the network also reads how far each value is from the one so far
before it, x_t - x_{t-1} or x_t - x_{t-season}: what the naive forecast would have missed is what is to be learned.

Columns that are read and not asked for are known up to t only. With quantiles, z_t has one value for each of them and
the error is the pinball loss max(q (y - z), (q - 1) (y - z)); answers are sorted, so quantiles never cross, which never
makes the pinball loss larger (Chernozhukov, Fernandez-Val and Galichon 2010).

Sources: Koenker and Bassett 1978 (quantiles); Ben Taieb et al. 2012 (direct and recursive); Zhou et al. 2021
(Informer: how the data is cut and measured).
"""

from __future__ import annotations
