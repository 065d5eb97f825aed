"""From files and Python values to examples: reading, roles, hold-out sets, order. Only numpy, no torch."""

from __future__ import annotations

from recur.data.counts import RowCounts, count_rows
from recur.data.examples.batching import RowOrder, StreamLayout, batch_size
from recur.data.examples.damage import without_damaged
from recur.data.examples.examples import (
    Example,
    GroupExamples,
    RowExamples,
    StreamExamples,
    each_target_once,
    is_one_series,
)
from recur.data.examples.fit import fit_codecs, located
from recur.data.examples.targets import answered
from recur.data.load import Dataset, examples, load, read_like
from recur.data.queries.queries import InputQueries, InputQuery, inputs
from recur.data.queries.stream import batched, batches_on_arrival, in_blocks, stream_queries
from recur.data.read import read
from recur.data.roles.inference import infer
from recur.data.roles.roles import Roles, say
from recur.data.situation import situation

__all__ = [
    "Dataset",
    "Example",
    "GroupExamples",
    "InputQueries",
    "InputQuery",
    "Roles",
    "RowCounts",
    "RowExamples",
    "RowOrder",
    "StreamExamples",
    "StreamLayout",
    "answered",
    "batch_size",
    "batched",
    "batches_on_arrival",
    "count_rows",
    "each_target_once",
    "examples",
    "fit_codecs",
    "in_blocks",
    "infer",
    "inputs",
    "is_one_series",
    "load",
    "located",
    "read",
    "read_like",
    "say",
    "situation",
    "stream_queries",
    "without_damaged",
]  # fmt: skip
