"""T5 step by step: encoder once, cross-attention keys and values once, decoder rows at places of their own.

T5's bias depends only on the distance between query and key, so a row may stand anywhere in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, linear, rms_norm, scaled_dot_product_attention
from transformers.activations import NewGELUActivation

from gner_bench.predict.decode.steps import Cache, Prepared, Run, Shape, hiding, padded, places, straight

FAST = torch.float32
"""The format in which sums may be taken in another order than transformers takes them: differences are of 1e-6."""
FARTHEST = 2048
"""Distances in tokens beyond which the bias table repeats its last entry, as T5's buckets do long before."""


class T5Steps:
    """A T5ForConditionalGeneration with room for ``rows`` sentences. See StepModel."""

    def __init__(self, model: Any, rows: int) -> None:
        config = model.config
        self.model, self.blocks = model, list(model.decoder.block)
        self.device: torch.device = model.decoder.embed_tokens.weight.device
        self.heads, self.size = config.num_heads, config.d_kv
        self.start_token: int = config.decoder_start_token_id
        self.pad: int = config.pad_token_id or 0
        self.scale = config.d_model**-0.5 if config.scale_decoder_outputs else 1.0
        devices = [block.layer[0].SelfAttention.q.weight.device for block in self.blocks]
        self.own = Cache(rows, self.heads, self.size, devices, model.dtype)
        self.source = Cache(rows, self.heads, self.size, devices, model.dtype)
        self.source_lengths = [0] * rows
        self.run: Run = straight
        self.bias_table = self._bias_by_distance()
        self.inputs = [_stacked(block.layer[0].SelfAttention, "q", "k", "v") for block in self.blocks]
        self.sources = [_stacked(block.layer[1].EncDecAttention, "k", "v") for block in self.blocks]
        self.gates = [_gate(block.layer[2].DenseReluDense) for block in self.blocks]
        self.encode = _Encoder(model.encoder, self.heads) if model.dtype == FAST else _plain_encoder(model.encoder)

    def _bias_by_distance(self) -> Tensor:
        """Shape (2 + farthest, heads): the bias for each distance from query back to key; row 0 hides what follows."""
        attention = self.blocks[0].layer[0].SelfAttention
        bias = attention.compute_bias(FARTHEST + 1, 1)[0, :, :, 0].T
        return torch.cat([torch.full_like(bias[:1], -torch.inf), bias])

    @property
    def positions(self) -> int:
        """How far the caches reach together; it changes when they move."""
        return self.own.positions + self.source.positions

    @torch.inference_mode()
    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        ids = padded(prompts, self.pad, self.model.encoder.embed_tokens.weight.device)
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=ids.device)
        mask = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
        encoded = self.encode(ids, mask)
        layers = []
        for weight in self.sources:
            states = linear(encoded.to(weight.device), weight).view(*ids.shape, 2, self.heads, self.size)
            layers.append((states[:, :, 0], states[:, :, 1]))
        return [
            Prepared([(keys[i, : len(p)], values[i, : len(p)]) for keys, values in layers], self.start_token, 0)
            for i, p in enumerate(prompts)
        ]

    def admit(self, row: int, prepared: Prepared) -> None:
        self.source.put(row, prepared.memory)
        self.source_lengths[row] = prepared.memory[0][0].shape[0]

    def move(self, source: int, target: int) -> None:
        self.own.move(source, target)
        self.source.move(source, target)
        self.source_lengths[target] = self.source_lengths[source]

    @torch.inference_mode()
    def step(self, tokens: Tensor, starts: Sequence[int]) -> Tensor:
        rows, count = tokens.shape
        shape = Shape(max(starts) + count, max(self.source_lengths[:rows]))
        self.own.reserve(shape.length)
        return self.run(self._forward, shape, tokens, places(tokens, starts), self._lengths(rows))

    def _lengths(self, rows: int) -> Tensor:
        return torch.tensor(self.source_lengths[:rows], device=self.device)

    def _forward(self, shape: Shape, tokens: Tensor, places: Tensor, source_lengths: Tensor) -> Tensor:
        states = self.model.decoder.embed_tokens(tokens)
        bias, hidden = self._bias(places, shape.length), self._hidden_source(source_lengths, shape.source, states)
        for index, block in enumerate(self.blocks):
            states = self._layer(index, block, states, places, bias, hidden)
        norm, head = self.model.decoder.final_layer_norm, self.model.lm_head
        states = _normed(norm, states.to(norm.weight.device)).to(head.weight.device)
        logits: Tensor = head(states * self.scale if self.scale != 1.0 else states)
        return logits

    def _bias(self, places: Tensor, length: int) -> Tensor:
        """Shape (rows, heads, n, length)."""
        distance = places[:, :, None] - torch.arange(length, device=places.device)
        return embedding(distance.clamp(-1, FARTHEST) + 1, self.bias_table).permute(0, 3, 1, 2)

    def _hidden_source(self, lengths: Tensor, longest: int, like: Tensor) -> Tensor:
        """Shape (rows, 1, 1, longest): zero for what a row may attend to."""
        beyond = torch.arange(longest, device=like.device) >= lengths[:, None]
        return hiding(beyond, like.dtype)[:, None, None]

    def _layer(self, index: int, block: Any, states: Tensor, places: Tensor, bias: Tensor, hidden: Tensor) -> Tensor:
        device = self.inputs[index].device
        states, places = states.to(device), places.to(device)
        shape = (*places.shape, 3, self.heads, self.size)
        own = block.layer[0]
        queries, keys, values = linear(_normed(own.layer_norm, states), self.inputs[index]).view(shape).unbind(2)
        self.own.write(index, places, keys, values)
        memory = self.own.read(index, shape[0], bias.shape[-1])
        states = states + own.SelfAttention.o(_attend(queries, memory, bias.to(device)))
        cross = block.layer[1]
        queries = cross.EncDecAttention.q(_normed(cross.layer_norm, states)).view(*places.shape, self.heads, self.size)
        memory = self.source.read(index, shape[0], hidden.shape[-1])
        states = states + cross.EncDecAttention.o(_attend(queries, memory, hidden.to(device)))
        forward = block.layer[2]
        states = states + self.gates[index](_normed(forward.layer_norm, states)).to(states.dtype)
        return states.clamp(-6e4, 6e4) if states.dtype == torch.float16 else states


