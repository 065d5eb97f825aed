"""What the tests of the layers share with those of the engine."""

from tests.engine.conftest import kept_cells

__all__ = ["kept_cells"]
