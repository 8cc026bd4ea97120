"""Operators that only move elements, and those that make tensors of shapes."""
import numpy as np
from onnx import numpy_helper

from .graph import ELEMENT, F32, OPEN, S32, S64, Grid, add_grids, elements, join, product, rank
from .operators import operator

ALL = "filbsu"


@operator("Transpose", types=ALL)
def transpose(g, name, x):
    order = list(range(rank(x)))
    g.random.shuffle(order)
    if g.chance(0.15):
        return g.add(name, [x], x.shape[::-1], grid=x.grid)
    return g.add(name, [x], [x.shape[i] for i in order], grid=x.grid, perm=order)


@operator("Reshape", types=ALL, ranks=(0, 1, 2, 3, 4))
def reshape(g, name, x):
    """To any sizes that have as many elements; the open dimension is the -1, or a 0 in its place."""
    shape, left = [], elements(n for n in x.shape if not g.open or n != OPEN)
    while left > 1 and len(shape) < 4:
        shape.append(g.pick(*[d for d in range(1, left + 1) if left % d == 0]))
        left //= shape[-1]
    shape.append(left)
    given = list(shape)
    if g.open and OPEN in x.shape:
        place = x.shape.index(OPEN)
        at = min(place, len(shape))
        shape.insert(at, OPEN)
        given.insert(at, 0 if at == place and g.chance(0.5) else -1)
        g.need(x.shape.count(OPEN) == 1)
        if -1 not in given and g.chance(0.4) and at > 0:
            given[g.below(at)] = -1
    elif g.chance(0.5):
        given[g.below(len(given))] = -1
    elif x.shape and given[0] == x.shape[0] and g.chance(0.4):
        given[0] = 0
    attributes = {"allowzero": 0} if g.opset >= 14 and g.chance(0.2) else {}
    return g.add(name, [x, g.ints(*given)], shape, grid=x.grid, **attributes)


@operator("Flatten", types=ALL, ranks=(0, 1, 2, 3, 4))
def flatten(g, name, x):
    g.need(x.type == F32 or g.opset >= 9)
    axis = g.between(0, rank(x))
    shape = (elements(x.shape[:axis]), elements(x.shape[axis:]))
    if axis == 1 and g.chance(0.5):
        return g.add(name, [x], shape, grid=x.grid)
    if axis < rank(x) and g.opset >= 11 and g.chance(0.3):
        axis -= rank(x)
    return g.add(name, [x], shape, grid=x.grid, axis=axis)


def with_axes(g, name, x, shape, axes):
    if g.opset >= 13:
        return g.add(name, [x, g.ints(*axes)], shape, grid=x.grid)
    g.need(g.opset >= 11 or min(axes) >= 0)
    return g.add(name, [x], shape, grid=x.grid, axes=axes)


@operator("Squeeze", types=ALL)
def squeeze(g, name, x):
    ones = [i for i, n in enumerate(x.shape) if n == 1]
    if not ones:
        x, ones = with_axes(g, "Unsqueeze", x, (1, *x.shape), [0]), [0] + [i + 1 for i in ones]
    if g.chance(0.2) and not g.open:  # all of them
        return g.add(name, [x], [n for n in x.shape if n != 1], grid=x.grid)
    axes = [i for i in ones if g.chance(0.6)] or ones[:1]
    shape = [n for i, n in enumerate(x.shape) if i not in axes]
    return with_axes(g, name, x, shape, [a - rank(x) if g.chance(0.2) else a for a in axes])


@operator("Unsqueeze", types=ALL, ranks=(0, 1, 2, 3))
def unsqueeze(g, name, x):
    count = g.pick(1, 1, 2)
    result = rank(x) + count
    axes = g.random.sample(range(result), count)
    rest = iter(x.shape)
    shape = [1 if i in axes else next(rest) for i in range(result)]
    return with_axes(g, name, x, shape, [a - result if g.chance(0.3) else a for a in axes])


