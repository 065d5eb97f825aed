"""Compiled recurrences beside each other: the same bits again, in several threads, after a fork, in copies."""

from __future__ import annotations

import copy
import io
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest
import torch

from recur.engine import run
from recur.nn import GRU, LSTM, Recurrent, flat_state
from tests.engine.helpers import CELLS, everything, make, threads
from tests.tolerances import SHARE


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("name", CELLS)
def test_a_call_repeated_with_as_many_threads_gives_the_same_bits(name, count):
    with threads(count):
        for size in ((3, 5, 7, 40), (3, 25, 7, 17)):
            first, *others = [
                everything(make(name, *size, ragged=True, noise=True, dtype=torch.float32), "native") for _ in range(4)
            ]
            for other in others:
                for what, value in first.items():
                    assert torch.equal(value, other[what]), what


ANY_TEAM = """
import hashlib, itertools, sys, torch
from recur.nn import Recurrent
torch.set_num_threads(int(sys.argv[1]))
cases = [(1, 64, 128), (3, 5, 100), (7, 256, 72), (8, 64, 64), (8, 32, 96), (12, 96, 128), (20, 160, 32), (32, 64, 64)]
for name, (rows, X, H), precision in itertools.product(sys.argv[2:], cases, ["float32", "bfloat16", "int8"]):
    if name == "lstm_projected" and rows > 7:  # a product of one vector: threads that divide the rows stay as many
        continue
    torch.manual_seed(0)
    layer = Recurrent(name, X, H, sizes={"P": 40}, engine="native", precision=precision).eval()
    with torch.no_grad():
        found = layer(torch.randn(40, rows, X))[0].numpy()
    print(name, rows, X, H, precision, hashlib.sha256(found).hexdigest())
"""


def test_forward_passes_whose_number_of_threads_may_vary_give_the_same_bits_on_any():
    # how many threads such a call takes depends on what waking them has cost lately; OpenMP's limit has the same effect
    cells = ["elman", "gru", "lstm", "gru_reset_before", "lstm_projected", "min_gru"]
    found = []
    for count, limit in (("1", "9"), ("2", "9"), ("2", "1"), ("3", "2")):
        environment = {**os.environ, "OMP_THREAD_LIMIT": limit}
        command = [sys.executable, "-c", ANY_TEAM, count, *cells]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
        found.append(ran.stdout.splitlines())
    assert len(found[0]) == (5 * 8 + 3) * 3
    for other in found[1:]:
        assert [line for line in other if line not in found[0]] == []


def train(seed: int, results: dict[int, list[torch.Tensor]]) -> None:
    """A few steps of learning with a layer of one's own."""
    generator = torch.Generator().manual_seed(seed)
    kind = CELLS[seed % len(CELLS)]
    layer = Recurrent(kind, 5, 24, 2, sizes={"P": 7}, bidirectional=True, engine="native")
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    kept = []
    for step in range(6):
        x = torch.randn(4 + step, 3 + 8 * (seed % 3), 5, generator=generator)
        output, state = layer(x)
        layer.zero_grad()
        (output.square().mean() + sum(s.sum() for s in flat_state(state))).backward()
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter -= 0.01 * parameter.grad
        kept.append(output.detach())
    results[seed] = kept + [parameter.detach().clone() for parameter in layer.parameters()]


@pytest.mark.parametrize("count", [1, 2])
def test_several_threads_of_python_compute_what_each_computes_alone(count):
    alone: dict[int, list[torch.Tensor]] = {}
    together: dict[int, list[torch.Tensor]] = {}
    with threads(count):
        for seed in range(6):
            train(seed, alone)

        def work(seed: int) -> None:
            torch.set_num_threads(count)
            train(seed, together)

        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    for seed, results in alone.items():
        for a, b in zip(results, together[seed], strict=True):
            assert torch.equal(a, b)


def test_a_graph_made_in_one_thread_is_differentiated_in_another():
    case = make("lstm", 5, 3, 4, 6)
    error = run(case.equation, case.x, case.states, case.parameters, backend="native").outputs.square().sum()
    leaves = list(case.leaves.values())
    found: list[torch.Tensor] = []
    worker = threading.Thread(target=lambda: found.extend(torch.autograd.grad(error, leaves, retain_graph=True)))
    worker.start()
    worker.join()
    for a, b in zip(found, torch.autograd.grad(error, leaves), strict=True):
        assert torch.equal(a, b)


