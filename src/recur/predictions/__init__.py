"""Predictions as data: one or several records per input, written as CSV, JSON lines, Parquet or a data frame."""

from recur.predictions.frame import frame
from recur.predictions.python_values import one_input, questions_from
from recur.predictions.records import Sheet
from recur.predictions.writing import check_name, csv_writer, document, open_writer

__all__ = ["Sheet", "check_name", "csv_writer", "document", "frame", "one_input", "open_writer", "questions_from"]
