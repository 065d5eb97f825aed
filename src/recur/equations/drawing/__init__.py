"""How the graph of a step is drawn: its parts, their places, and the lines between them."""
