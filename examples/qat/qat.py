#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Quantization-aware training with PyTorch, from pictures to integer models side by side.

For the digit network (MNIST) and a small MobileNet (Fashion-MNIST):
  1. trains it in float32, and folds its BatchNorms into the convolutions;
  2. trains it further with PyTorch's FX quantization (torch.ao.quantization), which rounds weights
     and activations in every step, so that the network learns to live with it;
  3. exports both to ONNX, the second with QuantizeLinear/DequantizeLinear pairs;
  4. converts both with `qrt convert`; the float one is also quantized without training, by
     `qrt quantize`, where the tool has that command;
  5. measures all of them on the 10,000 test pictures with `qrt eval`.

What it writes, into --out: NAME_float.onnx, NAME_qat.qdq.onnx, and .qrt files.

Steps 1 to 3 are skipped for a network whose ONNX files are there. They take 5 minutes on two cores
for the digits, 10 for the MobileNet. Needs Debian 12's python3-torch, python3-onnx and python3-pil,
npm and apt-get for the data, and the qrt tool.
"""
from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Callable, NamedTuple

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in
                ("examples/digits", "tests/quantize", "tests/quantize/nets")]
import data  # noqa: E402  the data sets
import picture_nets  # noqa: E402
import train as digits  # noqa: E402  the network, its training, and what exports it

EPILOG = """\
examples:
  qat.py                                both networks
  qat.py digits                         one
  qat.py --float-epochs 1 --qat-epochs 1 --out /tmp/qat
                                        some minutes, to see that it works
"""


class Example(NamedTuple):
    pictures: str  # the data set's name
    make: Callable[[], nn.Module]
    rate: float


EXAMPLES = {"digits": Example("mnist", digits.digit_net, 4e-3),
            "mobilenet": Example("fashion", lambda: picture_nets.mobilenet_v2(nn.ReLU), 8e-3)}


def train_both(example: Example, args: argparse.Namespace, float_path: Path,
               qat_path: Path) -> None:
    train_set = digits.Dataset(*map(torch.from_numpy, data.pictures(
        example.pictures, args.data / "packages")[0]))
    picture = digits.preprocess(train_set.images[:1])

    net = example.make()
    digits.train(net, train_set, args.float_epochs, example.rate, "float")
    # QAT trains what will run, and that has no BatchNorm.
    net = fuse(net.eval())
    qat_net = digits.prepare_qat(net, picture)
    digits.train(qat_net, train_set, args.qat_epochs, example.rate / 8, "QAT")
    digits.freeze_qat(qat_net.eval())

    digits.export_onnx(net, picture, float_path)
    digits.export_onnx(qat_net, picture, qat_path)
    digits.rewrite_qdq(qat_path)


def qrt(args: argparse.Namespace, *words: object) -> None:
    command = [args.qrt, *map(str, words)]
    print("$", " ".join(command), flush=True)
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        raise SystemExit(f"there is no {args.qrt}: give the tool's path with --qrt")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{args.qrt} {words[0]} ended with status {error.returncode}")


def has_command(args: argparse.Namespace, command: str) -> bool:
    try:
        listed = subprocess.run([args.qrt, "--help"], capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise SystemExit(f"there is no {args.qrt}: give the tool's path with --qrt")
    return f"\n  {command} " in listed


def run(name: str, args: argparse.Namespace) -> None:
    example = EXAMPLES[name]
    float_onnx, qat_onnx = args.out / f"{name}_float.onnx", args.out / f"{name}_qat.qdq.onnx"
    if not (float_onnx.exists() and qat_onnx.exists()):
        print(f"{name}: training", flush=True)
        torch.manual_seed(args.seed)
        train_both(example, args, float_onnx, qat_onnx)
    arrays = {part: args.data / f"{example.pictures}_{part}.npy"
              for part in ("test", "test_labels", "calibration")}
    if not all(path.exists() for path in arrays.values()):
        data.write_pictures(example.pictures, args.data)

    def model(kind: str) -> Path:
        return args.out / f"{name}_{kind}.qrt"

    qrt(args, "convert", float_onnx, model("float"))
    qrt(args, "convert", qat_onnx, model("qat"))
    models = [model("float"), model("qat")]
    if has_command(args, "quantize"):
        qrt(args, "quantize", float_onnx, model("ptq"), "--data", arrays["calibration"])
        models.insert(1, model("ptq"))
    else:
        print(f"{args.qrt} has no command quantize: no figures without training", flush=True)
    if has_command(args, "eval"):
        qrt(args, "eval", *models, "--data", arrays["test"], "--labels", arrays["test_labels"],
            "--metric", "top1")
    else:
        print(f"{args.qrt} has no command eval: nothing measured", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="digits or mobilenet (default: both)")
    parser.add_argument("--qrt", default="qrt", metavar="PATH",
                        help="the tool (default: the one in PATH)")
    parser.add_argument("--out", type=Path, default=Path("build/qat"), metavar="DIR",
                        help="folder for the models (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=Path("build/quantize_data"), metavar="DIR",
                        help="folder for the data (default: %(default)s)")
    parser.add_argument("--float-epochs", type=int, default=6, metavar="N",
                        help="epochs of float training (default: %(default)s)")
    parser.add_argument("--qat-epochs", type=int, default=3, metavar="N",
                        help="epochs of quantization-aware training (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="seed of the random numbers (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, metavar="N",
                        help="CPU threads (default: %(default)s)")
    args = parser.parse_args()
    unknown = set(args.names) - set(EXAMPLES)
    if unknown:
        parser.error(f"no such network: {', '.join(sorted(unknown))}; "
                     f"there are {', '.join(EXAMPLES)}")
    torch.set_num_threads(args.threads)
    for folder in (args.out, args.data):
        folder.mkdir(parents=True, exist_ok=True)
    has_command(args, "convert")  # a missing tool is better found before the training
    for name in args.names or EXAMPLES:
        run(name, args)


if __name__ == "__main__":
    main()
