"""Operators on quantized integers. Where a sum is rounded to an integer, either neighbour may be right: such
results may be off by one, and end the graph."""
import numpy as np

from .graph import F32, OPEN, S8, S32, U8, Excluded, Grid, rank
from .operators import operator
from .windows import window

MICROSOFT = "com.microsoft"


def scale(g):
    return np.float32(g.pick(0.125, 0.05, 0.25, 0.0625, 0.011))


def zero_point(g, dtype):
    return np.array(g.pick(0, 3, 100) if dtype == U8 else g.pick(0, 0, -5, 17), dtype)


def parameters(g, dtype):
    """Scale and zero point, for a whole tensor."""
    return [g.const(scale(g)), g.const(zero_point(g, dtype))]


def rounded(g, y, step):
    """y is an end: of integers, or of what they stand for."""
    g.ended, g.steps = True, 1
    if g.chance(0.4):
        return y
    g.allowed = 1.01 * float(np.max(g.constants[step[0].name]))
    return g.add("DequantizeLinear", [y, *step], y.shape, type=F32)


@operator("QuantizeLinear", since=10)
def quantize(g, name, x):
    dtype = g.pick(U8, S8)
    if g.opset >= 13 and g.chance(0.3):
        given, axis = g.axis(rank(x))
        size = x.shape[axis]
        step = [g.const(np.array([scale(g) for _ in range(size)])), g.const(np.array([zero_point(g, dtype)] * size))]
        y = g.add(name, [x, *step], x.shape, type=dtype, axis=given)
        g.ended, g.steps = True, 1
        return y
    step = parameters(g, dtype)
    if g.chance(0.2):  # without a zero point
        dtype = U8
        step = step[:1]
    y = g.add(name, [x, *step], x.shape, type=dtype)
    size = float(g.constants[step[0].name])
    if x.grid is None or size not in (0.125, 0.25, 0.0625):
        return rounded(g, y, step)
    if g.chance(0.5):
        return y
    return g.add("DequantizeLinear", [y, *step], x.shape, type=F32, grid=Grid(size, 256 * size))


@operator("DequantizeLinear", types="su", since=10)
def dequantize(g, name, x):
    if g.opset >= 13 and g.chance(0.4):
        given, axis = g.axis(rank(x))
        size = x.shape[axis]
        step = [g.const(np.array([scale(g) for _ in range(size)])), g.const(g.array(x.type, (size,)))]
        return g.add(name, [x, *step], x.shape, type=F32, axis=given)
    step = parameters(g, x.type)
    return g.add(name, [x, *(step if g.chance(0.8) else step[:1])], x.shape, type=F32)


@operator("DynamicQuantizeLinear", since=11)
def dynamic_quantize(g, name, x):
    y, step, zero = g.add(name, [x], x.shape, type=U8, outputs=3)
    step, zero = step._replace(type=F32, shape=(), grid=None), zero._replace(shape=())
    g.made[-2:] = [step, zero]
    g.ended, g.steps = True, 1
    return g.pick(y, y, step, zero)


# --- integer sums ------------------------------------------------------------------------------------


def weights(g, x, shape):
    """An array of integers and its type, as ONNX Runtime takes it with x's."""
    dtype = S8 if x.type == S8 else g.pick(S8, U8)
    return g.const(g.array(dtype, shape))


def zero_points(g, tensor, count):
    """Of weights: none, one, or several."""
    if tensor.type == S8:
        return g.const(np.zeros(count, S8))
    return g.const(np.full(count, g.pick(0, 128, 120), U8))


@operator("MatMulInteger", types="su", ranks=(1, 2, 3), since=10)
def matmul_integer(g, name, x):
    w = weights(g, x, (x.shape[-1], g.between(1, 6)))
    inputs = [x, w]
    if g.chance(0.7):
        inputs.append(g.const(zero_point(g, x.type)))
        if g.chance(0.7):
            inputs.append(zero_points(g, w, ()))
    return g.add(name, inputs, (*x.shape[:-1], w.shape[1]), type=S32)