class _Encoder:
    """The encoder in fp32 with fewer operations than transformers takes."""

    def __init__(self, encoder: Any, heads: int) -> None:
        self.encoder, self.heads = encoder, heads
        self.inputs = [_stacked(block.layer[0].SelfAttention, "q", "k", "v") for block in encoder.block]
        self.gates = [_gate(block.layer[1].DenseReluDense) for block in encoder.block]

    def __call__(self, ids: Tensor, mask: Tensor) -> Tensor:
        """States of shape (rows, n, width) for ``ids`` of shape (rows, n) where ``mask`` is true."""
        states: Tensor = self.encoder.embed_tokens(ids)
        bias = self.encoder.block[0].layer[0].SelfAttention.compute_bias(ids.shape[1], ids.shape[1])
        bias = bias + hiding(~mask, states.dtype)[:, None, None]
        for block, stacked, gate in zip(self.encoder.block, self.inputs, self.gates, strict=True):
            own, forward = block.layer
            device = stacked.device
            states = states.to(device)
            mixed = linear(_normed(own.layer_norm, states), stacked)
            queries, keys, values = mixed.view(*ids.shape, 3, self.heads, -1).unbind(2)
            memory = keys.transpose(1, 2), values.transpose(1, 2)
            states = states + own.SelfAttention.o(_attend(queries, memory, bias.to(device)))
            states = states + gate(_normed(forward.layer_norm, states))
        norm = self.encoder.final_layer_norm
        return _normed(norm, states.to(norm.weight.device))


def _plain_encoder(encoder: Any) -> Callable[[Tensor, Tensor], Tensor]:
    def encode(ids: Tensor, mask: Tensor) -> Tensor:
        states: Tensor = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    return encode


def _stacked(module: Any, *names: str) -> Tensor:
    """The weights of linear layers as one, of which theirs become parts, so that they take memory once."""
    layers = [getattr(module, name) for name in names]
    stacked = torch.cat([layer.weight.detach() for layer in layers])
    for layer, part in zip(layers, stacked.chunk(len(layers)), strict=True):
        layer.weight.data = part
    return stacked


def _gate(dense: Any) -> Callable[[Tensor], Tensor]:
    """The feed-forward layer; in fp32 with fewer operations, in other formats rounded as transformers rounds."""
    plain: Callable[[Tensor], Tensor] = dense
    if not hasattr(dense, "wi_0") or not isinstance(dense.act, NewGELUActivation) or dense.wo.weight.dtype != FAST:
        return plain
    stacked = _stacked(dense, "wi_0", "wi_1")

    def gated(states: Tensor) -> Tensor:
        opened, passed = linear(states, stacked).chunk(2, dim=-1)
        out: Tensor = dense.wo(gelu(opened, approximate="tanh") * passed)
        return out

    return gated


def _normed(norm: Any, states: Tensor) -> Tensor:
    if states.dtype == FAST:
        return rms_norm(states, norm.weight.shape, norm.weight, norm.variance_epsilon)
    normed: Tensor = norm(states)
    return normed


def _attend(queries: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """Attention of queries of shape (rows, n, heads, size), as (rows, n, heads * size)."""
    out = scaled_dot_product_attention(queries.transpose(1, 2), *memory, attn_mask=mask, scale=1.0)
    return out.transpose(1, 2).flatten(2)
