"""The best sequence of tags of a linear chain (CRF) as ONNX: Viterbi's search as a forward and a backward Scan."""

from __future__ import annotations

import numpy as np

from recur.nn import CRF
from recur.nn.graph_writer import FLOAT, INT64, GraphWriter, array_of, real_steps


def write_viterbi(graph: GraphWriter, crf: CRF, scores: str, lengths: str) -> str:
    """Scores z (B, T, V) to the most probable tags (B, T), zero at padding.

        d_1 = a + z_1,   d_t[y] = max_y' (d_{t-1}[y'] + A[y', y]) + z_t[y],   y_T = argmax (d_T + b)

    Parameters
    ----------
    graph : GraphWriter
        The graph that the nodes are added to.
    crf : CRF
        a, A and b.
    scores, lengths : str
        (B, T, V) float32, (B,) int64.
    """
    a, transitions, b = (graph.constant(array_of(p), FLOAT, "chain") for p in (crf.first, crf.transitions, crf.last))
    z = graph.add("Transpose", scores, perm=[1, 0, 2])
    steps = graph.add("Gather", graph.add("Shape", z), graph.constant(0, INT64))
    times = graph.add("Range", graph.constant(0, INT64), steps, graph.constant(1, INT64))
    real = graph.add("Squeeze", real_steps(graph, z, lengths), graph.integers(2))  # (T, B)
    rows = graph.add("Slice", graph.add("Shape", z), graph.integers(1), graph.integers(3), graph.integers(0))
    nothing = graph.add("Expand", graph.constant(0.0), rows)
    best, origins = _there(graph, crf.size, (a, transitions), nothing, (z, times, real))
    last = graph.add("ArgMax", graph.add("Add", best, b), axis=1, keepdims=0)
    path = _back(graph, last, origins)
    tags = graph.add("Where", real, path, graph.constant(0, INT64))
    return graph.add("Transpose", tags, perm=[1, 0])


def _there(
    graph: GraphWriter, size: int, chain: tuple[str, str], start: str, series: tuple[str, str, str]
) -> tuple[str, str]:
    """Write the best scores (B, V) at the end, and their sources (T, B, V); a row that has ended keeps its scores."""
    a, transitions = chain
    body = graph.body()
    before, z, time, real = (body.name(name) for name in ("best", "z", "time", "real"))
    pairs = body.add("Add", body.add("Unsqueeze", before, body.integers(2)), transitions)  # (B, V before, V after)
    value = body.add("ReduceMax", pairs, body.integers(1), keepdims=0)
    origin = body.add("ArgMax", pairs, axis=1, keepdims=0)
    first = body.add("Equal", time, body.constant(0, INT64))
    live = body.add("Unsqueeze", real, body.integers(1))
    going_on = body.add("And", live, body.add("Not", first))
    begun = body.add("Where", first, body.add("Add", a, z), before)
    after = body.add("Where", going_on, body.add("Add", value, z), begun)
    own = body.constant(np.arange(size), INT64)
    came_from = body.add("Where", going_on, origin, own)
    inputs = [
        body.value(before, FLOAT, [None, size]), body.value(z, FLOAT, [None, size]), body.value(time, INT64, []),
        body.value(real, np.dtype(bool), [None]),
    ]  # fmt: skip
    outputs = [body.value(after, FLOAT, [None, size]), body.value(came_from, INT64, [None, size])]
    best, origins = graph.many(
        "Scan", [start, *series], 2, body=body.graph("viterbi_there", inputs, outputs), num_scan_inputs=3
    )
    return best, origins


def _back(graph: GraphWriter, last: str, origins: str) -> str:
    """Return the tags (T, B) of the paths that end in the last ones (B,)."""
    body = graph.body()
    tag, origin = body.name("tag"), body.name("origin")
    column = body.add("Unsqueeze", tag, body.integers(1))
    before = body.add("Squeeze", body.add("GatherElements", origin, column, axis=1), body.integers(1))
    here = body.add("Identity", tag)
    inputs = [body.value(tag, INT64, [None]), body.value(origin, INT64, [None, None])]
    outputs = [body.value(before, INT64, [None]), body.value(here, INT64, [None])]
    _, path = graph.many(
        "Scan", [last, origins], 2, body=body.graph("viterbi_back", inputs, outputs), num_scan_inputs=1,
        scan_input_directions=[1], scan_output_directions=[1],
    )  # fmt: skip
    return path
