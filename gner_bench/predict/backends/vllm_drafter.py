"""Our drafter in vLLM, as the class that ``speculative_config={"method": "custom_class", "model": …}`` names.

Written after the source of vLLM 0.33.0 (v1/spec_decode/custom_class_proposer.py, v1/worker/gpu_model_runner.py). vLLM
hands over token ids and no more, so the words and types of a sentence are read from its prompt. Runs in vLLM's worker,
which checks every draft: a wrong one costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gner_bench.answers.gner import INSTRUCTION, SENTENCE_JOINT, TYPES_JOINT
from gner_bench.errors import first_line
from gner_bench.messages import warn
from gner_bench.predict.decode.draft import Drafter, SentenceDraft
from gner_bench.predict.decode.units import Units
from gner_bench.predict.folder import open_folder

PATH = f"{__name__}.Proposer"
"""What ``speculative_config`` names."""
OPEN = 4096
"""Requests that are remembered: four times those that vLLM runs at once. Some end without a word, at their length."""


@dataclass(eq=False)
class Request:
    """A request: its prompt and output so far, and what drafts the rest, None where the prompt is none of GNER's."""

    ids: Any
    draft: SentenceDraft | None

    def begins(self, ids: Any) -> bool:
        """Whether ``ids`` are this request's tokens and more."""
        size = len(self.ids)
        return size < len(ids) and np.array_equal(ids[:size], self.ids)


class Proposer:
    """Drafts GNER's text for the prompts that vLLM is at, one row a request."""

    def __init__(self, vllm_config: Any) -> None:
        folder = open_folder(str(Path(vllm_config.model_config.model)))
        self.most: int = vllm_config.speculative_config.num_speculative_tokens
        self.longest: int = vllm_config.model_config.max_model_len
        self.tokenizer, self.end = folder.tokenizer, folder.tokenizer.eos_token_id
        backend = folder.tokenizer.backend_tokenizer

        def encode(texts: list[str]) -> list[list[int]]:
            return [encoding.ids for encoding in backend.encode_batch(texts, add_special_tokens=False)]

        self.drafter = Drafter(Units(encode, self._text, self.end))
        self.rows: dict[int, Request] = {}
        self.open: list[Request] = []

    def propose(
        self,
        sampled_token_ids: Sequence[Sequence[int]],
        num_tokens_no_spec: Any,
        token_ids_cpu: Any,
        slot_mappings: Any = None,
    ) -> list[list[int]]:
        """Drafts for each row, none for a row that sampled nothing, as a prompt that is read in parts does.

        ``token_ids_cpu``, an array of shape (rows, longest), holds prompts and outputs, ``num_tokens_no_spec`` counts
        their tokens, of which ``sampled_token_ids`` are the newest.
        """
        drafts = list[list[int]]()
        for row, sampled in enumerate(sampled_token_ids):
            if not sampled:
                drafts.append([])
                continue
            ids = token_ids_cpu[row, : int(num_tokens_no_spec[row])]
            request = self.rows[row] = self._request(row, ids, len(sampled))
            new, request.ids = ids[len(request.ids) :].tolist(), ids.copy()
            drafts.append(self._draft(request, new))
        return drafts

    def load_model(self, *args: Any, **kwargs: Any) -> None:
        """There is none to load."""

    def _request(self, row: int, ids: Any, sampled: int) -> Request:
        """The request whose tokens go on as ``ids``, most often that of the same row; a new one where there is none.

        Rows change places when requests end. Steps may be missing: vLLM asks for no drafts at all while one sequence
        comes close to the longest, and takes a request from its row for a while where memory is short.
        """
        last = self.rows.get(row)
        if last is not None and last.begins(ids):
            return last
        known = [request for request in self.open if request.begins(ids)]
        if known:
            return max(known, key=lambda request: len(request.ids))
        prompt = ids[: len(ids) - sampled].copy()
        request = Request(prompt, self._begin(prompt.tolist()))
        self.open = [*self.open[1 - OPEN :], request]
        return request

    def _draft(self, request: Request, new: list[int]) -> list[int]:
        draft, drafted = request.draft, list[int]()
        if draft is None:
            return drafted
        try:
            draft.advance(new, new)
            if new[-1] == self.end:
                draft.finish()
            else:
                drafted = draft.propose(max(0, min(self.most, self.longest - len(request.ids) - 1)))
        except Exception as error:  # would end the engine, and the run with it
            warn(f"our drafter gives a sentence up ({type(error).__name__}: {first_line(error)}); its text is the same")
            request.draft = None
        if new[-1] == self.end and request in self.open:
            self.open.remove(request)
        return drafted

    def _begin(self, prompt: Sequence[int]) -> SentenceDraft | None:
        """The draft for a prompt, None for one that is none of GNER's."""
        _, asks, asked = self._text(prompt).partition(f"{INSTRUCTION}{TYPES_JOINT}")
        types, given, sentence = asked.partition(SENTENCE_JOINT)
        if not (asks and given):
            return None
        words = sentence.partition(" [/INST]")[0].split("\n")[0].split()
        return self.drafter.sentence("", words, types.split(", "))

    def _text(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text
