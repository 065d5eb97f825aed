"""Kinds of columns of a table: numbers, series, labels, text; and columns whose values can be read in several ways."""
