"""How a checkpoint is asked: what goes around a prompt, its token ids, and the limits of prompts and outputs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, inf
from pathlib import Path
from typing import Any

from gner_bench.answers import Wrapping, answer_format
from gner_bench.answers.gner import Target
from gner_bench.catalog.entries import Family
from gner_bench.documents.fields import Json
from gner_bench.errors import InputError, UsageError, first_line
from gner_bench.predict.plan import Task
from gner_bench.predict.windows import Windows, windows

CLEAN_UP_TOKENIZATION_SPACES = False
"""Whether decoding removes the spaces before punctuation, which would merge words of the copy."""
GENERAL = 640
"""The most new tokens of a checkpoint that neither its family nor the answer format limits."""
SPARE = 1
"""Tokens a word for labels longer than ``(O)`` when GNER's text is planned: five more for one word in five."""
LEAST = 16
"""Tokens of a text that must fit beside the rest of a prompt."""
SCALE = 1_000_000
TODAY = (
    "{%- macro strftime_now(format) -%}{{ '2024-07-26' if format == '%Y-%m-%d' else '26 Jul 2024' }}{%- endmacro -%}"
)
"""Goes before chat templates that put the day into the prompt, so that it is the same one tomorrow. The day is the one
that Llama 3 has where none is given."""


