"""The network between the codecs and the head: batches, inputs, recurrent layers, decoder."""

from recur.network.batch import Batch, Encoded

__all__ = ["Batch", "Encoded"]
