"""Demonstrations that train from an empty folder in a minute or two."""
