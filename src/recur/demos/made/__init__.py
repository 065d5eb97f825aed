"""Generated data of the demonstrations, the same on every machine for one seed."""
