"""Inputs to predict, from a table or from a stream, each with its origin."""