@dataclass(frozen=True)
class Prompting:
    """How the checkpoint in ``folder`` is asked. Limits of prompts, outputs and both are in tokens, 0 for none.

    ``written`` says that the words of a sentence are written back, so that long ones have long outputs.
    """

    folder: Path
    tokenizer: Any
    config: Any
    wrapping: Wrapping
    max_input_tokens: int = 0
    max_new_tokens: int = 0
    max_total_tokens: int = 0
    written: bool = False

    def __post_init__(self) -> None:
        if self.wrapping == "chat":
            self.rendered("a")

    def settings(self, family: Family) -> Json:
        """Those of run.json: the limits, and the wrapping where it is not that of the ``family``."""
        limits = {
            "max_input_tokens": self.max_input_tokens or None,
            "max_new_tokens": self.max_new_tokens or None,
            "max_total_tokens": self.max_total_tokens or None,
        }
        if self.wrapping == family.wrapping:
            return limits
        return {**limits, "wrapping": self.wrapping, **self.template_hash()}

    def template_hash(self) -> Json:
        """The SHA-256 (hex) of the chat template for run.json, where one is applied."""
        if self.wrapping != "chat":
            return {}
        return {"chat_template": hashlib.sha256(self.template.encode()).hexdigest()}

    @cached_property
    def template(self) -> str:
        """The chat template. Raises InputError where there is none."""
        try:
            template = self.tokenizer.get_chat_template()
        except ValueError:
            message = (
                "its tokenizer has no chat template; choose another --wrapping (plain, inst), or a server's --api chat"
            )
            raise InputError(self.folder, message) from None
        return f"{TODAY}{template}" if "strftime_now" in template else str(template)

    def rendered(self, prompt: str) -> str:
        """The text of ``prompt`` that the model reads; a chat template says itself where a begin token is."""
        if self.wrapping != "chat":
            return prompt
        message, template = [{"role": "user", "content": prompt}], self.template
        try:
            text: str = self.tokenizer.apply_chat_template(
                message, chat_template=template, tokenize=False, add_generation_prompt=True
            )
        except Exception as error:  # jinja2 and what a template itself raises
            raise InputError(self.folder, f"its chat template takes no prompt: {first_line(error)}") from None
        return text

    def ids(self, prompts: Sequence[str]) -> list[tuple[list[int], int, bool]]:
        """For each prompt its token ids within the limit, the most tokens that may follow, and whether it was cut."""
        limit = self.max_input_tokens or (self.max_total_tokens - 1 if self.max_total_tokens else None)
        texts, special = [self.rendered(prompt) for prompt in prompts], self.wrapping != "chat"
        whole = self.tokenizer(texts, add_special_tokens=special)["input_ids"]
        if self.config.is_encoder_decoder:
            cut = whole
            if limit is not None:
                cut = self.tokenizer(texts, truncation=True, max_length=limit)["input_ids"]
        else:
            # A decoder-only model continues the prompt; GNER's code, too, takes an end token off.
            end = self.tokenizer.eos_token_id
            whole = [ids[:-1] if special and ids and ids[-1] == end else ids for ids in whole]
            cut = [ids[:limit] for ids in whole]
        vocabulary = self.config.get_text_config().vocab_size
        if (highest := max(map(max, filter(None, cut)), default=0)) >= vocabulary:
            raise InputError(self.folder, f"its tokenizer gives token {highest}, which the model does not have")
        return [
            (ids, self._room(len(ids)), limit is not None and len(all_ids) > limit)
            for ids, all_ids in zip(cut, whole, strict=True)
        ]

    def _room(self, size: int) -> int:
        """The most tokens of an output after a prompt of ``size`` tokens."""
        total = self.max_total_tokens
        return int(min(self.max_new_tokens or inf, total - size if total else inf))

    def text(self, ids: Sequence[int]) -> str:
        """What ``ids`` say, without special tokens."""
        text: str = self.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=CLEAN_UP_TOKENIZATION_SPACES
        )
        return text

    def windows(self, task: Task) -> Windows:
        """The parts in which the words of a task fit the limits, together with the rest of the longest prompt.

        Raises UsageError where the rest of the prompt leaves no room.
        """
        words = list(task.sentence.words)
        read = self._sizes(words)
        written = [size + SPARE for size in self._sizes([f"{word}(O)" for word in words])] if self.written else []
        short = replace(task, sentence=replace(task.sentence, words=("a",), tags=("O",)))
        rest = max(len(ids) for ids in self.tokenizer([self.rendered(prompt) for prompt in short.prompts])["input_ids"])
        # Sizes of the words in tokens with the most that there is room for; all of them are to be kept.
        limits = []
        if self.max_input_tokens:
            limits.append((read, self.max_input_tokens - rest))
        if self.max_new_tokens and written:
            limits.append((written, self.max_new_tokens))
        if self.max_total_tokens:
            both = [sum(pair) for pair in zip(read, written, strict=True)] if written else read
            answer = 0 if written else min(self.max_new_tokens, self.max_total_tokens // 2)
            limits.append((both, self.max_total_tokens - 1 - rest - answer))
        for _, most in limits:
            if most < LEAST:
                message = f"the prompt takes {rest} tokens without the text, which leaves no room for it"
                raise UsageError(f"{message} (limit {self.max_input_tokens or self.max_total_tokens})")
        if not limits:
            return Windows([(0, len(words))], sum(read), sum(read), "tokens")
        tightest, most = max(limits, key=lambda limit: sum(limit[0]) / limit[1])
        sizes = [max(ceil(SCALE * size[place] / room) for size, room in limits) for place in range(len(words))]
        return Windows(windows(words, sizes, SCALE), sum(tightest), most, "tokens")

    def _sizes(self, words: list[str]) -> list[int]:
        ids = self.tokenizer([f" {word}" for word in words], add_special_tokens=False)["input_ids"]
        return list(map(len, ids))


def prompting_of(
    folder: Path,
    tokenizer: Any,
    config: Any,
    family: Family,
    format: str,
    wrapping: Wrapping | None = None,
    max_new_tokens: int | None = None,
) -> Prompting:
    """How a checkpoint is asked in a ``format``; ``wrapping`` and ``max_new_tokens`` where they are asked for.

    GNER's texts have the limits of the family; other formats those of their authors on outputs, and the positions of
    the model on prompts. A prompt that no format wraps gets the model's chat template, if there is one. Raises
    InputError for a chat template that is missing or does not take a prompt.
    """
    answers = answer_format(format)
    target = answers if isinstance(answers, Target) else None
    own: Wrapping = family.wrapping
    if target is None and own == "inst" and getattr(tokenizer, "chat_template", None):
        own = "chat"
    wrapping = wrapping or answers.wrapping or own
    most = max_new_tokens or answers.max_new_tokens or family.max_new_tokens
    if target is not None:
        limits = (family.max_input_tokens, most, family.max_total_tokens)
        return Prompting(folder, tokenizer, config, wrapping, *limits, written=target.context is None)
    # T5 counts distances and has as many positions as one likes.
    text = config.get_text_config()
    positions = getattr(text, "max_position_embeddings", 0) or 0
    limits = (positions, most or GENERAL, 0) if config.is_encoder_decoder else (0, most or GENERAL, positions)
    return Prompting(folder, tokenizer, config, wrapping, *limits, written=answers.name == "inline")