FORKED = """
    import os, sys
    import torch
    from recur.nn import LSTM

    torch.set_num_threads({before})
    torch.manual_seed(0)
    layer, x = LSTM(8, 64, engine="native"), torch.randn(6, 16, 8)
    layer(x)[0].sum().backward()
    expected = layer.weight_hh_l0.grad.clone()
    child = os.fork()
    if child == 0:
        torch.set_num_threads(1)  # as a worker of a DataLoader does: OpenMP's threads do not survive a fork
        layer.zero_grad()
        layer(x)[0].sum().backward()
        same = (layer.weight_hh_l0.grad - expected).abs().max() <= {share} * expected.abs().max()
        os._exit(0 if same and layer.backend_report().ran == "native" else 3)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.parametrize("before", [1, 2])
def test_a_forked_process_goes_on_computing(before):
    code = textwrap.dedent(FORKED.format(before=before, share=SHARE[torch.float32]))
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("make_copy", [
    copy.deepcopy,
    lambda layer: pickle.loads(pickle.dumps(layer)),
    lambda layer: torch.load(_saved(layer), weights_only=False),
], ids=["deepcopy", "pickle", "torch.save"])  # fmt: skip
def test_a_copied_layer_computes_the_same_and_shares_nothing(make_copy):
    layer = LSTM(3, 6, 2, bidirectional=True, learn_initial_state=True, engine="native")
    x = torch.randn(5, 2, 3)
    expected = layer(x)[0]
    other = make_copy(layer)
    assert torch.equal(other(x)[0], expected)
    assert other.backend_report().ran == "native"
    with torch.no_grad():
        other.weight_hh_l0.zero_()
    assert torch.equal(layer(x)[0], expected)


def _saved(layer: torch.nn.Module) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    return file


def test_a_layer_that_holds_a_graph_can_be_copied_between_the_passes():
    layer = GRU(3, 6, engine="native")
    output, _ = layer(torch.randn(5, 2, 3))
    other = copy.deepcopy(layer)
    output.sum().backward()
    assert layer.weight_hh_l0.grad is not None
    assert other.weight_hh_l0.grad is None


INTERRUPTED = """
    import torch
    from recur.nn import LSTM

    torch.set_num_threads(1)
    layer, x = LSTM(64, 256, engine="native"), torch.randn(4, 8, 64)
    expected = layer(x)[0]
    long = torch.randn(200_000, 1, 64)
    print("started", flush=True)
    try:
        with torch.no_grad():
            while True:
                layer(long)
    except KeyboardInterrupt:
        assert torch.equal(layer(x)[0], expected)
        print("stopped", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="the system has no SIGINT")
def test_a_long_pass_can_be_interrupted_and_the_next_one_is_right():
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(INTERRUPTED)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(0.3)
    asked = time.perf_counter()
    process.send_signal(signal.SIGINT)
    try:
        rest, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert rest == "stopped\n"
    assert process.returncode == 0
    print(f"stopped after {time.perf_counter() - asked:.2f} s")


FORKED_WHILE_COMPUTING = """
    import os, sys, threading, time
    import torch
    from recur.nn import LSTM

    SHARE = float(sys.argv[1])
    torch.set_num_threads(2)
    torch.manual_seed(0)
    large, x = LSTM(32, 64, engine="native"), torch.randn(40, 32, 32)
    layer, given = LSTM(8, 64, engine="native"), torch.randn(6, 16, 8)

    def train(layer, x):
        return torch.autograd.grad(layer(x)[0].sum(), layer.weight_hh_l0)[0]

    def keep_computing():
        while not done.is_set():
            train(large, x)

    expected, done = train(layer, given), threading.Event()
    others = [threading.Thread(target=keep_computing) for _ in range(2)]
    for other in others:
        other.start()
    codes = []
    for _ in range(5):
        time.sleep(0.02)
        child = os.fork()
        if child == 0:
            same = (train(layer, given) - expected).abs().max() <= SHARE * expected.abs().max()
            larger = torch.get_num_threads() == 1 and bool(train(large, x).isfinite().all())
            stream = layer.stream(16).step(given[0]).isfinite().all()
            os._exit(0 if same and larger and stream and layer.backend_report().ran == "native" else 3)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    done.set()
    for other in others:
        other.join()
    assert (train(layer, given) - expected).abs().max() <= SHARE * expected.abs().max()
    sys.exit(max(map(abs, codes)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_process_forked_while_threads_compute_computes_right():
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(FORKED_WHILE_COMPUTING), str(SHARE[torch.float32])],
        check=True,
        timeout=60,
    )


COMPILING = """
    import os, sys
    import torch
    from recur.engine.native import library
    from recur.nn import Recurrent
    from recur.equations import equation, tanh

    @equation(x="X", h="H", W="H X", U="H H")
    def fresh(x, h, W, U):
        return tanh(W @ x + 0.5 * (U @ h))

    library._lock.acquire()  # as by a thread that compiles a cell while the process is forked
    child = os.fork()
    if child == 0:
        layer = Recurrent(fresh, 3, 4)
        layer(torch.randn(5, 2, 3))
        os._exit(0 if layer.backend_report().ran == "native" else 3)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_process_forked_while_a_cell_is_compiled_compiles_its_own():
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(COMPILING)], check=True, timeout=60)