def convolution_weights(g, x):
    channels = x.shape[1]
    group = g.pick(1, 1, channels)
    outputs = group * g.between(1, 3)
    kernel, attributes = window(g, x.shape)
    if group > 1:
        attributes["group"] = group
    return weights(g, x, (outputs, channels // group, *kernel)), attributes


@operator("ConvInteger", types="u", ranks=(3, 4), since=10)
def conv_integer(g, name, x):
    w, attributes = convolution_weights(g, x)
    inputs = [x, w]
    if g.chance(0.7):
        inputs.append(g.const(zero_point(g, x.type)))
        if g.chance(0.7):
            inputs.append(zero_points(g, w, ()))
    return g.add(name, inputs, **attributes)


@operator("QLinearConv", types="su", ranks=(3, 4, 4), since=10)
def qlinear_conv(g, name, x):
    w, attributes = convolution_weights(g, x)
    outputs = w.shape[0]
    count = (outputs,) if w.type == S8 and g.chance(0.5) else ()
    scales = g.const((g.numbers.random(count) * 0.02 + 0.001).astype(np.float32))
    step = parameters(g, x.type)
    inputs = [x, *parameters(g, x.type), w, scales, zero_points(g, w, count), *step]
    if g.chance(0.5):
        inputs.append(g.const(g.integers((outputs,), S32, -500, 500)))
    return rounded(g, g.add(name, inputs, **attributes), step)


@operator("QLinearMatMul", types="su", ranks=(2, 3), since=10)
def qlinear_matmul(g, name, x):
    w = weights(g, x, (x.shape[-1], g.between(1, 6)))
    step = parameters(g, x.type)
    inputs = [x, *parameters(g, x.type), w, g.const(scale(g)), zero_points(g, w, ()), *step]
    return rounded(g, g.add(name, inputs, (*x.shape[:-1], w.shape[1])), step)


@operator("com.microsoft.QGemm", types="su", ranks=(2,), since=10)
def qgemm(g, name, x):
    a, b = g.below(2), g.below(2)
    m, k = reversed(x.shape) if a else x.shape
    n = g.between(1, 6)
    w = weights(g, x, (n, k) if b else (k, n))
    count = (n,) if g.chance(0.4) else ()
    scales = g.const((g.numbers.random(count) * 0.02 + 0.001).astype(np.float32))
    step = parameters(g, x.type)
    bias = g.const(g.integers((n,), S32, -500, 500)) if g.chance(0.5) else None
    inputs = [x, *parameters(g, x.type), w, scales, zero_points(g, w, count), bias, *step]
    y = g.add("QGemm", inputs, (m, n), domain=MICROSOFT, transA=a, transB=b)
    return rounded(g, y, step)


# --- on integers as on floats ------------------------------------------------------------------------


@operator("com.microsoft.QLinearAdd", "com.microsoft.QLinearMul", types="su", since=10)
def qlinear_binary(g, name, x):
    other = g.like(x, g.broadcastable(x.shape, drop=0.1))
    step = parameters(g, x.type)
    inputs = [x, *parameters(g, x.type), other, *parameters(g, x.type), *step]
    return rounded(g, g.add(name.split(".")[-1], inputs, x.shape, domain=MICROSOFT), step)


@operator("com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu", types="su", since=10)
def qlinear_unary(g, name, x):
    step = parameters(g, x.type)
    attributes = {"alpha": g.pick(0.25, 0.5)} if name.endswith("Relu") else {}
    inputs = [x, *parameters(g, x.type), *step]
    return rounded(g, g.add(name.split(".")[-1], inputs, x.shape, domain=MICROSOFT, **attributes), step)


@operator("com.microsoft.QLinearSoftmax", types="su", since=10)
def qlinear_softmax(g, name, x):
    """In steps of 1/255: of 1/256, a probability of 1 has no integer."""
    step = [g.const(np.float32(1 / 255)), g.const(np.array(0 if x.type == U8 else -128, x.type))]
    given, axis = g.axis(rank(x))
    if x.shape[axis] == 1 or (g.open and OPEN == x.shape[axis]):
        raise Excluded("QLinearSoftmax of one element: ONNX Runtime's 1 wraps around and is 0")
    inputs = [x, *parameters(g, x.type), *step]
    y = g.add("QLinearSoftmax", inputs, x.shape, domain=MICROSOFT, axis=given, opset=g.opset)
    return rounded(g, y, step)


@operator("com.microsoft.QLinearGlobalAveragePool", types="su", ranks=(4,), since=10)
def qlinear_global_pool(g, name, x):
    step = parameters(g, x.type)
    inputs = [x, *parameters(g, x.type), *step]
    y = g.add("QLinearGlobalAveragePool", inputs, (*x.shape[:2], 1, 1), domain=MICROSOFT, channels_last=0)
    return rounded(g, y, step)


@operator("com.microsoft.QLinearAveragePool", types="su", ranks=(4,), since=10)
def qlinear_pool(g, name, x):
    kernel, attributes = window(g, x.shape, dilates=False)
    g.need("auto_pad" not in attributes)
    step, strides = parameters(g, x.type), attributes.get("strides", [1, 1])
    pads = attributes.get("pads", [0] * 4)
    shape = list(x.shape)
    for i in range(2):
        shape[2 + i] = (x.shape[2 + i] + pads[i] + pads[2 + i] - kernel[i]) // strides[i] + 1
    inputs = [x, *parameters(g, x.type), *step]
    y = g.add("QLinearAveragePool", inputs, shape, domain=MICROSOFT, kernel_shape=kernel, **attributes)
    return rounded(g, y, step)


# ONNX Runtime gave it up: it runs where its kernel is still built.
@operator("com.microsoft.QLinearReduceMean", types="su", since=10)
def qlinear_mean(g, name, x):
    given, axes = g.axes(rank(x))
    keep = g.below(2)
    shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
    step = parameters(g, x.type)
    inputs = [x, *parameters(g, x.type), *step]
    y = g.add("QLinearReduceMean", inputs, shape, domain=MICROSOFT, axes=given, keepdims=keep)
    return rounded(g, y, step)


@operator("com.microsoft.QLinearWhere", types="su", since=10)
def qlinear_where(g, name, x):
    condition = g.operand(lambda s: np.asarray(g.numbers.random(s) < 0.5), x.shape)
    other, step = g.like(x, g.broadcastable(x.shape, drop=0)), parameters(g, x.type)
    inputs = [condition, x, *parameters(g, x.type), other, *parameters(g, x.type), *step]
    return rounded(g, g.add("QLinearWhere", inputs, x.shape, type=x.type, domain=MICROSOFT), step)


@operator("com.microsoft.QLinearConcat", types="su", since=10)
def qlinear_concat(g, name, x):
    axis = g.below(rank(x))
    shape = list(x.shape)
    shape[axis] = g.between(1, 4)
    other, step = g.like(x, shape), parameters(g, x.type)
    shape[axis] += x.shape[axis]
    inputs = [*step, x, *parameters(g, x.type), other, *parameters(g, x.type)]
    return rounded(g, g.add("QLinearConcat", inputs, shape, type=x.type, domain=MICROSOFT, axis=axis), step)


@operator("com.microsoft.FastGelu", "com.microsoft.Gelu")
def runtime_gelu(g, name, x):
    inputs = [x]
    if name.endswith("FastGelu") and g.chance(0.5):
        inputs.append(g.const(g.floats(x.shape[-1:])))
    return g.add(name.split(".")[-1], inputs, x.shape, domain=MICROSOFT)
