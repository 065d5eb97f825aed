"""The version, read by the build and by ``recur --version``."""

__version__ = "0.1.0"
