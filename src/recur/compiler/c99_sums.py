"""Sums of C99: which sums of products and biases a panel computes as one product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from recur.compiler.lowering import Operation, is_hoisted
from recur.compiler.stages import Stage


class Joined:
    """Which sums of a schedule are products of panels.

    Attributes
    ----------
    inner : set of int
        Operations that are parts of such a sum.
    """

    def __init__(self, stages: list[Stage]) -> None:
        self.inner: set[int] = set()
        self._terms: dict[int, list[Operation]] = {}
        self._roots: dict[int, list[Operation]] = {}
        uses = Counter(id(a) for stage in stages for operation in stage.order for a in operation.args)
        uses.update(id(t.operation) for stage in stages for t in stage.targets)
        uses.update(id(operation) for stage in stages for _, operation in stage.partials)
        computed = Counter(id(operation) for stage in stages for operation in stage.order)
        once = {key for key, count in uses.items() if count == 1 and computed[key] <= 1}
        for stage in stages:
            self._find(stage, once)

    def roots(self, stage: Stage) -> list[Operation]:
        """The sums that the panels of a stage compute."""
        return self._roots[id(stage)]

    def terms(self, root: Operation) -> list[Operation]:
        """Products and biases of a sum."""
        return self._terms[id(root)]

    def _find(self, stage: Stage, once: set[int]) -> None:
        roots: list[Operation] = []
        inside: set[int] = set()
        for operation in reversed(stage.order):
            if id(operation) in inside:
                continue
            if operation.op == "add" and operation.size == stage.size:
                terms = list(self._flat(stage, operation, once, inside))
                if all(self._joins(stage, term, once) for term in terms) and any(
                    not self._is_bias(stage, term) for term in terms
                ):
                    roots.append(operation)
                    self._terms[id(operation)] = terms
                    self.inner |= {id(t) for t in terms if not self._is_bias(stage, t)}
                    continue
            if operation.op == "product":
                roots.append(operation)
                self._terms[id(operation)] = [operation]
        self.inner |= inside
        self._roots[id(stage)] = [root for root in reversed(roots) if id(root) not in self.inner]

    def _flat(self, stage: Stage, operation: Operation, once: set[int], inside: set[int]) -> Iterator[Operation]:
        """The terms of a sum of sums; the sums within it are ``inside`` if they are used here alone."""
        found: list[Operation] = []
        sums: set[int] = set()
        stack = list(reversed(operation.args))
        while stack:
            term = stack.pop()
            if term.op == "add" and id(term) in once and term.size == stage.size and term not in stage.loads:
                sums.add(id(term))
                stack.extend(reversed(term.args))
            else:
                found.append(term)
        if all(self._joins(stage, term, once) for term in found):
            inside |= sums
        yield from found

    @staticmethod
    def _is_bias(stage: Stage, term: Operation) -> bool:
        location = stage.loads.get(term)
        return location is not None and location.kind == "parameter" and term.size == stage.size

    def _joins(self, stage: Stage, term: Operation, once: set[int]) -> bool:
        if self._is_bias(stage, term):
            return True
        location = stage.loads.get(term)
        product = (location is None and term.op == "product") or (
            location is not None and location.kind == "tape" and is_hoisted(term)
        )
        return product and id(term) in once and term.size == stage.size