@operator("Concat", types=ALL)
def concat(g, name, x):
    given, axis = g.axis(rank(x))
    if g.opset < 11:
        given = axis
    parts = [x]
    for _ in range(g.pick(1, 1, 2)):
        shape = list(x.shape)
        shape[axis] = g.between(1, 4)
        parts.append(x if g.chance(0.3) else g.like(x, shape))
    g.random.shuffle(parts)
    shape = list(x.shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    return g.add(name, parts, shape, grid=join(*(p.grid for p in parts)), axis=given)


@operator("Split", types=ALL)
def split(g, name, x):
    given, axis = g.axis(rank(x))
    if g.opset < 11:
        given = axis
    size = x.shape[axis]
    g.need(size > 1 and not (g.open and size == OPEN))
    attributes = {"axis": given} if given or g.chance(0.5) else {}
    part = list(x.shape)
    if size % 2 == 0 and g.chance(0.3):  # equal parts
        part[axis] = size // 2
        if g.opset >= 18:
            attributes["num_outputs"] = 2
        return g.pick(*g.add(name, [x], part, grid=x.grid, outputs=2, **attributes))
    first = g.between(1, size - 1)
    sizes = [first, size - first]
    inputs = [x]
    if g.opset >= 13:
        inputs.append(g.ints(*sizes))
    else:
        attributes["split"] = sizes
    made = g.add(name, inputs, x.shape, grid=x.grid, outputs=2, **attributes)
    for k, value in enumerate(made):
        part[axis] = sizes[k]
        made[k] = value._replace(shape=tuple(part))
    g.made[-2:] = made
    return g.pick(*made)


@operator("Slice", types=ALL)
def slice_(g, name, x):
    _, axes = g.axes(rank(x))
    starts, ends, steps = [], [], []
    for a in axes:
        n = x.shape[a]
        start = g.below(n)
        end, step = g.between(start + 1, n), g.pick(1, 1, 2, 3)
        if g.opset >= 10 and g.chance(0.3):  # backwards
            start, end, step = end - 1, (start - 1 if start > 0 else -1000), -step
        elif g.chance(0.3):
            end = end - n if end < n else g.pick(1 << 40, (1 << 63) - 1)
        if step > 0 and g.chance(0.2):
            start -= n
        starts.append(start), ends.append(end), steps.append(step)
    shape = list(x.shape)
    for a, start, end, step in zip(axes, starts, ends, steps):
        shape[a] = len(range(x.shape[a])[slice(start, end if end != -1000 else None, step)])
    if g.opset < 10:
        g.need(all(step == 1 for step in steps))
        return g.add(name, [x], shape, grid=x.grid, starts=starts, ends=ends, axes=axes)
    axes = [a - rank(x) if g.chance(0.3) and g.opset >= 11 else a for a in axes]
    kind = g.pick(np.int64, np.int64, np.int32)
    lists = [[min(v, 2**31 - 1) if kind == np.int32 else v for v in l] for l in (starts, ends, axes, steps)]
    inputs = [g.const(np.array(l, kind)) for l in lists]
    if all(step == 1 for step in steps) and g.chance(0.5):
        inputs.pop()
    return g.add(name, [x, *inputs], shape, grid=x.grid)


@operator("Pad", types="filbsu")
def pad(g, name, x):
    g.need(x.type == F32 or g.opset >= 13)
    mode = g.pick("constant", "constant", "edge", "reflect", "wrap" if g.opset >= 19 else "edge")
    most = [min(3, n - 1) if mode == "reflect" else min(2, n) for n in x.shape]
    pads = [g.between(0, m) if g.chance(0.6) else 0 for m in most * 2]
    if mode == "constant" and g.chance(0.2):  # cuts off
        pads = [-1 if n > 2 and g.chance(0.3) else p for p, n in zip(pads, x.shape * 2)]
    shape = [n + pads[i] + pads[i + rank(x)] for i, n in enumerate(x.shape)]
    attributes = {"mode": mode} if mode != "constant" or g.chance(0.3) else {}
    value = np.array(0.75 if x.type == F32 else 1, x.type)
    with_value = mode == "constant" and g.chance(0.6)
    grid = join(x.grid, Grid(1 / 32, 1))
    if g.opset < 11:
        if with_value:
            attributes["value"] = float(value)
        return g.add(name, [x], shape, grid=grid, pads=pads, **attributes)
    inputs = [x, None, g.const(value) if with_value else None]
    if g.opset >= 18 and g.chance(0.3):
        _, axes = g.axes(rank(x))
        shape = [n if i not in axes else shape[i] for i, n in enumerate(x.shape)]
        pads = [pads[a] for a in axes] + [pads[a + rank(x)] for a in axes]
        inputs.append(g.ints(*[a - rank(x) if g.chance(0.3) else a for a in axes]))
    inputs[1] = g.ints(*pads)
    return g.add(name, inputs, shape, grid=grid, **attributes)


@operator("Tile", types="filbu")
def tile(g, name, x):
    repeats = [g.between(1, 2) for _ in x.shape]
    return g.add(name, [x, g.ints(*repeats)], [n * r for n, r in zip(x.shape, repeats)], grid=x.grid)


@operator("Expand", types="filb", ranks=(0, 1, 2, 3, 4), since=8)
def expand(g, name, x):
    wish = [g.between(1, 4) if n == 1 else g.pick(1, n) for n in x.shape]
    if g.chance(0.3):
        wish = [2] + wish
    elif len(wish) > 1 and g.chance(0.2):
        wish = wish[1:]
    g.need(wish)
    return g.add(name, [x, g.sizes(*wish)], np.broadcast_shapes(x.shape, wish), grid=x.grid)


@operator("Trilu", types="filb", ranks=(2, 3, 4), since=14)
def trilu(g, name, x):
    inputs = [x]
    if g.chance(0.6):
        inputs.append(g.const(np.array(g.between(-3, 3), np.int64)))
    return g.add(name, inputs, x.shape, grid=x.grid, **({"upper": g.below(2)} if g.chance(0.6) else {}))


@operator("ReverseSequence", types="fil", ranks=(2, 3, 4), since=10)
def reverse_sequence(g, name, x):
    time = g.below(2)
    most = x.shape[time]
    lengths = g.operand(lambda s: g.integers(s, S64, 1, g.now(most) + 1), (x.shape[1 - time],))
    axes = dict(time_axis=time, batch_axis=1 - time)
    return g.add(name, [x, lengths], x.shape, grid=x.grid, **(axes if time or g.chance(0.5) else {}))


# --- made of shapes and numbers ----------------------------------------------------------------------


@operator("Constant", types="fil")
def constant(g, name, x):
    """Plus a constant that a node makes."""
    array = g.array(x.type, g.broadcastable(x.shape))
    attribute = {"value": numpy_helper.from_array(array)}
    if g.opset >= 12 and array.ndim <= 1 and x.type != S32 and g.chance(0.6):
        key = ("value_float" if x.type == F32 else "value_int") + ("s" if array.ndim else "")
        attribute = {key: array.tolist()}
    made = g.add(name, [], array.shape, type=x.type, grid=Grid(1 / 8, 2), **attribute)
    return g.add("Add", [x, made], x.shape, grid=add_grids(x.grid, made.grid))


@operator("ConstantOfShape", types="fil", since=9)
def constant_of_shape(g, name, x):
    """As large as x, which it is added to."""
    sizes = g.add("Shape", [x], (rank(x),), type=S64)
    value = numpy_helper.from_array(np.array([3], x.type))
    attribute = {"value": value} if x.type != F32 or g.chance(0.6) else {}
    made = g.add(name, [sizes], x.shape, type=x.type, grid=Grid(1, 3), **attribute)
    return g.add("Add", [x, made], x.shape, grid=add_grids(x.grid, made.grid))


@operator("Shape", types=ALL)
def shape(g, name, x):
    attributes, length = {}, rank(x)
    if g.opset >= 15 and g.chance(0.5):
        attributes = {key: g.between(-rank(x), rank(x)) for key in ("start", "end") if g.chance(0.6)}
        length = len(range(rank(x))[slice(attributes.get("start"), attributes.get("end"))])
        g.need(length)
    made = g.add(name, [x], (length,), type=S64, **attributes)
    if attributes or g.chance(0.4) or (g.open and OPEN in x.shape):
        return made
    return g.add("Reshape", [g.like(x, (elements(x.shape),)), made], x.shape, grid=Grid(1 / 8, 2))


@operator("Size", types=ALL)
def size(g, name, x):
    return g.add(name, [x], (), type=S64)


@operator("Range", types="fil", ranks=(0,), since=11)
def range_(g, name, x):
    """x is the start; the others are such that there are a few."""
    start = x
    if x.source != "const":
        start = g.const(g.array(x.type, ()))
    first, count = g.constants[start.name], g.between(1, 6)
    step = np.array(g.pick(0.5, 1, 2, -1) if x.type == F32 else g.pick(1, 2, 3, -1, -2), x.type)
    limit = np.array(first + step * count, x.type)
    made = g.add(name, [start, g.const(limit), g.const(step)], (count,), grid=Grid(1 / 8, 16))
    return g.add("Mul", [made, x], (count,), grid=product(made.grid, x.grid))


@operator("EyeLike", types="fil", ranks=(2,), since=9)
def eye_like(g, name, x):
    attributes, to = {}, x.type
    if g.chance(0.5):
        attributes["k"] = g.between(-2, 2)
    if g.chance(0.5):
        to = g.pick(F32, S32, S64)
        attributes["dtype"] = ELEMENT[to]
    return g.add(name, [x], x.shape, type=to, grid=Grid(1, 1), **attributes)


@operator("OneHot", types="fil", ranks=(1, 2, 3), since=9)
def one_hot(g, name, x):
    """x gives the two values; the indices are another input."""
    depth, shape = g.between(1, 5), x.shape[: g.between(1, rank(x))]
    kinds, depths = {F32: ((S64, S32), (S64,)), S32: ((S64,), (F32,)), S64: ((S64,), (S64,))}[x.type]
    kind = g.pick(*kinds)  # ONNX Runtime has not all combinations
    if kind == S32:
        depths = (S32, F32)
    low = -depth if g.opset >= 11 else 0
    indices = g.operand(lambda s: g.integers(s, kind, low, depth), shape)
    values = g.const(g.array(x.type, (2,)))
    given, axis = g.axis(len(shape) + 1)
    result = list(shape)
    result.insert(axis, depth)
    return g.add(name, [indices, g.const(np.array(depth, g.pick(*depths))), values], result, type=x.type, grid=values.grid, axis=given)
