"""vLLM in this process: a checkpoint on as many GPUs as it needs, many asks with common beginnings at a time.

Never run here, where vLLM cannot be: the calls are those of its source (0.33.0), tested against a module with the same
signatures. No code of a checkpoint is run, and pickled weights are not loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from gner_bench.answers import answer_format
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.errors import GnerBenchError, UsageError, first_line
from gner_bench.extras import required
from gner_bench.messages import warn
from gner_bench.predict.adapter import Adapter, open_adapter
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.backends.vllm_drafter import PATH
from gner_bench.predict.folder import HASHED, CheckpointFolder, open_folder
from gner_bench.predict.generation import Generation
from gner_bench.predict.loading import file_hashes
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Task
from gner_bench.predict.prompting import Prompting, prompting_of
from gner_bench.structure.back_tokenizer import tokenizer_file

DTYPES = {"auto": "auto", "fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}
CHUNK = 256
"""Prompts that are handed over together: their answers are written before the next are asked, so a kill loses few."""
DRAFT = 32
"""Tokens of a draft; vLLM takes one length for all requests."""
OURS: Json = {"method": "custom_class", "model": PATH, "num_speculative_tokens": DRAFT}
"""Speculative decoding of GNER's text. vLLM's own, by n-grams of the prompt, is not used: prompts hold no tags, so that
it saves few passes, and outputs were reported to change (vllm-project/vllm#41758)."""


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of the checkpoint that ``system`` names.

    Raises UsageError without vLLM and for an encoder-decoder checkpoint, GnerBenchError where the engine does not
    start, and what ``open_folder`` and ``open_adapter`` raise.
    """
    vllm = required("vllm")
    opened = open_folder(system.model)
    if opened.encoder_decoder:
        raise UsageError(f"vLLM runs no encoder-decoder checkpoints such as {opened.name}; use --backend local")
    if opened.pickled:
        raise UsageError(f"the weights of {opened.name} are pickled, which vLLM is not given; use --backend local")
    adapter = open_adapter(system.adapter, system.model, opened) if system.adapter else None
    format = answer_format(system.format).name if system.format else opened.format
    asked = system.wrapping, system.max_new_tokens
    prompting = prompting_of(opened.folder, opened.tokenizer, opened.config, opened.family, format, *asked)
    drafted = format == GNER and options.decoding == "drafted" and opened.config.model_type == "llama"
    engine, speculative = start(vllm, opened, prompting, adapter, system, drafted)
    decoder = Decoder(vllm, engine, prompting, system.stop, adapter)
    name = f"{opened.name}+{adapter.name}" if adapter else opened.name
    return Backend(
        name=name,
        model=Model(
            name=name,
            source=system.model,
            revision=opened.revision,
            note=opened.note,
            training_sets=opened.training_sets,
            files=file_hashes(opened.folder, HASHED) | (adapter.files if adapter else {}),
            more={"vllm": str(vllm.__version__)},
        ),
        settings={
            "backend": "vllm",
            "decoding": "greedy",
            "num_beams": 1,
            "dtype": system.dtype,
            **prompting.settings(opened.family),
            **({"adapter": system.adapter} if adapter else {}),
            **({"stop": list(system.stop)} if system.stop else {}),
            **({"schema": True} if answer_format(format).schema else {}),
        },
        wrapping=prompting.wrapping,
        device=f"vLLM on {system.tensor_parallel} GPUs",
        decode=decoder.decode,
        tokenizer=tokenizer_file(opened.folder),
        statistics=lambda: {"speculative": speculative, "tensor_parallel": system.tensor_parallel},
        format=format,
        windows=prompting.windows,
    )


def start(
    vllm: Any,
    opened: CheckpointFolder,
    prompting: Prompting,
    adapter: Adapter | None,
    system: SystemOptions,
    drafted: bool,
) -> tuple[Any, str]:
    """The engine, and which speculative decoding it took: of GNER's text ours, if it does, else none.

    Raises GnerBenchError with the engine's reason where it does not start at all.
    """
    settings: Json = {
        "model": str(opened.folder),
        "tokenizer": str(opened.folder),
        "dtype": DTYPES[system.dtype],
        "tensor_parallel_size": system.tensor_parallel,
        "enable_prefix_caching": True,
        "trust_remote_code": False,
        "load_format": "safetensors",
        "seed": 0,
    }
    if prompting.max_total_tokens:
        settings["max_model_len"] = prompting.max_total_tokens
    if adapter is not None:
        settings |= {"enable_lora": True, "max_lora_rank": adapter.rank}
    if drafted:
        try:
            return vllm.LLM(**_with_drafts(settings, opened.config)), "our drafter"
        except Exception as error:  # whatever a version without it raises, in this process or a worker
            warn(f"vLLM does not take our drafter ({first_line(error)}); without it the answers are the same")
    try:
        return vllm.LLM(**settings), "none"
    except Exception as error:
        raise GnerBenchError(f"vLLM does not start with {opened.name}: {first_line(error)}") from None


def _with_drafts(settings: Json, config: Any) -> Json:
    """Settings for our drafter. ``max_model_len`` is not what ends an output, ``max_tokens`` is.

    vLLM asks for no drafts at all, for any request, while one and a whole draft would be longer than ``max_model_len``.
    """
    more: Json = {"speculative_config": dict(OURS)}
    if longest := settings.get("max_model_len"):
        positions = getattr(config, "max_position_embeddings", None) or longest
        more["max_model_len"] = max(longest, min(longest + 2 * DRAFT, positions))
    return {**settings, **more}


@dataclass
class Decoder:
    """Asks ``engine`` in chunks. Prompts are its token ids, so that they are those of the local backend."""

    vllm: Any
    engine: Any
    prompting: Prompting
    stop: tuple[str, ...]
    adapter: Adapter | None
    lora: Json = field(init=False)

    def __post_init__(self) -> None:
        self.lora = {}
        if self.adapter is not None:
            request = import_module("vllm.lora.request").LoRARequest
            self.lora = {"lora_request": request(self.adapter.name, 1, str(self.adapter.folder))}

    def decode(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        """The answers of a chunk when all of them are there."""
        for first in range(0, len(tasks), CHUNK):
            chunk = tasks[first : first + CHUNK]
            # The asks about a sentence follow each other: its prompts are made once.
            prompts = {task.key: task.prompts for task in {task.key: task for task in chunk}.values()}
            encoded = self.prompting.ids([prompts[task.key][task.ask] for task in chunk])
            outputs = self.engine.generate(
                [{"prompt_token_ids": ids} for ids, _, _ in encoded],
                [self._sampling(task, room) for task, (_, room, _) in zip(chunk, encoded, strict=True)],
                use_tqdm=False,
                **self.lora,
            )
            for task, (ids, _, cut), output in zip(chunk, encoded, outputs, strict=True):
                yield task, self._generation(output.outputs[0], cut, len(ids))

    def _sampling(self, task: Task, room: int) -> Any:
        """Greedy decoding; a format with a schema has its answers held to it."""
        schema, more = task.asking.format.schema, {}
        if schema is not None:
            structured = import_module("vllm.sampling_params").StructuredOutputsParams
            more["structured_outputs"] = structured(json=schema(task.types))
        return self.vllm.SamplingParams(temperature=0, max_tokens=room, stop=list(self.stop) or None, **more)

    def _generation(self, output: Any, cut: bool, prompt_tokens: int) -> Generation:
        """Text is decoded here as the local backend does it, but where a stop string ended it, which vLLM takes off."""
        ids, stopped = list(output.token_ids), isinstance(output.stop_reason, str)
        if output.finish_reason == "stop" and not stopped:
            ids.pop()  # the end token
        text = output.text if stopped else self.prompting.text(ids)
        return Generation(text, len(ids), output.finish_reason or "unknown", cut, prompt_tokens=prompt_tokens)
