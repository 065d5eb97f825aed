"""Cells of the literature: one file is one cell is one equation, compiled at its first use."""
