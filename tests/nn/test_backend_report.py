"""The report of a layer that ran several recurrences."""

from __future__ import annotations

from recur.engine import BackendReport
from recur.nn.backend_report import merge_reports


def test_the_slowest_backend_stands_last_and_each_once() -> None:
    ran = [BackendReport("eager"), BackendReport("native"), BackendReport("stock"), BackendReport("native")]
    assert merge_reports(ran).ran == "native+stock+eager"
    assert merge_reports(ran[1:2]).ran == "native"


def test_reasons_and_slow_backward_passes_are_put_together() -> None:
    merged = merge_reports(
        [BackendReport("stock", {"native": "a"}, {"b"}), BackendReport("eager", {"stock": "c"}, {"b", "d"})]
    )
    assert merged.reasons == {"native": "a", "stock": "c"}
    assert merged.slowed == {"b", "d"}


def test_states_in_which_layers_are_affine_are_each_named_once() -> None:
    merged = merge_reports([BackendReport("native", scanned=("c",)), BackendReport("native", scanned=("c", "h"))])
    assert str(merged) == "backend: native; affine in c, h: scanned"
