"""Examples: rows divided into training and hold-out sets, their labels and missing targets, batches, fitted codecs."""
