"""The lecture: recurrent networks explained by figures that run, on one page; ``recur lecture`` writes it."""

from recur.lecture.page import languages, page

__all__ = ["languages", "page"]
