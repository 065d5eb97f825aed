"""Equations that nobody publishes, each with something in it that a compiler might trip over."""

from recur.equations import (
    absolute,
    atan,
    bernoulli,
    concat,
    cos,
    equation,
    erf,
    exp,
    floor,
    greater,
    largest,
    layer_norm,
    log,
    logsumexp,
    maximum,
    mean,
    minimum,
    one_hot_of_largest,
    outer,
    relu,
    scale_columns,
    sigmoid,
    sin,
    softplus,
    split,
    sqrt,
    step,
    stop_gradient,
    straight_through,
    tanh,
    total,
)
from recur.equations import softmax as stable_softmax


@equation(x="X", h="H", W="H X+H", b="H")
def one_matrix_for_both(x, h, W, b):
    return tanh(W @ concat(x, h) + b)


@equation(x="X", h="H", W="H H+X", V="2H H+X", b="H")
def state_first(x, h, W, V, b):
    r, z = split(V @ concat(h, x), 2)
    n = tanh(W @ concat(sigmoid(r) * h, x) + b)
    return sigmoid(z) * h + (1 - sigmoid(z)) * n


@equation(x="X", h="H", W_xh="P X", W_hh="P H", W_out="H P", W_last="H H")
def product_of_a_product(x, h, W_xh, W_hh, W_out, W_last):
    inner = W_xh @ x + W_hh @ h
    return tanh(W_last @ (W_out @ inner))


@equation(x="X", h="2H", W_xh="H X", W_hh="H 2H", b="H")
def in_halves(x, h, W_xh, W_hh, b):
    fast, slow = split(h, 2)
    new = tanh(W_xh @ x + W_hh @ h + b + slow)
    return concat(new, 0.9 * slow + 0.1 * fast)


@equation(x="X", h="H", c="H", m="P", W_xh="2H X", W_hh="2H H", W_mh="H P", W_hm="P H", b="2H")
def three_states(x, h, c, m, W_xh, W_hh, W_mh, W_hm, b):
    gate, new = split(W_xh @ x + W_hh @ h + b, 2)
    c = sigmoid(gate) * c + tanh(new) + W_mh @ m
    h = tanh(c)
    m = sigmoid(W_hm @ h) * m
    return h, c, m


@equation(x="H", h="H", W_hh="H H", a="H")
def element_by_element(x, h, W_hh, a):
    return tanh(W_hh @ h + x) * a + sin(x) * h


@equation(x="2H", h="H", W_hh="H H", W_xh="H 2H")
def input_in_halves(x, h, W_hh, W_xh):
    drive, gate = split(x, 2)
    return tanh(W_hh @ h + W_xh @ x) * sigmoid(gate) + drive


@equation(x="X", h="H", W_xh="H X", W_hh="H H", p="H", q="H", s="1")
def parameters_alone(x, h, W_xh, W_hh, p, q, s):
    decay = sigmoid(p) * q * exp(s)
    return decay * h + (1 - decay) * tanh(W_xh @ x + (W_hh @ q) * h)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", w_x="1 X", w_h="1 H", b="1")
def gate_of_one_number(x, h, W_xh, W_hh, w_x, w_h, b):
    gate = sigmoid(w_x @ x + w_h @ h + b)
    return gate * h + (1 - gate) * tanh(W_xh @ x + W_hh @ h)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
def every_function(x, h, W_xh, W_hh, b):
    z = W_xh @ x + W_hh @ h + b
    a = softplus(z) + log(1 + absolute(h)) + sqrt(1 + z * z)
    c = exp(minimum(z, 0.5)) + maximum(h, z) * cos(z) - sin(h) / (2 + relu(z))
    return tanh(a - c) + minimum(maximum(-h, b), 1) ** 3


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def a_matrix_used_twice(x, h, W_xh, W_hh):
    first = tanh(W_xh @ x + W_hh @ h)
    return tanh(W_xh @ x + W_hh @ first)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", s="1")
