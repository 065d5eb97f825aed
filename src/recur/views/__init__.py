"""Drawing plain data: terminal, HTML, PNG."""
