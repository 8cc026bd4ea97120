#!/usr/bin/env python3
"""torch_exports.py FOLDER [NAME...]: what PyTorch's exporter writes, for onnxruntime.sh to compare.

Exports 26 architectures with random weights, opsets 13 and 17, static and with dynamic axes, to
FOLDER/NAME.OPSET.static.onnx and FOLDER/NAME.OPSET.dynamic.onnx. Needs PyTorch and torchvision of the
versions in Debian 12 (python3-torch 1.13, python3-torchvision 0.14); others write other graphs.
"""
import os
import sys
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
# Keeps nn.MultiheadAttention off its fused path, which has no ONNX form.
torch.set_autocast_enabled(True)
vision = torchvision.models


def image(size):
    return torch.randn(1, 3, size, size)


def ids(count):
    return (torch.randint(0, 500, (1, count)),)


def calibrated(model, x):
    """With statistics of its BatchNorms as training leaves them, not 0 and 1."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.5
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn_like(x.repeat(4, 1, 1, 1)))
    return model.eval()


def vit(layers, heads, width, mlp):
    model = vision.VisionTransformer(64, 16, layers, heads, width, mlp)
    nn.init.normal_(model.heads.head.weight, std=0.05)
    nn.init.normal_(model.class_token, std=0.5)
    return model.eval()


def convnext():
    model = vision.convnext_tiny()
    for module in model.modules():
        if hasattr(module, "layer_scale"):
            module.layer_scale.data.fill_(0.3)
    return model.eval()


class Recurrent(nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.r = kind(40, 64, 2, **options)
        self.f = nn.Linear(128 if options.get("bidirectional") else 64, 10)


class Lstm(Recurrent):
    def forward(self, x):
        return self.f(self.r(x)[0])


class Gru(Recurrent):
    def forward(self, x):
        y, h = self.r(x)
        return self.f(y), h


class LstmState(Recurrent):
    def forward(self, x, h, c):
        y, (h, c) = self.r(x, (h, c))
        return self.f(y), h, c


class Encoder(nn.Module):
    def __init__(self, norm_first, activation):
        super().__init__()
        self.e = nn.Embedding(1000, 64)
        layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, norm_first=norm_first,
                                           activation=activation)
        self.t = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.f = nn.Linear(64, 5)

    def forward(self, x):
        return self.f(self.t(self.e(x)).mean(1))


class Block(nn.Module):
    """nanoGPT's: the causal mask is made at run time, or is a buffer that is cut."""

    def __init__(self, width, heads, buffer):
        super().__init__()
        self.heads = heads
        self.l1, self.l2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.o = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.m = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        if buffer:
            self.register_buffer("mask", torch.tril(torch.ones(128, 128)).view(1, 1, 128, 128))

    def forward(self, x):
        batch, time, width = x.shape
        q, k, v = (t.view(batch, time, self.heads, width // self.heads).transpose(1, 2)
                   for t in self.qkv(self.l1(x)).split(width, 2))
        a = (q @ k.transpose(-2, -1)) / (width // self.heads) ** 0.5
        mask = (self.mask[:, :, :time, :time] if hasattr(self, "mask")
                else torch.tril(torch.ones(time, time, device=x.device)))
        a = F.softmax(a.masked_fill(mask == 0, float("-inf")), -1)
        x = x + self.o((a @ v).transpose(1, 2).reshape(batch, time, width))
        return x + self.m(self.l2(x))


class Gpt(nn.Module):
    def __init__(self, buffer):
        super().__init__()
        self.e, self.p = nn.Embedding(500, 64), nn.Embedding(128, 64)
        self.b = nn.ModuleList([Block(64, 4, buffer) for _ in range(2)])
        self.n, self.f = nn.LayerNorm(64), nn.Linear(64, 500, bias=False)

    def forward(self, tokens):
        x = self.e(tokens) + self.p(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.b:
            x = block(x)
        return self.f(self.n(x))


class DecoderStep(nn.Module):
    """One step with a cache of keys and values as inputs and outputs."""

    def __init__(self):
        super().__init__()
        self.e, self.q, self.o = nn.Embedding(500, 64), nn.Linear(64, 192), nn.Linear(64, 500)

    def forward(self, token, k, v):
        q, k1, v1 = (t.view(1, 1, 4, 16).transpose(1, 2) for t in self.q(self.e(token)).split(64, 2))
        k, v = torch.cat([k, k1], 2), torch.cat([v, v1], 2)
        a = F.softmax(q @ k.transpose(-2, -1) / 4, -1)
        return self.o((a @ v).transpose(1, 2).reshape(1, 1, 64)), k, v


def conv(inputs, outputs):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, transposed):
        super().__init__()
        self.transposed = transposed
        self.a, self.b, self.c = conv(3, 16), conv(16, 32), conv(32, 64)
        if transposed:
            self.u1, self.u2 = nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)
        else:
            self.u1, self.u2 = nn.Conv2d(64, 32, 1), nn.Conv2d(32, 16, 1)
        self.d, self.e, self.f = conv(64, 32), conv(32, 16), nn.Conv2d(16, 2, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(F.max_pool2d(a, 2))
        c = self.c(F.max_pool2d(b, 2))
        if not self.transposed:
            c = F.interpolate(c, size=b.shape[2:], mode="bilinear", align_corners=False)
        b = self.d(torch.cat([self.u1(c), b], 1))
        if not self.transposed:
            b = F.interpolate(b, scale_factor=2, mode="bilinear", align_corners=True)
        return self.f(self.e(torch.cat([self.u2(b), a], 1)))


class Segmentation(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, x):
        return self.m(x)["out"]


BATCH, PLANE, TIME = {0: "batch"}, {0: "batch", 2: "h", 3: "w"}, {0: "batch", 1: "time"}


def models():
    """By name: makes the model, its inputs, their names, and which dimensions are dynamic."""
    all_models = {}
    for name in ("resnet18 mobilenet_v2 mobilenet_v3_small efficientnet_b0 squeezenet1_1 shufflenet_v2_x1_0 "
                 "mnasnet0_5 regnet_y_400mf densenet121").split():
        all_models[name] = (lambda name=name: calibrated(getattr(vision, name)(), image(224)),
                            lambda: (image(224),), ["x"], {"x": BATCH, "y": BATCH})
    for name, make, size in (("swin_t", lambda: vision.swin_t().eval(), 224), ("convnext_tiny", convnext, 224),
                             ("vit_tiny_16", lambda: vit(4, 4, 192, 768), 64),
                             ("vit_b_16_64", lambda: vit(12, 12, 768, 3072), 64)):
        all_models[name] = (make, lambda size=size: (image(size),), ["x"], {"x": BATCH, "y": BATCH})
    for name in ("lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large"):
        def make(name=name):
            model = getattr(vision.segmentation, name)(weights_backbone=None)
            return Segmentation(calibrated(model, image(224))).eval()
        all_models[name] = (make, lambda: (image(224),), ["x"], {"x": PLANE, "y": PLANE})
    for name, transposed in (("unet_convtranspose", True), ("unet_bilinear", False)):
        all_models[name] = (lambda transposed=transposed: calibrated(UNet(transposed), image(128)),
                            lambda: (image(128),), ["x"], {"x": PLANE, "y": PLANE})
    sequence = lambda: (torch.randn(1, 25, 40),)
    for name, make in (("lstm_2layer", lambda: Lstm(nn.LSTM, batch_first=True)),
                       ("lstm_2layer_bidirectional",
                        lambda: Lstm(nn.LSTM, batch_first=True, bidirectional=True)),
                       ("gru_2layer", lambda: Gru(nn.GRU, batch_first=True))):
        all_models[name] = (make, sequence, ["x"], {"x": TIME, "y": TIME})
    steps = {0: "time", 1: "batch"}
    all_models["lstm_2layer_state"] = (
        lambda: LstmState(nn.LSTM),
        lambda: (torch.randn(1, 1, 40), torch.randn(2, 1, 64), torch.randn(2, 1, 64)),
        ["x", "h", "c"], {"x": steps, "h": {1: "batch"}, "c": {1: "batch"}, "y": steps})
    for name, make, y in (("transformer_encoder", lambda: Encoder(False, "relu"), BATCH),
                          ("transformer_encoder_prenorm_gelu", lambda: Encoder(True, "gelu"), BATCH),
                          ("gpt_tril", lambda: Gpt(False), TIME), ("gpt_mask_buffer", lambda: Gpt(True), TIME)):
        all_models[name] = (make, lambda: ids(32), ["ids"], {"ids": TIME, "y": y})
    all_models["decoder_step_kv_cache"] = (
        DecoderStep, lambda: (ids(1)[0], torch.randn(1, 4, 31, 16), torch.randn(1, 4, 31, 16)),
        ["t", "k", "v"], {"k": {2: "past"}, "v": {2: "past"}})
    return all_models


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return
    folder, names = sys.argv[1], sys.argv[2:]
    os.makedirs(folder, exist_ok=True)
    for name, (make, inputs, input_names, dynamic) in models().items():
        if names and name not in names:
            continue
        torch.manual_seed(0)
        model, x = make().eval(), inputs()
        for opset in (13, 17):
            for kind in ("static", "dynamic"):
                path = f"{folder}/{name}.{opset}.{kind}.onnx"
                try:
                    with torch.no_grad():
                        torch.onnx.export(model, x, path, opset_version=opset, input_names=input_names,
                                          output_names=["y"],
                                          dynamic_axes=dynamic if kind == "dynamic" else None)
                    print(path, flush=True)
                except Exception as error:  # Trilu, say, has no form in opset 13
                    reason = str(error).strip().splitlines()[0]
                    print(f"not exported: {path}: {reason}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