def scaled_by_one_number(x, h, W_xh, W_hh, s):
    return s * tanh(W_xh @ x + W_hh @ h) + (1 - s) * h


@equation(x="X", h="H", old="H", W_xh="H X", W_hh="H H", W_oh="H H")
def remembers_the_step_before(x, h, old, W_xh, W_hh, W_oh):
    return tanh(W_xh @ x + W_hh @ h + W_oh @ old), h


@equation(x="X", h="H", c="H", W_xh="H X", W_hh="H H")
def states_that_change_places(x, h, c, W_xh, W_hh):
    return c, tanh(W_xh @ x + W_hh @ h)


@equation(x="H", h="H", a="H", b="H")
def no_matrix(x, h, a, b):
    return sigmoid(a) * h + tanh(b * x)


@equation(x="X", h="H", W_xh="H X")
def memory_of_nothing(x, h, W_xh):
    return tanh(W_xh @ x) + 0 * h


@equation(x="X", h="H", W_xh="H X", W_hh="H H", g="H")
def sums_over_units(x, h, W_xh, W_hh, g):
    z = layer_norm(W_xh @ x + W_hh @ h, g)
    return tanh(z) + mean(h) - total(z * h) / (1 + total(h * h))


@equation(x="X", h="H", n="P", W_xh="H X", W_hh="H H", W_nh="H P", W_hn="P H", g="P")
def norms_of_two_sizes(x, h, n, W_xh, W_hh, W_nh, W_hn, g):
    h = tanh(layer_norm(W_xh @ x) + layer_norm(W_hh @ h + W_nh @ n))
    return h, layer_norm(W_hn @ h, g) + 0.5 * n


@equation(x="X", h="H", W_xh="H X", W_hh="H H", V="H H")
def squared_products(x, h, W_xh, W_hh, V):
    a, b = W_hh @ h, V @ h
    return tanh(a * b + W_xh @ x) + a / (1 + b * b)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", W_rh="H H", W_sh="H H")
def a_chain_of_products(x, h, W_xh, W_hh, W_rh, W_sh):
    a = tanh(W_hh @ h + W_xh @ x)
    b = tanh(W_rh @ a)
    return tanh(W_sh @ (b * h))


@equation(x="X", h="H", c="H", W_xh="4H X", W_hh="4H H", b="4H", u="H")
def constants_and_nothing_else_in_a_state(x, h, c, W_xh, W_hh, b, u):
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    return sigmoid(o) * tanh(sigmoid(i) * tanh(g) + sigmoid(f) * c), u


@equation(x="X", h="H", c="1", W_xh="H X", W_hh="H H", w="1 H")
def state_of_one_number(x, h, c, W_xh, W_hh, w):
    h = tanh(W_xh @ x + W_hh @ h) * sigmoid(c)
    return h, w @ h


@equation(x="X", h="H", m="P", W_xh="H X", W_hh="H H+P", W_mh="P H")
def cut_in_two_orders(x, h, m, W_xh, W_hh, W_mh):
    both = concat(h, m) * concat(m, h)
    return tanh(W_xh @ x + W_hh @ both), tanh(W_mh @ h)


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def one_minus_a_mean(x, h, W_xh, W_hh):
    return tanh(W_xh @ x + W_hh @ h) * (1 - mean(h))


@equation(x="X", h="H", W_xh="H X", W_hh="H H", w="1 X")
def one_minus_a_gate_of_the_input(x, h, W_xh, W_hh, w):
    gate = sigmoid(w @ x)
    return gate * h + (1 - gate) * tanh(W_xh @ x + W_hh @ h)


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def divided_by_a_total(x, h, W_xh, W_hh):
    return tanh(W_xh @ x + W_hh @ h) / (total(h * h) + 1)


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def two_totals_multiplied(x, h, W_xh, W_hh):
    z = W_xh @ x + W_hh @ h
    return tanh(z) + total(h) * total(z)


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def softmax(x, h, W_xh, W_hh):
    z = W_xh @ x + W_hh @ h
    raised = exp(z - mean(z))
    return raised / total(raised)


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def added_totals(x, h, W_xh, W_hh):
    z = W_xh @ x + W_hh @ h
    return tanh(z) + (total(h) + total(z)) * h + maximum(z, mean(z)) - mean(h) * mean(x)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", s="1")
