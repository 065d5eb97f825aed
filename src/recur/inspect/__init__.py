"""Numbers for explanation: arrays, no drawing. What every copy of the network did, and why it said what it said."""

from __future__ import annotations

from recur.inspect.bptt import LayerLedger, Ledger, Path, bptt, ledger
from recur.inspect.influence import Influence, influence
from recur.inspect.question import Option, Question, ask

__all__ = ["Influence", "LayerLedger", "Ledger", "Option", "Path", "Question", "ask", "bptt", "influence", "ledger"]
