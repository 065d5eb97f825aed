"""A missing target costs nothing, counts nowhere and sends no gradient: compared with loops that skip it."""

from __future__ import annotations
