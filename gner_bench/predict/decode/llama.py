"""LLaMA step by step: prompts read once, what they all begin with only once, rows at places of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from gner_bench.predict.decode.steps import Cache, Prepared, Run, Shape, hiding, padded, places, straight


class LlamaSteps:
    """A LlamaForCausalLM with room for ``rows`` sentences; ``shared`` are the tokens that prompts begin with.

    See StepModel.
    """

    def __init__(self, model: Any, rows: int, shared: Sequence[int] = ()) -> None:
        config = model.config
        self.model, self.layers = model, list(model.model.layers)
        self.device: torch.device = model.model.embed_tokens.weight.device
        self.size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        self.heads, self.groups = config.num_key_value_heads, config.num_attention_heads // config.num_key_value_heads
        self.cache = self._new_cache(rows)
        self.run: Run = straight
        self.shared = list(shared)
        self._shared_memory = self._read_shared() if shared else None

    def _new_cache(self, rows: int) -> Cache:
        devices = [layer.self_attn.q_proj.weight.device for layer in self.layers]
        return Cache(rows, self.heads, self.size, devices, self.model.dtype)

    @property
    def positions(self) -> int:
        """How far the cache reaches; it changes when it moves."""
        return self.cache.positions

    @torch.inference_mode()
    def _read_shared(self) -> list[tuple[Tensor, Tensor]]:
        cache = self._new_cache(1)
        self._read(cache, padded([self.shared], 0, self.device), 0)
        return cache.take(0, len(self.shared))

    @torch.inference_mode()
    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        """The last token of each prompt is left for the first pass."""
        cache = self._new_cache(len(prompts))
        start = self._start(prompts)
        for row in range(len(prompts) if start else 0):
            cache.put(row, self._shared_memory or [])
        rest = [prompt[start:-1] for prompt in prompts]
        if any(rest):
            self._read(cache, padded(rest, 0, self.device), start)
        return [Prepared(cache.take(i, len(p) - 1), p[-1], len(p) - 1) for i, p in enumerate(prompts)]

    def _start(self, prompts: Sequence[Sequence[int]]) -> int:
        """How many tokens of the shared beginning may be skipped: all or none."""
        count = len(self.shared)
        together = all(len(prompt) > count and list(prompt[:count]) == self.shared for prompt in prompts)
        return count if together and self._shared_memory else 0

    def admit(self, row: int, prepared: Prepared) -> None:
        if prepared.start:
            self.cache.put(row, prepared.memory)

    def move(self, source: int, target: int) -> None:
        self.cache.move(source, target)

    @torch.inference_mode()
    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        shape = Shape(max(starts) + tokens.shape[1])
        self.cache.reserve(shape.length)
        return self.run(self._forward, shape, tokens, places(tokens, starts))

    def _forward(self, shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
        head = self.model.lm_head
        logits: Tensor = head(self._states(self.cache, shape, tokens, places).to(head.weight.device))
        return logits

    def _read(self, cache: Cache, tokens: Tensor, start: int) -> None:
        """Fill ``cache`` with what stands at ``start`` of every row."""
        shape = Shape(start + tokens.shape[1])
        cache.reserve(shape.length)
        self._states(cache, shape, tokens, places(tokens, [start] * tokens.shape[0]))

    def _states(self, cache: Cache, shape: Shape, tokens: Tensor, places: Tensor) -> Tensor:
        states = self.model.model.embed_tokens(tokens)
        cosine, sine = self.model.model.rotary_emb(states, places)
        later = torch.arange(shape.length, device=states.device) > places[:, :, None]
        mask = hiding(later, states.dtype)
        for index, layer in enumerate(self.layers):
            device = layer.self_attn.q_proj.weight.device
            moved = [each.to(device) for each in (states, places, cosine[:, :, None], sine[:, :, None], mask[:, None])]
            states = self._layer(cache, index, layer, *moved)
        norm = self.model.model.norm
        normed: Tensor = norm(states.to(norm.weight.device))
        return normed

    def _layer(
        self,
        cache: Cache,
        index: int,
        layer: Any,
        states: Tensor,
        places: Tensor,
        cos: Tensor,
        sin: Tensor,
        mask: Tensor,
    ) -> Tensor:
        attention, normed = layer.self_attn, layer.input_layernorm(states)
        shape = (*places.shape, -1, self.size)
        queries = _turned(attention.q_proj(normed).view(shape), cos, sin)
        keys = _turned(attention.k_proj(normed).view(shape), cos, sin)
        cache.write(index, places, keys, attention.v_proj(normed).view(shape))
        keys, values = (self._for_all_heads(each) for each in cache.read(index, shape[0], mask.shape[-1]))
        out = scaled_dot_product_attention(queries.transpose(1, 2), keys, values, attn_mask=mask)
        states = states + attention.o_proj(out.transpose(1, 2).flatten(2))
        forward: Tensor = layer.mlp(layer.post_attention_layernorm(states))
        return states + forward

    def _for_all_heads(self, states: Tensor) -> Tensor:
        return states if self.groups == 1 else states.repeat_interleave(self.groups, dim=1)


def _turned(states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions on states of shape (rows, n, heads, size)."""
    first, second = states.chunk(2, dim=-1)
    return states * cosine + torch.cat((-second, first), dim=-1) * sine
