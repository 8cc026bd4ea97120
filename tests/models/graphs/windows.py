"""Operators on feature maps: convolutions, pools, resizing, blocks."""
import numpy as np

from .graph import Excluded, elements, product, rank
from .operators import operator

IMAGES = (3, 4, 4, 4)


def divisors(n):
    return [d for d in range(1, n + 1) if n % d == 0]


def window(g, shape, dilates=True, most_stride=3):
    """kernel_shape, strides, dilations and pads or auto_pad, each now and then."""
    spatial = len(shape) - 2
    kernel = [g.between(1, min(4, shape[2 + i])) for i in range(spatial)]
    attributes = {}
    if g.chance(0.5):
        attributes["strides"] = [g.between(1, most_stride) for _ in range(spatial)]
    padding = g.pick("none", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
    if padding == "pads":
        attributes["pads"] = [g.below(k) for k in kernel * 2]
    elif padding != "none":
        attributes["auto_pad"] = padding
    if dilates and g.chance(0.3) and not padding.startswith("SAME"):
        attributes["dilations"] = [g.between(1, 2) for _ in range(spatial)]
    for i, k in enumerate(kernel):
        reach = (k - 1) * attributes.get("dilations", [1] * spatial)[i] + 1
        pads = attributes.get("pads", [0] * 2 * spatial)
        g.need(padding.startswith("SAME") or reach <= shape[2 + i] + pads[i] + pads[i + spatial])
    return kernel, attributes


@operator("Conv", ranks=IMAGES)
def conv(g, name, x):
    channels = x.shape[1]
    group = g.pick(1, 1, channels, *divisors(channels))
    outputs = group * g.between(1, 3)
    kernel, attributes = window(g, x.shape)
    if g.chance(0.7):
        attributes["kernel_shape"] = kernel
    if group > 1 or g.chance(0.3):
        attributes["group"] = group
    weights = g.const(g.floats((outputs, channels // group, *kernel), 1, 0.25))
    inputs = [x, weights]
    if g.chance(0.5):
        inputs.append(g.const(g.floats((outputs,))))
    grid = product(x.grid, weights.grid, elements(weights.shape[1:]) + 1)
    return g.add(name, inputs, grid=grid, **attributes)


@operator("ConvTranspose", ranks=IMAGES)
def conv_transpose(g, name, x):
    channels, spatial = x.shape[1], rank(x) - 2
    group = g.pick(1, 1, *divisors(channels))
    per_group = g.between(1, 3)
    kernel = [g.between(1, 4) for _ in range(spatial)]
    attributes, strides = {}, [1] * spatial
    if g.chance(0.7):
        strides = attributes["strides"] = [g.between(1, 3) for _ in range(spatial)]
    if g.chance(0.3):
        attributes["dilations"] = [g.between(1, 2) for _ in range(spatial)]
    how = g.pick("none", "pads", "output_shape", "SAME_UPPER", "SAME_LOWER")
    if how == "pads":
        attributes["pads"] = [g.below(k) for k in kernel * 2]
    elif how == "output_shape":
        g.need(not g.open)
        attributes["output_shape"] = [s * n for s, n in zip(strides, x.shape[2:])]
    elif how != "none":
        attributes["auto_pad"] = how
    if how in ("none", "pads") and g.chance(0.3):
        attributes["output_padding"] = [g.below(s) for s in strides]
    if g.chance(0.7):
        attributes["kernel_shape"] = kernel
    if group > 1:
        attributes["group"] = group
    if how.startswith("SAME"):
        reach = [(k - 1) * d + 1 for k, d in zip(kernel, attributes.get("dilations", [1] * spatial))]
        if any(r < s for r, s in zip(reach, strides)):
            raise Excluded("ConvTranspose with auto_pad and windows smaller than strides: ONNX Runtime gives less than ONNX says")
    weights = g.const(g.floats((channels, per_group, *kernel), 1, 0.25))
    inputs = [x, weights]
    if g.chance(0.5):
        inputs.append(g.const(g.floats((group * per_group,))))
    return g.add(name, inputs, **attributes)


@operator("MaxPool", "AveragePool", "LpPool", ranks=IMAGES)
def pool(g, name, x):
    kernel, attributes = window(g, x.shape, dilates=False)
    if name == "MaxPool" and g.opset >= 10 and g.chance(0.2) and "auto_pad" not in attributes:
        attributes["dilations"] = [g.between(1, 2) for _ in kernel]
        pads = attributes.get("pads", [0] * 2 * len(kernel))
        for i, (k, d) in enumerate(zip(kernel, attributes["dilations"])):
            g.need((k - 1) * d + 1 <= x.shape[2 + i] + pads[i] + pads[i + len(kernel)])
    padded = attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID") or "pads" in attributes
    if name == "AveragePool" and padded and g.chance(0.5):
        attributes["count_include_pad"] = 1
    small = any(k < s for k, s in zip(kernel, attributes.get("strides", kernel)))
    if small and attributes.get("auto_pad", "").startswith("SAME") and (name == "LpPool" or g.opset >= 19):
        raise Excluded(f"{name} with auto_pad and windows smaller than strides: ONNX Runtime pads by less than nothing")
    if name == "LpPool":
        if g.chance(0.5):
            attributes["p"] = g.pick(1, 2, 3)
    elif g.opset >= 10 and g.chance(0.3) and "auto_pad" not in attributes:
        attributes["ceil_mode"] = 1
    return g.add(name, [x], grid=x.grid if name == "MaxPool" else None, kernel_shape=kernel, **attributes)


@operator("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", ranks=(3, 4, 5))
def global_pool(g, name, x):
    attributes = {"p": g.pick(1, 2, 3)} if name == "GlobalLpPool" and g.chance(0.5) else {}
    shape = x.shape[:2] + (1,) * (rank(x) - 2)
    return g.add(name, [x], shape, grid=x.grid if name == "GlobalMaxPool" else None, **attributes)


@operator("LRN", ranks=(4,))
def lrn(g, name, x):
    optional = dict(alpha=0.01, beta=0.5, bias=2.0)
    attributes = {key: number for key, number in optional.items() if g.chance(0.5)}
    return g.add(name, [x], x.shape, size=g.pick(1, 3, 5), **attributes)


# --- resizing ----------------------------------------------------------------------------------------


def scales(g, shape, choices):
    return [1.0, 1.0] + [float(g.pick(*choices)) for _ in shape[2:]]


@operator("Upsample", ranks=(4,), until=9)
def upsample(g, name, x):
    factors = scales(g, x.shape, (1, 2, 3))
    shape = tuple(int(n * f) for n, f in zip(x.shape, factors))
    mode = {"mode": g.pick("nearest", "linear")} if g.chance(0.8) else {}
    grid = x.grid if mode.get("mode") != "linear" else None
    if g.opset < 9:
        return g.add(name, [x], shape, grid=grid, scales=factors, **mode)
    return g.add(name, [x, g.const(np.array(factors, np.float32))], shape, grid=grid, **mode)


COORDINATES = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")


@operator("Resize", ranks=(3, 4, 4), since=10)
def resize(g, name, x):
    if g.opset == 10:
        factors = scales(g, x.shape, (1, 2, 3, 0.5))
        mode = g.pick("nearest", "linear") if rank(x) == 4 else "nearest"
        if mode == "nearest" and any(f < 1 for f in factors) and any(f > 1 for f in factors):
            raise Excluded("Resize of opset 10 that enlarges and reduces: ONNX leaves the rounding open")
        return g.add(name, [x, g.const(np.array(factors, np.float32))], mode=mode)
    mode = g.pick("nearest", "linear", "cubic" if rank(x) == 4 else "linear")
    attributes = {"mode": mode}
    if g.chance(0.8):
        attributes["coordinate_transformation_mode"] = g.pick(*COORDINATES)
    if mode == "nearest" and g.chance(0.8):
        attributes["nearest_mode"] = g.pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
    if mode == "cubic":
        if g.chance(0.4):
            attributes["cubic_coeff_a"] = -0.5
        if g.chance(0.3):
            attributes["exclude_outside"] = 1
    region = g.const(np.zeros(0, np.float32)) if g.opset < 13 else None
    grid = x.grid if mode == "nearest" else None
    if g.chance(0.5):
        factors = scales(g, x.shape, (0.5, 1, 1.5, 2, 3, 0.6, 1.3, 2.5))
        if attributes.get("coordinate_transformation_mode") == "align_corners":
            if any(f * n != int(f * n) for f, n in zip(factors, x.shape)):
                raise Excluded("Resize with align_corners and a size that is rounded: ONNX Runtime takes the rounded one")
        shape = tuple(int(np.float32(n) * np.float32(f)) for n, f in zip(x.shape, factors))
        return g.add(name, [x, region, g.const(np.array(factors, np.float32))], shape, grid=grid, **attributes)
    sizes = x.shape[:2] + tuple(g.between(1, 12) for _ in x.shape[2:])
    absent = g.const(np.zeros(0, np.float32)) if g.opset < 13 else None
    return g.add(name, [x, region, absent, g.sizes(*sizes)], sizes, grid=grid, **attributes)


# --- blocks ------------------------------------------------------------------------------------------


@operator("DepthToSpace", ranks=(4,))
def depth_to_space(g, name, x):
    n, c, h, w = x.shape
    block = g.pick(*[b for b in (1, 2, 3) if c % (b * b) == 0])
    mode = {"mode": g.pick("DCR", "CRD")} if g.opset >= 11 and g.chance(0.7) else {}
    return g.add(name, [x], (n, c // block**2, h * block, w * block), grid=x.grid, blocksize=block, **mode)


@operator("SpaceToDepth", ranks=(4,))
def space_to_depth(g, name, x):
    n, c, h, w = x.shape
    block = g.pick(*[b for b in (1, 2, 3) if h % b == 0 and w % b == 0])
    return g.add(name, [x], (n, c * block**2, h // block, w // block), grid=x.grid, blocksize=block)
