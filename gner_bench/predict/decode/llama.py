"""LLaMA step by step: prompts read once, what they all begin with only once, rows at places of their own."""

from __future__ import annotations

from collections.abc import Sequence
from operator import call
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from gner_bench.predict.decode.steps import Cache, Prepared, Run, Shape, hiding, padded, places


class LlamaSteps:
    """A StepModel of a LlamaForCausalLM; ``shared`` are the tokens that prompts begin with."""

    def __init__(self, model: Any, rows: int, shared: Sequence[int] = ()) -> None:
        config = model.config
        self.model, self.layers = model, list(model.model.layers)
        self.device: torch.device = model.model.embed_tokens.weight.device
        self.size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.heads, self.groups = config.num_key_value_heads, config.num_attention_heads // config.num_key_value_heads
        devices = [layer.self_attn.q_proj.weight.device for layer in self.layers]
        self.layout = self.heads, self.size, devices, model.dtype
        self.cache = Cache(rows, *self.layout)
        self.run: Run = call
        self.shared = list(shared)
        self._shared_memory: list[tuple[Tensor, Tensor]] = []
        if shared:
            self._shared_memory = self.prepare([[*shared, 0]])[0].memory  # a last token is not read, so any will do

    @torch.inference_mode()
    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        """Read all but the last token of each prompt; the shared beginning is skipped where the whole batch has it."""
        cache, count = Cache(len(prompts), *self.layout), len(self.shared)
        together = all(len(prompt) > count and list(prompt[:count]) == self.shared for prompt in prompts)
        start = count if together and self._shared_memory else 0
        for row in range(len(prompts) if start else 0):
            cache.put(row, self._shared_memory)
        rest = [prompt[start:-1] for prompt in prompts]
        if any(rest):
            tokens = padded(rest, 0, self.device)
            cache.reserve(start + tokens.shape[1])
            self._states(cache, start + tokens.shape[1], tokens, places(tokens, [start] * len(prompts)))
        return [Prepared(cache.take(i, len(p) - 1), p[-1], len(p) - 1) for i, p in enumerate(prompts)]

    def admit(self, row: int, prepared: Prepared) -> None:
        if prepared.start:
            self.cache.put(row, prepared.memory)

    def move(self, source: int, target: int) -> None:
        self.cache.move(source, target)

    @torch.inference_mode()
    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        length = max(starts) + tokens.shape[1]
        self.cache.reserve(length)
        shape = Shape(length, capacity=self.cache.positions)
        return self.run(self._forward, shape, tokens, places(tokens, starts))

    def _forward(self, shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
        head = self.model.lm_head
        logits: Tensor = head(self._states(self.cache, shape.length, tokens, places).to(head.weight.device))
        return logits

    def _states(self, cache: Cache, length: int, tokens: Tensor, places: Tensor) -> Tensor:
        """The last states of ``tokens`` of shape (rows, n) at ``places``; their keys and values go into ``cache``."""
        states = self.model.model.embed_tokens(tokens)
        cosine, sine = self.model.model.rotary_emb(states, places)
        later = torch.arange(length, device=states.device) > places[:, :, None]
        mask = hiding(later, states.dtype)
        shape = (*places.shape, -1, self.size)
        for index, layer in enumerate(self.layers):
            attention, device = layer.self_attn, layer.self_attn.q_proj.weight.device
            # A checkpoint that is spread over devices has its layers on several; elsewhere nothing is copied here.
            states, places, cos, sin, hidden = (
                tensor.to(device) for tensor in (states, places, cosine[:, :, None], sine[:, :, None], mask[:, None])
            )
            normed = layer.input_layernorm(states)
            queries = _rotated(attention.q_proj(normed).view(shape), cos, sin)
            keys = _rotated(attention.k_proj(normed).view(shape), cos, sin)
            cache.write(index, places, keys, attention.v_proj(normed).view(shape))
            keys, values = cache.read(index, shape[0], length)
            if self.groups > 1:
                keys, values = (states.repeat_interleave(self.groups, dim=1) for states in (keys, values))
            out = scaled_dot_product_attention(queries.transpose(1, 2), keys, values, attn_mask=hidden)
            states = states + attention.o_proj(out.transpose(1, 2).flatten(2))
            states = states + layer.mlp(layer.post_attention_layernorm(states))
        norm = self.model.model.norm
        normed_states: Tensor = norm(states.to(norm.weight.device))
        return normed_states


def _rotated(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions on states of shape (rows, n, heads, size)."""
    first, second = states.chunk(2, dim=-1)
    return states * cosine + torch.cat((-second, first), dim=-1) * sine
