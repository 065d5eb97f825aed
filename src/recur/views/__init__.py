"""Drawing what the other rooms compute: for the terminal so far."""
