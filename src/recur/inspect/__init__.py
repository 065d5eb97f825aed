"""Numbers for explanation: arrays, no drawing. What every copy of the network did, and why it said what it said."""

from __future__ import annotations

from recur.inspect.bptt import LayerLedger, Ledger, Path, bptt, ledger

__all__ = ["LayerLedger", "Ledger", "Path", "bptt", "ledger"]
