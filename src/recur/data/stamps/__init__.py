"""Time stamps: the parts of a cell, the format of a column, the step between stamps. Nothing here knows a table."""
