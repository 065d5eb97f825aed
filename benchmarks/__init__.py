"""Our layers against their rivals: proved equal first, then timed side by side."""
