"""Rows in the order of time: the columns with the time, calendar features, several series, sorting and gaps."""
