"""T5 step by step: encoder and cross-attention keys once, decoder rows at places of their own."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from operator import call
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, linear, rms_norm, scaled_dot_product_attention
from transformers.activations import NewGELUActivation

from gner_bench.predict.decode.graphs import ALIGNED, Graphs
from gner_bench.predict.decode.steps import Cache, Prepared, Run, Shape, hiding, padded, places, rounded_up

FAST = torch.float32
"""The format in which sums may be taken in another order than transformers takes them: differences are of 1e-6 of the
logits' spread. In bf16 they are of 1e-2, which flips near-ties, so there every operation is transformers' own."""
FEW = 32
"""Queries of a row up to which two plain products take less time than fused attention, whose blocks have 32."""
SQRT = (2 / pi) ** 0.5
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
        # Of T5 with a head tied to the embeddings; Flan-T5 and GNER have heads of their own. transformers 5 says in
        # tie_word_embeddings that all are tied, and keeps here what the checkpoint's configuration says.
        self.scale = config.d_model**-0.5 if config.scale_decoder_outputs else 1.0
        self.devices = [block.layer[0].SelfAttention.q.weight.device for block in self.blocks]
        self.run: Run = call
        self.planned = 0, 0
        self.resize(rows)
        # T5's bias depends on distances alone, so a row may begin anywhere in the cache without repair of positions.
        # Shape (2 + farthest, heads): the bias for each distance from query back to key; row 0 hides what follows.
        bias = self.blocks[0].layer[0].SelfAttention.compute_bias(FARTHEST + 1, 1)[0, :, :, 0].T
        self.bias_table = torch.cat([torch.full_like(bias[:1], -torch.inf), bias])
        self.bias_by_head = self.bias_table.T.contiguous()
        self.inputs = [_stacked(block.layer[0].SelfAttention, "q", "k", "v") for block in self.blocks]
        self.sources = [_stacked(block.layer[1].EncDecAttention, "k", "v") for block in self.blocks]
        # Products are up to two times faster with a width that is a multiple of 16, which few vocabularies lack.
        head: Tensor = model.lm_head.weight.detach()
        missing = -head.shape[0] % 16 if head.device.type == "cpu" and head.dtype == FAST else 0
        self.head = torch.cat([head, head.new_zeros(missing, head.shape[1])]) if missing else head
        self.gates = [_stacked_gate(block.layer[2].DenseReluDense) for block in self.blocks]
        encoder = model.encoder.block if model.dtype == FAST else ()
        self.encoder_inputs = [_stacked(block.layer[0].SelfAttention, "q", "k", "v") for block in encoder]
        self.encoder_gates = [_stacked_gate(block.layer[1].DenseReluDense) for block in encoder]

    def plan(self, sizes: Sequence[tuple[int, int]]) -> None:
        # A place more than outputs have, for what fills up the columns of other rows.
        prompt, output = (max(lengths, default=0) for lengths in zip(*sizes, strict=True))
        planned = rounded_up(output + 1, ALIGNED), rounded_up(prompt, ALIGNED)
        if planned[0] > self.planned[0] or planned[1] > self.planned[1]:
            self.planned = planned
            self.resize(self.rows)

    def resize(self, rows: int) -> None:
        self.rows, self.source_lengths = rows, [0] * rows
        self.own, self.source = (
            Cache(rows, self.heads, self.size, self.devices, self.model.dtype, planned) for planned in self.planned
        )
        if isinstance(self.run, Graphs):
            self.run.resize(rows)

    @torch.inference_mode()
    def prepare(self, prompts: Sequence[Sequence[int]]) -> list[Prepared]:
        ids = padded(prompts, self.pad, self.model.encoder.embed_tokens.weight.device)
        lengths = torch.tensor([len(prompt) for prompt in prompts], device=ids.device)
        encoded = self._encode(ids, torch.arange(ids.shape[1], device=ids.device) < lengths[:, None])
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
        sources = self.source_lengths[: len(starts)]
        at, length = places(tokens, starts, self.planned[0])
        self.own.reserve(length)
        shape = Shape(length, max(sources), (self.own.positions, self.source.positions))
        return self.run(self._forward, shape, tokens, at, torch.tensor(sources))

    def _encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Encoder states of shape (rows, n, width) for ``ids`` of shape (rows, n) where ``mask`` is true."""
        encoder = self.model.encoder
        if not self.encoder_inputs:
            plain: Tensor = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            return plain
        states: Tensor = encoder.embed_tokens(ids)
        bias = encoder.block[0].layer[0].SelfAttention.compute_bias(ids.shape[1], ids.shape[1])
        # Fused attention reads a mask whose rows are one piece of memory faster; it comes with the heads innermost.
        bias = bias.contiguous() + hiding(~mask, states.dtype)[:, None, None]
        for block, stacked, gate in zip(encoder.block, self.encoder_inputs, self.encoder_gates, strict=True):
            own, forward = block.layer
            states = states.to(stacked.device)
            mixed = linear(_normed(own.layer_norm, states), stacked)
            queries, keys, values = mixed.view(*ids.shape, 3, self.heads, -1).unbind(2)
            memory = keys.transpose(1, 2), values.transpose(1, 2)
            states = states + own.SelfAttention.o(_attend(queries, memory, bias.to(stacked.device)))
            states = states + _feed_forward(forward.DenseReluDense, gate, _normed(forward.layer_norm, states))
        norm = encoder.final_layer_norm
        return _normed(norm, states.to(norm.weight.device))

    def _forward(self, shape: Shape, tokens: Tensor, places: Tensor, source_lengths: Tensor) -> Tensor:
        """The logits of ``tokens`` of shape (rows, n) at ``places``."""
        tokens, places, source_lengths = (values.to(self.device) for values in (tokens, places, source_lengths))
        states = self.model.decoder.embed_tokens(tokens)
        # The bias has the shape (rows, heads, n, length), what hides the source (rows, 1, 1, longest source).
        distance = places[:, :, None] - torch.arange(shape.length, device=places.device)
        near = distance.clamp(-1, FARTHEST) + 1
        if shape.aligned:
            # Fused attention on a GPU refuses masks whose last dimension is not one piece of memory.
            bias = self.bias_by_head[:, near].transpose(0, 1)
        else:
            bias = embedding(near, self.bias_table).permute(0, 3, 1, 2).contiguous()  # slower to gather by head
        beyond = torch.arange(shape.source, device=states.device) >= source_lengths[:, None]
        hidden = hiding(beyond, states.dtype)[:, None, None]
        rows, count = places.shape
        for index, block in enumerate(self.blocks):
            own, cross, forward = block.layer
            # A checkpoint that is spread over devices has its layers on several; elsewhere nothing is copied here.
            device = self.inputs[index].device
            states, places = states.to(device), places.to(device)
            mixed = linear(_normed(own.layer_norm, states), self.inputs[index])
            queries, keys, values = mixed.view(rows, count, 3, self.heads, self.size).unbind(2)
            self.own.write(index, places, keys, values)
            memory = self.own.read(index, rows, shape.length)
            states = states + own.SelfAttention.o(_attend(queries, memory, bias.to(device)))
            queries = cross.EncDecAttention.q(_normed(cross.layer_norm, states))
            memory = self.source.read(index, rows, shape.source)
            attended = _attend(queries.view(rows, count, self.heads, self.size), memory, hidden.to(device))
            states = states + cross.EncDecAttention.o(attended)
            normed = _normed(forward.layer_norm, states)
            # transformers keeps ``wo`` in fp32 in fp16 models and clamps states, for T5's largest overflow fp16.
            states = states + _feed_forward(forward.DenseReluDense, self.gates[index], normed).to(states.dtype)
            if states.dtype == torch.float16:
                states = states.clamp(-6e4, 6e4)
        norm, head = self.model.decoder.final_layer_norm, self.model.lm_head
        states = _normed(norm, states.to(norm.weight.device)).to(head.weight.device)
        logits = linear(states * self.scale if self.scale != 1.0 else states, self.head)
        return logits[..., : head.weight.shape[0]]


