# SPDX-License-Identifier: Apache-2.0
"""Top-1 of this folder's ONNX files, float and with weights rounded to the nearest code.

Runs them with PyTorch, so that the figures do not depend on libqrt. The rounding is the plainest:
symmetric, the largest weight to the largest code, activations left in float.
"""
from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import helper, numpy_helper
from torch import Tensor

Rounding = Callable[[Tensor], Tensor]


def rounded(bits: int, per_channel: bool) -> Rounding:
    most = 2 ** (bits - 1) - 1

    def round_weight(weight: Tensor) -> Tensor:
        flat = weight.flatten(1) if per_channel else weight.reshape(1, -1)
        scale = (flat.abs().amax(1) / most).clamp(min=1e-12)
        return (flat / scale[:, None]).round().mul(scale[:, None]).view_as(weight)

    return round_weight


SCHEMES: dict[str, Rounding] = {
    "float": lambda weight: weight,
    "s8 per channel": rounded(8, True),
    "s8 per tensor": rounded(8, False),
    "s4 per channel": rounded(4, True),
}


def fold_batch_norm(graph: onnx.GraphProto, constants: dict[str, Tensor]) -> None:
    """Each BatchNormalization into the Conv before it, which then has a bias."""
    maker = {node.output[0]: node for node in graph.node}
    for norm in [n for n in graph.node if n.op_type == "BatchNormalization"]:
        conv = maker[norm.input[0]]
        gamma, beta, mean, variance = (constants[name] for name in norm.input[1:])
        epsilon = next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-5)
        factor = gamma / (variance + epsilon).sqrt()
        weight = conv.input[1]
        constants[weight] = constants[weight] * factor.view(-1, 1, 1, 1)
        constants[f"{weight}.bias"] = beta - mean * factor
        conv.input.append(f"{weight}.bias")
        conv.output[0] = norm.output[0]
        graph.node.remove(norm)


def convolve(a: dict, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.conv2d(x, weight, bias, a["strides"], a["pads"][:2], groups=a["group"])


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "Conv": convolve,
    "Gemm": lambda a, x, weight, bias: F.linear(x, weight, bias),
    "Relu": lambda a, x: x.relu(),
    "Clip": lambda a, x, low, high: x.clamp(low, high),
    "HardSwish": lambda a, x: F.hardswish(x),
    "HardSigmoid": lambda a, x: (x * a["alpha"] + 0.5).clamp(0, 1),
    "Sigmoid": lambda a, x: x.sigmoid(),
    "Add": lambda a, x, y: x + y,
    "Mul": lambda a, x, y: x * y,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "Flatten": lambda a, x: x.flatten(1),
    "Softmax": lambda a, x: x.softmax(1),
    "MaxPool": lambda a, x: F.max_pool2d(x, a["kernel_shape"], a["strides"]),
}


class Network:
    def __init__(self, path: Path) -> None:
        self.graph = onnx.load(str(path)).graph
        self.constants = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy())
                          for t in self.graph.initializer}
        for node in [n for n in self.graph.node if n.op_type == "Constant"]:
            value = numpy_helper.to_array(node.attribute[0].t)
            self.constants[node.output[0]] = torch.from_numpy(np.array(value))
            self.graph.node.remove(node)
        # The exporter shares equal constants through Identity.
        for node in [n for n in self.graph.node if n.input[0] in self.constants]:
            self.constants[node.output[0]] = self.constants[node.input[0]]
            self.graph.node.remove(node)
        fold_batch_norm(self.graph, self.constants)

    def __call__(self, images: Tensor, rounding: Rounding) -> Tensor:
        values = {**self.constants, self.graph.input[0].name: images}
        for node in self.graph.node:
            if node.op_type in ("Conv", "Gemm"):
                values[node.input[1]] = rounding(self.constants[node.input[1]])
            attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
            values[node.output[0]] = OPERATORS[node.op_type](
                attributes, *[values[name] for name in node.input])
        return values[self.graph.output[0].name]


@torch.no_grad()
def top1(path: Path, images: np.ndarray, labels: np.ndarray, rounding: Rounding) -> float:
    """In percent."""
    network = Network(path)
    right = 0
    for start in range(0, len(labels), 500):
        batch = torch.from_numpy(images[start:start + 500]).float() / 255
        answers = network(batch, rounding).argmax(1).numpy()
        right += int((answers == labels[start:start + 500]).sum())
    return 100 * right / len(labels)


def print_table(paths: list[Path], test_set) -> None:
    print("| file | kB | " + " | ".join(SCHEMES) + " |\n|---" + "|--:" * (1 + len(SCHEMES)) + "|")
    for path in paths:
        figures = [f"{top1(path, *test_set, rounding):.2f}" for rounding in SCHEMES.values()]
        print(f"| {path.stem} | {path.stat().st_size / 1000:.0f} | " + " | ".join(figures) + " |",
              flush=True)
