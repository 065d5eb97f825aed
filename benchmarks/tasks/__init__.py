"""The published tasks, each a TOML file and one command."""