def _stacked(module: Any, *names: str) -> Tensor:
    """The weights of linear layers as one, of which theirs become parts, so that they take memory once."""
    layers = [getattr(module, name) for name in names]
    stacked = torch.cat([layer.weight.detach() for layer in layers])
    for layer, part in zip(layers, stacked.chunk(len(layers)), strict=True):
        layer.weight.data = part
    return stacked


def _stacked_gate(dense: Any) -> Tensor | None:
    """The stacked inputs of a gated feed-forward layer that may be computed in another way than transformers does."""
    if not hasattr(dense, "wi_0") or not isinstance(dense.act, NewGELUActivation) or dense.wi_0.weight.dtype != FAST:
        return None
    return _stacked(dense, "wi_0", "wi_1")


def _feed_forward(dense: Any, stacked: Tensor | None, states: Tensor) -> Tensor:
    """The feed-forward layer; with ``stacked`` weights one product less and GELU in one kernel instead of eight."""
    out: Tensor
    if stacked is None:
        out = dense(states)
    else:
        opened, passed = linear(states, stacked).chunk(2, dim=-1)
        out = dense.wo(_gated(opened, passed))
    return out


def _gated(opened: Tensor, passed: Tensor) -> Tensor:
    """GELU by its approximation with tanh, times what it lets through.

    On the CPU as x sigmoid(2u) in place of x (1 + tanh(u)) / 2, which it equals: the exponential takes half the time.
    """
    if opened.device.type != "cpu":
        return gelu(opened, approximate="tanh") * passed
    inner = (opened * opened).mul_(2 * 0.044715 * SQRT).add_(2 * SQRT).mul_(opened)
    return inner.sigmoid_().mul_(opened).mul_(passed)


def _normed(norm: Any, states: Tensor) -> Tensor:
    """T5's layer norm; transformers' rounds in bf16 and fp16 before it applies the weight, which rms_norm does not."""
    if states.dtype == FAST:
        return rms_norm(states, norm.weight.shape, norm.weight, norm.variance_epsilon)
    normed: Tensor = norm(states)
    return normed


def _attend(queries: Tensor, memory: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """Attention of queries of shape (rows, n, heads, size), as (rows, n, heads * size); T5 does not scale scores."""
    rows, count, heads, size = queries.shape
    if queries.dtype != FAST or queries.device.type != "cpu" or count > FEW:
        out = scaled_dot_product_attention(queries.transpose(1, 2), *memory, attn_mask=mask, scale=1.0)
    else:
        keys, values = (states.flatten(0, 1) for states in memory)
        scores = queries.transpose(1, 2).reshape(rows * heads, count, size) @ keys.transpose(1, 2)
        scores.view(rows, heads, count, -1).add_(mask)
        out = (scores.softmax(dim=-1) @ values).view(rows, heads, count, size)
    return out.transpose(1, 2).flatten(2)
