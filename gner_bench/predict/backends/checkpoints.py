"""The backends that load a checkpoint into this process, known without torch, which is imported when one is made."""

from __future__ import annotations

from importlib import import_module

from gner_bench.predict.backend import ASKING, HERE, SIDE_BY_SIDE, Backend, BackendKind, SystemOptions
from gner_bench.predict.options import Options


def _make(system: SystemOptions, options: Options) -> Backend:
    backend: Backend = import_module(f"{__package__}.{system.backend}").make(system, options)
    return backend


LOCAL = BackendKind(
    "local",
    "a checkpoint on this machine",
    _make,
    ASKING | HERE | {"dtype", "adapter", *SIDE_BY_SIDE},
    fetches=True,
    needs=("torch", "transformers", "accelerate", "safetensors"),
)
VLLM = BackendKind(
    "vllm",
    "a checkpoint in vLLM, in this process",
    _make,
    ASKING | {"dtype", "adapter", "tensor_parallel", "stop"},
    fetches=True,
    needs=("vllm",),
)
