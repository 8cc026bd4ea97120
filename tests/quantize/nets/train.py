#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the small Fashion-MNIST networks of this folder and writes them as float ONNX files.

  mobilenet_v2    inverted residuals, ReLU6
  mobilenet_v3    hard-swish, squeeze-excite
  resnet          basic blocks; its BatchNorms stay operators of their own
  efficientnet    SiLU, squeeze-excite
  uneven          mobilenet_v2 whose training made its channels uneven: BatchNorm's factors began
                  far apart, with no weight decay to bring them together
  narrow          mobilenet_v2 of half the width, which has little to spare
  spread          mobilenet_v2 with ReLU, whose channels were made uneven after training by factors
                  that cancel: one layer's output times a power of two, the next one's input over it

Input "image", float32 [batch,1,28,28] in 0..1; output "logits", float32 [batch,10].

Every seed is fixed, so the same versions of the packages on the same kind of CPU give the same
files. It uses one thread: 4 to 8 minutes a network. Needs Debian 12's own packages
(python3-torch, python3-onnx, python3-numpy), and what ../data.py needs for the data.
"""
from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from pathlib import Path

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse

import picture_nets

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import data  # noqa: E402

HERE = Path(__file__).resolve().parent
BATCH = 128

EPILOG = """\
examples:
  train.py                            train all, and rewrite the committed files
  train.py resnet --out /tmp/nets     one, and leave the committed files alone
  train.py --check                    train nothing: the accuracy of the committed files, float and
                                      with rounded weights, as README.md has it
"""


def augment(batch: Tensor) -> Tensor:
    """Mirrors every other picture and shifts the batch by up to 2 pixels."""
    batch = torch.where((torch.rand(len(batch)) < 0.5).view(-1, 1, 1, 1), batch.flip(3), batch)
    down, right = torch.randint(0, 5, (2,)).tolist()
    return F.pad(batch, (2, 2, 2, 2))[:, :, down:down + 28, right:right + 28]


def train(net: nn.Module, pictures: data.Pictures, epochs: int, rate: float, decay: float) -> None:
    images, labels = torch.from_numpy(pictures.images), torch.from_numpy(pictures.labels)
    steps = math.ceil(len(labels) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * steps)
    net.train()
    for epoch in range(1, epochs + 1):
        start, total = time.monotonic(), 0.0
        for index in torch.randperm(len(labels)).split(BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(augment(images[index].float() / 255)), labels[index])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch}/{epochs}: loss {total / steps:.4f}, "
              f"{time.monotonic() - start:.0f} s", flush=True)


def make_uneven(net: nn.Module) -> nn.Module:
    """Starts BatchNorm's factors far apart inside the blocks; training does the rest."""
    for block in net.modules():
        if isinstance(block, picture_nets.InvertedResidual):
            for layer in list(block.body)[:-1]:
                layer[1].weight.data.normal_(0, 1).exp_()
    return net


@torch.no_grad()
def make_spread(net: nn.Module) -> nn.Module:
    """Scales channels between the layers of each block by 2^-4 ... 2^4, and back.

    ReLU lets a positive factor through, and powers of two round nothing, so that the result is the
    same network to the last bit.
    """
    net = fuse(net.eval())
    for block in net.modules():
        convolutions = [m for m in getattr(block, "body", nn.Sequential()).modules()
                        if isinstance(m, nn.Conv2d)]
        for first, second in zip(convolutions, convolutions[1:]):
            factor = 2.0 ** torch.randint(-4, 5, (first.out_channels,))
            first.weight.mul_(factor.view(-1, 1, 1, 1))
            first.bias.mul_(factor)
            # A depthwise convolution has one input for each output.
            second.weight.div_(factor.view((-1, 1, 1, 1) if second.groups > 1 else (1, -1, 1, 1)))
    return net


def export(net: nn.Module, path: Path, opset: int = 13, keep_batch_norm: bool = False) -> None:
    mode = torch.onnx.TrainingMode.PRESERVE if keep_batch_norm else torch.onnx.TrainingMode.EVAL
    torch.onnx.export(net.eval(), torch.zeros(1, 1, 28, 28), str(path), opset_version=opset,
                      input_names=["image"], output_names=["logits"], training=mode,
                      do_constant_folding=not keep_batch_norm,
                      dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}})
    onnx.checker.check_model(onnx.load(str(path)), full_check=True)
    print(f"  {path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


def make(name: str, pictures: data.Pictures, out: Path, epochs: int | None) -> None:
    print(name, flush=True)
    torch.manual_seed(1)
    net = {"uneven": lambda: make_uneven(picture_nets.mobilenet_v2()),
           "narrow": lambda: picture_nets.mobilenet_v2(width=4),
           "spread": lambda: picture_nets.mobilenet_v2(nn.ReLU)
           }.get(name, getattr(picture_nets, name, None))()
    train(net, pictures, epochs or (8 if name == "resnet" else 5), 8e-3,
          decay=0 if name == "uneven" else 0.01)
    if name == "spread":
        even = copy.deepcopy(net).eval()
        net = make_spread(net)
        some = torch.from_numpy(pictures.images[:500]).float() / 255
        with torch.no_grad():
            assert torch.equal(net(some), fuse(even)(some)), "spread: the function changed"
    export(net, out / f"{name}.onnx", opset=17 if name in ("mobilenet_v3", "efficientnet") else 13,
           keep_batch_norm=name == "resnet")


NAMES = ("resnet", "mobilenet_v2", "mobilenet_v3", "efficientnet", "uneven", "spread", "narrow")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks (default: all)")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR",
                        help="folder of the ONNX files (default: the script's own)")
    parser.add_argument("--data", type=Path, default=Path("build/quantize_data"), metavar="DIR",
                        help="folder for the downloaded data (default: %(default)s)")
    parser.add_argument("--epochs", type=int, metavar="N", help="fewer than usual, to try it")
    parser.add_argument("--check", action="store_true", help="measure the files, train nothing")
    args = parser.parse_args()
    unknown = set(args.names) - set(NAMES)
    if unknown:
        parser.error(f"no such network: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    torch.set_num_threads(1)
    train_set, test_set = data.pictures("fashion", args.data / "packages")
    if args.check:
        import check
        check.print_table([args.out / f"{name}.onnx" for name in args.names or NAMES], test_set)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.names or NAMES:
        make(name, train_set, args.out, args.epochs)


if __name__ == "__main__":
    main()
