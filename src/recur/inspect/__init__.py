"""Numbers for explanation, without drawing: what every copy of the network computed, and why it gave its answer.

explain      everything below about one answer, as plain data that all pictures are drawn from
influence    how much each item of the input contributes to an output
bptt         the ledger of backpropagation through time
lyapunov     whether a change of the states is forgotten or explodes along their path
states       states and gates of every layer over the items
unrolled     the copies of the network, step by step
match        the ranges of a corpus in which the state is that of a chosen range
find_units   hidden units that follow a simple property of the text
flow         the gradient over distance, averaged over rows, by which runs are compared
"""

from __future__ import annotations

from recur.heads.prediction import Option
from recur.inspect.ask import ask
from recur.inspect.bptt import bptt, ledger
from recur.inspect.explain import explain
from recur.inspect.explanation import Explanation
from recur.inspect.flow import Flow, compared, flow
from recur.inspect.gradient_log import recorded
from recur.inspect.influence import Influence, influence
from recur.inspect.ledgers import LayerLedger, Ledger
from recur.inspect.lyapunov import Lyapunov, lyapunov
from recur.inspect.match_data import plain_matching
from recur.inspect.match_properties import PropertyShare
from recur.inspect.matching import Match, Matching, SignedUnit, match
from recur.inspect.paths import Path
from recur.inspect.question import Question
from recur.inspect.states import LayerStates, states
from recur.inspect.units import Finding, find_units
from recur.inspect.unrolled import Unrolled, unrolled

__all__ = [
    "Explanation", "Finding", "Flow", "Influence", "LayerLedger", "LayerStates", "Ledger", "Lyapunov", "Match",
    "Matching", "Option", "Path", "PropertyShare", "Question", "SignedUnit", "Unrolled", "ask", "bptt", "compared",
    "explain", "find_units", "flow", "influence", "ledger", "lyapunov", "match", "plain_matching", "recorded", "states",
    "unrolled",
]  # fmt: skip
