"""Operators whose results are as long as what a run finds."""
import numpy as np

from .graph import BOOL, F32, S64, rank
from .operators import operator


@operator("NonZero", types="filbu", since=9)
def non_zero(g, name, x):
    g.need_exact(x, name)
    return g.add_counted(name, [x], type=S64)


@operator("Compress", types="filbsu", since=9)
def compress(g, name, x):
    """Of an axis, or of all elements in a row; the condition may be shorter than these."""
    if g.chance(0.3):
        length, attributes = int(np.prod(x.shape)), {}
    else:
        given, axis = g.axis(rank(x))
        given = axis if g.opset < 11 else given
        length, attributes = x.shape[axis], {"axis": given}
    g.need(not g.open)
    condition = g.operand(lambda s: g.array(BOOL, s), (g.between(1, length),))
    return g.add_counted(name, [x, condition], **attributes)


def boxes(g, shape, centers):
    """Corners in any order, or centers and sizes."""
    array = g.floats((*shape, 4), 4)
    if centers:
        array[..., 2:] = np.abs(array[..., 2:]) + np.float32(0.25)
    return array


@operator("NonMaxSuppression", ranks=(3,), since=10)
def non_max_suppression(g, name, x):
    """Scores that differ, of x's shape [batches, classes, boxes]."""
    batches, classes, count = x.shape
    centers = g.below(2)
    g.need(not g.open)
    differ = (g.numbers.permutation(classes * count * batches) / 16).astype(np.float32).reshape(x.shape)
    nothing = g.add("Mul", [x, g.const(np.float32(0))], x.shape)
    scores = g.add("Add", [nothing, g.const(differ)], x.shape)
    corners = g.operand(lambda s: boxes(g, s[:2], centers), (batches, count, 4))
    inputs = [corners, scores]
    limits = [np.array([g.between(1, 4)], np.int64), np.array([g.pick(0.27, 0.53, 0.71)], F32), np.array([0.6], F32)]
    inputs += [g.const(limit) for limit in limits[: g.between(1, 3)]]
    attributes = {"center_point_box": centers} if centers or g.chance(0.5) else {}
    return g.add_counted(name, inputs, type=S64, **attributes)
