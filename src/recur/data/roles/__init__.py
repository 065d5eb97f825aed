"""The role of each column: input, target, series, or excluded with a reason; inferred where it is not given."""
