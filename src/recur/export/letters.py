"""The character encoder as ONNX."""

from __future__ import annotations

from recur.export.layers import write_layers
from recur.export.writer import Writer
from recur.network.spelling_encoder import SpellingEncoder
from recur.nn.graph_writer import FLOAT, INT64, array_of


def write_letters(writer: Writer, letters: SpellingEncoder, ids: str) -> str:
    """Ids (..., L), zeros after the last letter, to vectors (..., 2H)."""
    size = writer.add("Shape", ids)
    shape = writer.add("Slice", size, writer.integers(0), writer.integers(-1), writer.integers(0))
    longest = writer.add("Unsqueeze", writer.add("Gather", size, writer.constant(-1, INT64)), writer.integers(0))
    flat = writer.add("Reshape", ids, writer.add("Concat", writer.integers(-1), longest, axis=0))
    absent = writer.add("Equal", flat, writer.constant(0, INT64))
    real = writer.cast(writer.add("Not", absent), INT64)
    lengths = writer.add("ReduceSum", real, writer.integers(1), keepdims=0)
    weight = writer.constant(array_of(letters.embedding.weight), FLOAT, "letters")
    vectors = writer.add("Transpose", writer.add("Gather", weight, flat, axis=0), perm=[1, 0, 2])
    _, finals = write_layers(writer, letters.layer, vectors, lengths=lengths)
    both = writer.add("Transpose", finals["h_l0"], perm=[1, 0, 2])
    return writer.add("Reshape", both, writer.add("Concat", shape, writer.integers(letters.size), axis=0))
