# SPDX-License-Identifier: Apache-2.0
"""Small networks after the families that people quantize: pictures [n,1,28,28], 10 classes."""
from __future__ import annotations

import torch
from torch import Tensor, nn


def conv(c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1,
         act: type[nn.Module] | None = None) -> nn.Sequential:
    layers = [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
              nn.BatchNorm2d(c_out)]
    return nn.Sequential(*layers, *([act()] if act else []))


class SqueezeExcite(nn.Module):
    """Channels times a gate that is computed from their means."""

    def __init__(self, channels: int, hidden: int, act: type[nn.Module],
                 gate: type[nn.Module]) -> None:
        super().__init__()
        self.average = nn.AdaptiveAvgPool2d(1)
        self.gate = nn.Sequential(nn.Conv2d(channels, hidden, 1), act(),
                                  nn.Conv2d(hidden, channels, 1), gate())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.average(x))


class InvertedResidual(nn.Module):
    """Expand, depthwise, (squeeze-excite), project: the block of MobileNet and EfficientNet."""

    def __init__(self, c_in: int, c_out: int, expand: int, stride: int, act: type[nn.Module],
                 kernel: int = 3, squeeze: tuple[type[nn.Module], type[nn.Module]] | None = None):
        super().__init__()
        hidden = c_in * expand
        layers = [conv(c_in, hidden, act=act)] if expand > 1 else []
        layers.append(conv(hidden, hidden, kernel, stride, groups=hidden, act=act))
        if squeeze:
            layers.append(SqueezeExcite(hidden, max(hidden // 8, 8), *squeeze))
        self.body = nn.Sequential(*layers, conv(hidden, c_out))
        self.residual = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.residual else self.body(x)


class BasicBlock(nn.Module):
    """ResNet's: two convolutions and a shortcut."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(conv(c_in, c_out, 3, stride, act=nn.ReLU), conv(c_out, c_out, 3))
        self.shortcut = (conv(c_in, c_out, 1, stride) if stride > 1 or c_in != c_out
                         else nn.Identity())
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.shortcut(x) + self.body(x))


def tail(channels: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def mobilenet_v2(act: type[nn.Module] = nn.ReLU6, width: int = 8) -> nn.Sequential:
    """With multiples of `width` for channels."""
    w = width
    return nn.Sequential(
        conv(1, 2 * w, 3, 2, act=act),              # 14 x 14
        InvertedResidual(2 * w, 2 * w, 1, 1, act),
        InvertedResidual(2 * w, 3 * w, 3, 2, act),  # 7 x 7
        InvertedResidual(3 * w, 3 * w, 4, 1, act),
        InvertedResidual(3 * w, 4 * w, 4, 1, act),
        InvertedResidual(4 * w, 4 * w, 4, 1, act),
        conv(4 * w, 16 * w, act=act), *tail(16 * w))


def mobilenet_v3() -> nn.Sequential:
    se, hs = (nn.ReLU, nn.Hardsigmoid), nn.Hardswish
    return nn.Sequential(
        conv(1, 16, 3, 2, act=hs),
        InvertedResidual(16, 16, 1, 1, nn.ReLU, squeeze=se),
        InvertedResidual(16, 24, 3, 2, nn.ReLU),
        InvertedResidual(24, 24, 4, 1, hs, kernel=5, squeeze=se),
        InvertedResidual(24, 32, 4, 1, hs, kernel=5, squeeze=se),
        InvertedResidual(32, 32, 4, 1, hs, kernel=5, squeeze=se),
        conv(32, 128, act=hs), *tail(128))


def resnet() -> nn.Sequential:
    return nn.Sequential(
        conv(1, 16, 3, 2, act=nn.ReLU),
        BasicBlock(16, 16, 1),
        BasicBlock(16, 32, 2),
        BasicBlock(32, 32, 1),
        *tail(32))


def efficientnet() -> nn.Sequential:
    se, act = (nn.SiLU, nn.Sigmoid), nn.SiLU
    return nn.Sequential(
        conv(1, 16, 3, 2, act=act),
        InvertedResidual(16, 16, 1, 1, act, squeeze=se),
        InvertedResidual(16, 24, 3, 2, act, squeeze=se),
        InvertedResidual(24, 24, 4, 1, act, squeeze=se),
        InvertedResidual(24, 32, 4, 1, act, kernel=5, squeeze=se),
        InvertedResidual(32, 32, 4, 1, act, kernel=5, squeeze=se),
        conv(32, 128, act=act), *tail(128))
