"""Our drafter in vLLM, as the class that ``speculative_config={"method": "custom_class", "model": …}`` names.

vLLM (PR 39487, experimental) hands over token ids and no more, so the words and types of a sentence are read from its
prompt. Runs in vLLM's worker, which checks every draft: a wrong one costs time and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.answers.gner import INSTRUCTION, SENTENCE_JOINT, TYPES_JOINT
from gner_bench.predict.decode.draft import Drafter, SentenceDraft
from gner_bench.predict.decode.units import Units
from gner_bench.predict.folder import open_folder

PATH = f"{__name__}.Proposer"
"""What ``speculative_config`` names."""


@dataclass
class Request:
    """A request: its prompt and output so far, and what drafts the rest, None where the prompt is none of GNER's."""

    ids: list[int]
    draft: SentenceDraft | None


class Proposer:
    """Drafts GNER's text for the prompts that vLLM is at, one row a request."""

    def __init__(self, vllm_config: Any) -> None:
        folder = open_folder(str(Path(vllm_config.model_config.model)))
        self.most: int = vllm_config.speculative_config.num_speculative_tokens
        self.tokenizer, self.end = folder.tokenizer, folder.tokenizer.eos_token_id
        backend = folder.tokenizer.backend_tokenizer

        def encode(texts: list[str]) -> list[list[int]]:
            return [encoding.ids for encoding in backend.encode_batch(texts, add_special_tokens=False)]

        self.drafter = Drafter(Units(encode, self._text, self.end))
        self.requests: dict[int, Request] = {}

    def propose(
        self,
        sampled_token_ids: Sequence[Sequence[int]],
        num_tokens_no_spec: Any,
        token_ids_cpu: Any,
        slot_mappings: Any = None,
    ) -> list[list[int]]:
        """Drafts for each row, none for a row that sampled nothing, as a prompt that is read in parts does.

        ``token_ids_cpu`` of shape (rows, longest) holds prompts and outputs, ``num_tokens_no_spec`` counts their
        tokens, of which ``sampled_token_ids`` are the newest. Rows change places when requests end.
        """
        before, now, drafts = self.requests, dict[int, Request](), list[list[int]]()
        for row, sampled in enumerate(sampled_token_ids):
            ids = [int(token) for token in token_ids_cpu[row, : int(num_tokens_no_spec[row])]]
            old = ids[: len(ids) - len(sampled)]
            places = (row, *before)
            request = next((before[place] for place in places if place in before and before[place].ids == old), None)
            if request is None and sampled:
                request = Request(old, self._begin(old))
            if request is not None:
                request.ids, now[row] = ids, request
            drafts.append(self._draft(request.draft, list(sampled)) if request and request.draft and sampled else [])
        self.requests = now
        return drafts

    def load_model(self, *args: Any, **kwargs: Any) -> None:
        """There is none to load."""

    def _draft(self, draft: SentenceDraft, new: list[int]) -> list[int]:
        draft.advance(new, new)
        if new[-1] == self.end:
            draft.finish()
            return []
        return draft.propose(self.most)

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