def scaled_by_a_squashed_number(x, h, W_xh, W_hh, s):
    return sigmoid(s) * tanh(W_xh @ x + s * (W_hh @ h)) / s


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def constant_first(x, h, W_xh, W_hh):
    return maximum(-0.1, minimum(0.7, W_xh @ x + W_hh @ h))


@equation(x="X", h="H", W="H X", U="H H")
def rectified_apart(x, h, W, U):
    return tanh(relu(U @ h) + relu(W @ x))


@equation(x="X", h="H", W="H X", U="H H")
def the_larger_product(x, h, W, U):
    return maximum(U @ h, W @ x)


@equation(x="X", h="H", W="H X", U="H H")
def modulated_input(x, h, W, U):
    return cos(U @ h) * (W @ x)


@equation(x="X", h="H", W="H X", U="H H")
def gated_by_both(x, h, W, U):
    return softplus(U @ h) * softplus(W @ x)


@equation(x="X", h="H", c="H", W="4H X", U="4H H", a="4H", b_x="4H", b_h="4H", b="4H")
def multiplicative_integration_lstm(x, h, c, W, U, a, b_x, b_h, b):
    drive, recurrent = W @ x, U @ h
    i, f, g, o = split(a * drive * recurrent + b_x * drive + b_h * recurrent + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


@equation(x="X", h="H", s="H", W_u="H X", W_d="H X", W_b="H X", W_c="H X", A="H", d="H", D="H")
def selective_state_space(x, h, s, W_u, W_d, W_b, W_c, A, d, D):
    u, step = W_u @ x, softplus(W_d @ x + d)
    s = exp(-step * exp(A)) * s + step * (W_b @ x) * u
    return (W_c @ x) * s + D * u + 0 * h, s


@equation(x="X", h="H", W="H X", U="H H", w="1 X", u="1 H")
def a_number_read_back(x, h, W, U, w, u):
    return tanh(U @ h) * (w @ x) + sin(w @ x) * (W @ x) + (u @ h) * (w @ x)


@equation(x="X", h="H", m="P", W="H X", U="H H", V="P H", Q="P P")
def a_mean_over_two_sizes(x, h, m, W, U, V, Q):
    # dE/d(U @ h) and dE/d(V @ h) are one number, stretched to H and to P
    return tanh(W @ x) + mean(concat(U @ h, V @ h)), tanh(Q @ m) + 0.5 * m


@equation(x="X", h="H", m="P", W="H X", U="2H H", V="2P P", Q="H P")
def halves_of_two_sizes_that_nothing_reads(x, h, m, W, U, V, Q):
    _, new = split(U @ h, 2)
    _, other = split(V @ m, 2)
    return tanh(W @ x + new + Q @ m), tanh(other)


@equation(x="X", h="H", c="H", m="P", W="H X", U="H H", V="P X")
def states_of_the_input_alone(x, h, c, m, W, U, V):
    return tanh(U @ h + c) * mean(m), relu(W @ x), V @ x


@equation(x="X", h="H+P", W="H+P X", U="H+P H+P", g="P")
def a_sum_of_sizes(x, h, W, U, g):
    return tanh(W @ x + U @ h) * mean(g)


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
def rarer_functions(x, h, W_xh, W_hh, b):
    z = W_xh @ x + W_hh @ h + b
    a = erf(z) * (1 + absolute(z)) ** 1.5 / (2 + z**4) ** 0.5 + atan(h) ** 3
    return tanh(a) + 0.1 * (z % 0.7) - 0.1 * floor(2 * z) + (1 + h * h) ** -2


@equation(x="X", h="H", v="H", W_xh="H X", W_hh="H H", decay="H")
def spiking(x, h, v, W_xh, W_hh, decay):
    v = sigmoid(decay) * v + W_xh @ x + W_hh @ h - h
    return step(v - 0.2, slope=5.0), v


@equation(x="X", h="H", W_xh="2H X", W_hh="2H H")
def gates_that_are_drawn(x, h, W_xh, W_hh):
    a, n = split(W_xh @ x + W_hh @ h, ["H", "H"])
    gate = straight_through(greater(sigmoid(a), 0.5), sigmoid(a))
    return gate * tanh(n) + (1 - gate) * stop_gradient(h) * 0.9


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def both_ways_through_a_matrix(x, h, W_xh, W_hh):
    # the matrix of Chang et al. (2019) is W - W^T
    return h + 0.3 * tanh(W_hh @ h - W_hh.T @ h + W_xh @ x - 0.1 * h)


@equation(x="X", h="H", W_xh="H X", V="X H")
def the_input_through_a_transpose(x, h, W_xh, V):
    return tanh(V.T @ x + W_xh @ x + V.T @ tanh(V @ h))


@equation(x="X", h="H", m="P", W_xh="H+P X", W_hh="H+P H", V="H P")
def largest_of_parts(x, h, m, W_xh, W_hh, V):
    z = W_xh @ x + W_hh @ h
    a, b = split(z, ["H", "P"])
    h = stable_softmax(a + V @ m) + tanh(a) * largest(z) * 0.1
    return h, one_hot_of_largest(b) * 0.5 + tanh(b + logsumexp(concat(h, m)) + largest(h))


@equation(x="X", h="H", z="H", s="1", W_xh="2H X", W_hh="2H H", w="1 H")
def drawn_for_two_states(x, h, z, s, W_xh, W_hh, w):
    a, n = split(W_xh @ x + W_hh @ (z * h), 2)
    z = bernoulli(sigmoid(a), z)
    s = bernoulli(sigmoid(w @ h), s)
    return s * tanh(n) + (1 - s) * z * h, z, s


@equation(x="X", h="H", C="H P", D="P P", W="H X", U="P X", g="P")
def two_matrices_of_a_row(x, h, C, D, W, U, g):
    k = tanh(U @ x)
    C = 0.5 * scale_columns(C, sigmoid(g)) + outer(W @ x, k) * largest(D)
    D = tanh(D + 0.1 * outer(C.T @ h, D @ k))
    return tanh(C @ (D.T @ k) + 0.1 * total(C)), C, D


ODD = [
    drawn_for_two_states, two_matrices_of_a_row,
    one_matrix_for_both, state_first, product_of_a_product, in_halves, three_states, element_by_element,
    input_in_halves, parameters_alone, every_function, divided_by_a_total, a_matrix_used_twice, added_totals,
    scaled_by_a_squashed_number,
    remembers_the_step_before, states_that_change_places, no_matrix, memory_of_nothing,
    norms_of_two_sizes, squared_products, a_chain_of_products, constants_and_nothing_else_in_a_state,
    sums_over_units, scaled_by_one_number, one_minus_a_mean, one_minus_a_gate_of_the_input, two_totals_multiplied,
    softmax, constant_first, gate_of_one_number, rectified_apart, the_larger_product, modulated_input, gated_by_both,
    multiplicative_integration_lstm, selective_state_space, a_number_read_back,
    state_of_one_number, a_mean_over_two_sizes, halves_of_two_sizes_that_nothing_reads, states_of_the_input_alone,
    a_sum_of_sizes, rarer_functions, spiking, gates_that_are_drawn, both_ways_through_a_matrix,
    the_input_through_a_transpose, largest_of_parts,
]  # fmt: skip
