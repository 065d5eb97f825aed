"""The Slurm script and the Kubernetes manifest of the examples: their tools read them, torchrun takes their options."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from torch.distributed.run import get_args_parser

CLUSTER = Path(__file__).parent.parent.parent / "examples" / "cluster"


def test_slurm_script_is_read_by_the_shell_and_its_options_by_torchrun() -> None:
    script = CLUSTER / "train.sbatch"
    if shutil.which("bash"):
        subprocess.run(["bash", "-n", str(script)], check=True)
    text = script.read_text(encoding="utf-8").replace("\\\n", " ")
    [words] = re.findall(r"^srun torchrun (.*)$", text, re.MULTILINE)
    values = {"$SLURM_NNODES": "2", "$SLURM_JOB_ID": "7", "$HEAD": "first", "$DATA": "data.csv", "$RUN": "runs/data"}
    for name, value in values.items():
        words = words.replace(name, value)
    accepted(words.replace('"', "").split())


def test_kubernetes_manifest_names_its_own_service_and_job() -> None:
    yaml = pytest.importorskip("yaml")
    service, job = yaml.safe_load_all((CLUSTER / "train.yaml").read_text(encoding="utf-8"))
    pod = job["spec"]["template"]["spec"]
    name = service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"]["job-name"] == job["metadata"]["name"]
    assert pod["subdomain"] == name
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == 2
    [container] = pod["containers"]
    tool, *words = container["command"]
    assert tool == "torchrun"
    assert f"--rdzv-endpoint={job['metadata']['name']}-0.{name}:29500" in words
    accepted(words)
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def accepted(words: list[str]) -> None:
    """Assert that torchrun takes the words, and starts `recur train` with the rest."""
    found = get_args_parser().parse_args(words)
    assert (found.nnodes, found.nproc_per_node, found.max_restarts) == ("2", "4", 3)
    assert (found.rdzv_backend, found.module, found.training_script) == ("c10d", True, "recur")
    assert found.training_script_args[0] == "train"
    assert "--out" in found.training_script_args
