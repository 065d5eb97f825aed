"""Rows that the demonstrations make themselves: drawn, written or counted from a seed, the same on every machine."""
