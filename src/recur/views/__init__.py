"""Drawing what other rooms compute: terminal, HTML, PNG."""
