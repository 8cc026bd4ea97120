#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains two small transformers on Debian's fortunes and writes them as float ONNX files, opset 17.

  language    an encoder that tells which of eight languages 32 characters are in:
              ids int64 [batch,32] -> logits float32 [batch,8]
  characters  a decoder that continues English text, with a cache of keys and values:
              ids int64 [1,time], past_key_values.I.key and .value float32 [1,4,past,16]
              -> logits float32 [1,time,96], present.I.key and .value; past + time is up to 64

    qrt convert characters.onnx characters.qrt --state 'past_key_values.*=present.*:max=64'

Every seed is fixed. One thread, about 3 minutes each where libopenblas0 is installed, much longer
elsewhere. Needs python3-torch, python3-onnx and python3-numpy, and what ../data.py needs.
"""
from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import data  # noqa: E402

HERE = Path(__file__).resolve().parent
WIDTH, HEADS, LAYERS = 64, 4, 2
Cache = tuple[Tensor, Tensor]  # keys and values, [batch,heads,past,WIDTH/HEADS]


class Layer(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.mlp = nn.Sequential(nn.Linear(WIDTH, hidden), nn.GELU(), nn.Linear(hidden, WIDTH))

    def heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor | None = None,
                past: Cache | None = None) -> tuple[Tensor, Cache]:
        y = self.norm1(x)
        query, key, value = (self.heads(part(y)) for part in (self.query, self.key, self.value))
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask, float("-inf"))
        mixed = (scores.softmax(3) @ value).transpose(1, 2).reshape(x.shape[0], x.shape[1], WIDTH)
        x = x + self.output(mixed)
        return x + self.mlp(self.norm2(x)), (key, value)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(data.CHARACTERS), WIDTH)
        self.positions = nn.Parameter(torch.randn(data.SNIPPET, WIDTH) * 0.1)
        self.layers = nn.ModuleList(Layer(96) for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, len(data.TEXTS))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids) + self.positions
        for layer in self.layers:
            x, _ = layer(x)
        return self.head(self.norm(x).mean(1))


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(data.CHARACTERS), WIDTH)
        self.positions = nn.Embedding(data.WINDOW, WIDTH)
        self.layers = nn.ModuleList(Layer(64) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(data.CHARACTERS), bias=False)

    def forward(self, ids: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        begin = past[0].shape[2]
        places = torch.arange(ids.shape[1]) + begin
        x = self.embedding(ids) + self.positions(places)
        later = torch.arange(begin + ids.shape[1])[None, :] > places[:, None]
        present: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, cache = layer(x, later, (past[2 * i], past[2 * i + 1]))
            present += cache
        return (self.head(self.norm(x)), *present)


def no_past(batch: int) -> list[Tensor]:
    return [torch.zeros(batch, HEADS, 0, WIDTH // HEADS) for _ in range(2 * LAYERS)]


def fit(net: nn.Module, steps: int, loss_of_batch) -> None:
    start = time.monotonic()
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = loss_of_batch()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 250 == 0:
            print(f"  step {step}/{steps}: loss {loss.item():.3f}, "
                  f"{time.monotonic() - start:.0f} s", flush=True)


def train_language(folder: Path, steps: int) -> nn.Module:
    texts = [data.tokens(language, folder)[0] for language in data.TEXTS]
    net = Encoder()
    seeds = iter(range(1000, 1000 + steps))

    def loss() -> Tensor:
        ids, labels = data.snippets(texts, 16, next(seeds))
        return F.cross_entropy(net(torch.from_numpy(ids)), torch.from_numpy(labels))

    fit(net, steps, loss)
    return net.eval()


def train_characters(folder: Path, steps: int) -> nn.Module:
    text, net = data.tokens("en", folder)[0], Decoder()
    random = np.random.RandomState(1000)

    def loss() -> Tensor:
        return nll(net, torch.from_numpy(data.windows(text, 32, data.WINDOW, random)))

    fit(net, steps, loss)
    return net.eval()


def nll(net: nn.Module, ids: Tensor) -> Tensor:
    """The mean negative log-likelihood of each character after the ones before it."""
    logits = net(ids[:, :-1], *no_past(len(ids)))[0]
    return F.cross_entropy(logits.reshape(-1, logits.shape[2]), ids[:, 1:].reshape(-1))


@torch.no_grad()
def print_figure(name: str, net: nn.Module, folder: Path) -> None:
    if name == "language":
        texts = [data.tokens(language, folder)[1] for language in data.TEXTS]
        ids, labels = data.snippets(texts, 500, data.SEED)
        right = (net(torch.from_numpy(ids)).argmax(1) == torch.from_numpy(labels)).sum().item()
        print(f"  top-1 {100 * right / len(labels):.2f} % of {len(labels)}")
    else:
        ids = torch.from_numpy(data.character_test(folder))
        print(f"  perplexity {nll(net, ids).exp().item():.4f} of {ids[:, 1:].numel()} characters")


def export(name: str, net: nn.Module, path: Path) -> None:
    if name == "language":
        example = (torch.zeros(1, data.SNIPPET, dtype=torch.long),)
        inputs, outputs = ["ids"], ["logits"]
        dynamic = {"ids": {0: "batch"}, "logits": {0: "batch"}}
    else:
        example = (torch.zeros(1, 3, dtype=torch.long),
                   *(torch.zeros(1, HEADS, 5, WIDTH // HEADS) for _ in range(2 * LAYERS)))
        caches = [f"{i}.{kind}" for i in range(LAYERS) for kind in ("key", "value")]
        inputs = ["ids", *(f"past_key_values.{cache}" for cache in caches)]
        outputs = ["logits", *(f"present.{cache}" for cache in caches)]
        dynamic = {"ids": {1: "time"}, "logits": {1: "time"},
                   **{name: {2: "past"} for name in inputs[1:]},
                   **{name: {2: "past_and_time"} for name in outputs[1:]}}
    torch.onnx.export(net, example, str(path), opset_version=17, input_names=inputs,
                      output_names=outputs, dynamic_axes=dynamic)
    onnx.checker.check_model(onnx.load(str(path)), full_check=True)
    print(f"  {path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: both)")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR",
                        help="folder of the ONNX files (default: the script's own)")
    parser.add_argument("--data", type=Path, default=Path("build/quantize_data"), metavar="DIR",
                        help="folder for the downloaded data (default: %(default)s)")
    parser.add_argument("--steps", type=int, metavar="N", help="fewer than usual, to try it")
    args = parser.parse_args()
    training = {"language": (train_language, 1500), "characters": (train_characters, 2000)}
    unknown = set(args.names) - set(training)
    if unknown:
        parser.error(f"no such network: {', '.join(sorted(unknown))}; "
                     f"there are {', '.join(training)}")
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.names or training:
        print(name, flush=True)
        torch.manual_seed(1)
        train, steps = training[name]
        net = train(args.data / "packages", args.steps or steps)
        print_figure(name, net, args.data / "packages")
        export(name, net, args.out / f"{name}.onnx")


if __name__ == "__main__":
    main()
