"""Generating through a server that speaks the OpenAI API, such as vLLM, SGLang, `transformers serve` or llama.cpp."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gner_bench.errors import InputError
from gner_bench.predict.asking import Asker
from gner_bench.predict.backend import Backend
from gner_bench.predict.server import Api, Server, require_usable, told
from gner_bench.prompting import Wrapping
from gner_bench.records import Json
from gner_bench.structure.back_tokenizer import load_back_tokenizer, tokenizer_file

WRAPPINGS: dict[Api, Wrapping] = {"completions": "llama", "chat": "plain"}


def openai_backend(server: Server, tokenizer: Path | None = None) -> Backend:
    """The backend of ``server``, which is asked for its models; ``tokenizer`` is a file or folder, if there is one.

    Without ``api_key``, $OPENAI_API_KEY is sent. Raises UsageError for settings that cannot work and for a model that
    the server does not have, UnreachableError where nobody answers, InputError for a bad tokenizer. While decoding,
    GnerBenchError (UnreachableError) ends the iteration once a request is refused or all its attempts have failed.
    """
    key = server.api_key or os.environ.get("OPENAI_API_KEY", "")
    server = replace(server, base_url=server.base_url.rstrip("/"), api_key=key.strip())
    require_usable(server, tokenizer)
    file = _tokenizer(tokenizer) if tokenizer else None
    asker = Asker(server, _counter(file) if file and server.max_total_tokens else None)
    return Backend(
        name=_short_name(server),
        model=_model(server),
        settings=_settings(server),
        wrapping=WRAPPINGS[server.api],
        device="unknown (server)",
        decode=asker.decode,
        tokenizer=file,
        statistics=asker.statistics,
    )


def _model(server: Server) -> Json:
    return {
        "name": _short_name(server),
        "source": server.base_url,
        "revision": None,
        "parameters": None,
        "note": "",
        "training_sets": [],
        "files": {},
        "weights": "not verifiable",
        "served": told(server),
    }


def _short_name(server: Server) -> str:
    return server.model.rstrip("/").rpartition("/")[2]


def _settings(server: Server) -> Json:
    """``model`` is among them because there are no hashes of weights to tell one run from another."""
    return {
        "backend": "openai",
        "api": server.api,
        "model": server.model,
        "decoding": "greedy",
        "num_beams": 1,
        "dtype": "unknown (server)",
        "max_input_tokens": None,
        "max_new_tokens": server.max_new_tokens or None,
        "max_total_tokens": server.max_total_tokens or None,
        "stop": list(server.stop) or None,
    }


def _tokenizer(path: Path) -> Path | None:
    load_back_tokenizer(path)
    return tokenizer_file(path)


def _counter(file: Path) -> Callable[[str], int]:
    """Counts the tokens of a prompt as a checkpoint on this machine would, by the settings beside ``file``."""
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(file.parent)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(file.parent, f"cannot be loaded as a tokenizer, to count prompts: {reason}") from None
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"])
