"""Cells and columns before any table is known: usual names, styles of numbers, lists of numbers, missing values."""
