"""Products of matrices, reductions, normalizations."""
import numpy as np

from .graph import F32, OPEN, S64, Excluded, Grid, elements, product, rank
from .operators import operator


@operator("MatMul", ranks=(1, 2, 3, 4))
def matmul(g, name, x):
    """x from either side; the other operand batched, broadcast or a vector."""
    s = x.shape
    batch = s[:-2] if len(s) > 2 else ()
    if g.chance(0.7) or len(s) < 2:
        k, n = s[-1], g.between(1, 6)
        shape = g.pick((k, n), (k,), (*batch, k, n), (1,) * len(batch) + (k, n), (2,) + (1,) * len(batch) + (k, n))
        inputs = [x, g.like(x, shape, constant=0.6)]
    else:
        k = s[-2]
        inputs = [g.like(x, g.pick((3, k), (k,), (*batch, 3, k)), constant=0.6), x]
    shape = np.matmul(*(np.zeros(i.shape, np.int8) for i in inputs)).shape
    return g.add(name, inputs, shape, grid=product(inputs[0].grid, inputs[1].grid, k))


@operator("Gemm", ranks=(2,))
def gemm(g, name, x):
    a, b = g.below(2), g.below(2)
    m, k = reversed(x.shape) if a else x.shape
    n = g.between(1, 6)
    inputs = [x, g.like(x, (n, k) if b else (k, n), constant=0.7)]
    if g.opset < 11 or g.chance(0.7):
        inputs.append(g.like(x, g.pick((n,), (1, n), (m, n), (m, 1), (1,), ()), constant=0.8))
    attributes = dict(alpha=g.pick(0.5, 2.0), beta=g.pick(2.0, 0.5), transA=a, transB=b)
    attributes = {key: v for key, v in attributes.items() if v and (key.startswith("trans") or g.chance(0.4))}
    grid = product(x.grid, inputs[1].grid, 4 * k + 4)
    return g.add(name, inputs, (m, n), grid=grid and product(grid, Grid(0.5, 2)), **attributes)


EQUATIONS = (
    ("bij,bjk->bik", 3), ("bhid,bhjd->bhij", 4), ("ij->ji", 2), ("ij->i", 2), ("ij,j->i", 2), ("ii->i", 2),
    ("bij,jk->bik", 3), ("i,j->ij", 1), ("bhwc,hkc->bhwk", 4), ("ijk->", 3), ("...ij,...jk->...ik", 4), ("bn,anm,bm->ba", 2),
)


@operator("Einsum", ranks=(1, 2, 3, 4), since=12)
def einsum(g, name, x):
    """x first, and sizes for what the others have of their own."""
    equation = g.pick(*[e for e, r in EQUATIONS if r == rank(x)])
    terms = equation.split("->")[0].replace("...", "xy").split(",")
    sizes = {}
    for letter, n in zip(terms[0], x.shape):
        g.need(sizes.setdefault(letter, n) == n)
    for term in terms[1:]:
        for letter in term:
            sizes.setdefault(letter, g.between(1, 4))
    inputs = [x] + [g.like(x, [sizes[letter] for letter in term]) for term in terms[1:]]
    shape = np.einsum(equation, *(np.zeros(i.shape, np.int8) for i in inputs)).shape
    terms_in_sum = elements(sizes.values())
    grid = None if len(terms) > 2 else x.grid
    if len(inputs) > 1 and grid is not None:
        grid = product(grid, inputs[1].grid, terms_in_sum)
    elif grid is not None:
        grid = product(grid, Grid(1, 1), terms_in_sum)
    return g.add(name, inputs, shape, grid=grid, equation=equation)


# --- reductions --------------------------------------------------------------------------------------


@operator("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean", "ReduceSumSquare", types="f",
          ranks=(1, 2, 3, 4))
@operator("ReduceSum", "ReduceProd", types="fil")
@operator("ReduceMax", "ReduceMin", types="filsu")
def reduce(g, name, x):
    if x.type.itemsize == 1:
        g.need(g.opset >= 12)
    keep = g.pick(None, 0, 1)
    given, axes = g.axes(rank(x)) if g.chance(0.8) else (None, list(range(rank(x))))
    shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep != 0 or i not in axes]
    count = elements(x.shape[i] for i in axes)
    grid = x.grid
    if name == "ReduceLogSum":
        x = g.add("Add", [g.add("Abs", [x], x.shape), g.const(np.float32(0.5))], x.shape)
    if name == "ReduceLogSumExp" and (grid is None or grid.most > 50):
        raise Excluded("ReduceLogSumExp of values that may be large: an overflow ends all comparison")
    if name in ("ReduceProd", "ReduceSumSquare", "ReduceL2") and (grid is None or grid.most > 1000) and x.type == F32:
        raise Excluded(f"{name} of values that may be large: an overflow ends all comparison")
    if name == "ReduceSum":
        grid = product(grid, Grid(1, 1), count)
    elif name == "ReduceProd" and x.type != F32:
        grid = Grid(1, x.grid.most**count).exact() if count < 30 else None
    elif name not in ("ReduceMax", "ReduceMin"):
        grid = None
    attributes = {} if keep is None else {"keepdims": keep}
    as_input = g.opset >= (13 if name == "ReduceSum" else 18)
    inputs = [x]
    if as_input and g.chance(0.2):
        attributes["noop_with_empty_axes"] = 1
        if given is None:  # then nothing is reduced, but the element's own function is computed
            if name not in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceProd"):
                raise Excluded(f"{name} of no axes: ONNX Runtime copies where ONNX computes each element's own")
            shape = x.shape
    if given is not None and as_input:
        inputs.append(g.ints(*given))
    elif given is not None:
        attributes["axes"] = given
    return g.add(name, inputs, shape, grid=grid, **attributes)


@operator("ArgMax", "ArgMin", types="fisu")
def arg(g, name, x):
    g.need_exact(x, name)
    if x.type.itemsize == 1:
        g.need(g.opset >= 13)
    given, axis = g.axis(rank(x))
    attributes = {"axis": given} if given or g.chance(0.5) else {}
    keep = g.pick(None, 0, 1)
    if keep is not None:
        attributes["keepdims"] = keep
    if g.opset >= 12 and g.chance(0.3):
        attributes["select_last_index"] = g.below(2)
    shape = [1 if i == axis else n for i, n in enumerate(x.shape) if keep != 0 or i != axis]
    return g.add(name, [x], shape, type=S64, **attributes)


@operator("CumSum", types="fil", since=11)
def cumsum(g, name, x):
    given, axis = g.axis(rank(x))
    attributes = {key: g.below(2) for key in ("exclusive", "reverse") if g.chance(0.5)}
    where = g.const(np.array(given, g.pick(np.int32, np.int64)))
    return g.add(name, [x, where], x.shape, grid=product(x.grid, Grid(1, 1), x.shape[axis]), **attributes)


# --- normalizations ----------------------------------------------------------------------------------


@operator("Softmax", "LogSoftmax")
@operator("Hardmax")
def softmax(g, name, x):
    if name == "Hardmax":
        g.need_exact(x, name)
    attributes = {"axis": g.axis(rank(x))[0]} if g.chance(0.8) else {}
    if g.opset < 13 and rank(x) < 2:
        attributes = {"axis": 0}
    return g.add(name, [x], x.shape, grid=Grid(1, 1) if name == "Hardmax" else None, **attributes)


def epsilon(g):
    return {"epsilon": g.pick(1e-3, 0.25)} if g.chance(0.5) else {}


def positive(g, shape):
    return np.abs(g.floats(shape)) + np.float32(0.5)


@operator("BatchNormalization", ranks=(2, 3, 4))
def batch_normalization(g, name, x):
    channels = (x.shape[1],)
    inputs = [x] + [g.const(g.floats(channels)) for _ in range(3)] + [g.const(positive(g, channels))]
    return g.add(name, inputs, x.shape, **epsilon(g))


def need_deviation(x, name):
    if x.grid is None:
        raise Excluded(f"{name} of values that are rounded: where they hardly differ, it enlarges the error")


@operator("InstanceNormalization", ranks=(3, 4))
def instance_normalization(g, name, x):
    need_deviation(x, name)
    channels = (x.shape[1],)
    return g.add(name, [x, g.const(g.floats(channels)), g.const(g.floats(channels))], x.shape, **epsilon(g))


@operator("GroupNormalization", ranks=(3, 4), since=18)
def group_normalization(g, name, x):
    need_deviation(x, name)
    groups = g.pick(*[d for d in range(1, x.shape[1] + 1) if x.shape[1] % d == 0])
    count = (groups if g.opset < 21 else x.shape[1],)
    return g.add(name, [x, g.const(g.floats(count)), g.const(g.floats(count))], x.shape, num_groups=groups, **epsilon(g))


@operator("LayerNormalization", since=17)
def layer_normalization(g, name, x):
    need_deviation(x, name)
    given, axis = g.axis(rank(x))
    attributes = {} if axis == rank(x) - 1 and g.chance(0.5) else {"axis": given}
    inputs = [x, g.like(x, x.shape[axis:], constant=0.8)]
    if g.chance(0.6):
        inputs.append(g.like(x, x.shape[axis:], constant=0.8))
    return g.add(name, inputs, x.shape, **attributes, **epsilon(g))


@operator("RMSNormalization", since=23)
def rms_normalization(g, name, x):
    given, axis = g.axis(rank(x))
    return g.add(name, [x, g.like(x, x.shape[axis:], constant=0.8)], x.shape, axis=given, **epsilon(g))


@operator("LpNormalization")
def lp_normalization(g, name, x):
    attributes = {"p": g.pick(1, 2)} if g.chance(0.6) else {}
    if g.chance(0.7):
        attributes["axis"] = g.axis(rank(x))[0]
    x = g.add("Add", [g.add("Mul", [x, x], x.shape), g.const(np.float32(0.25))], x.shape)
    return g.add(name, [x], x.shape, **attributes)


@operator("MeanVarianceNormalization", ranks=(4,), since=9)
def mean_variance(g, name, x):
    """Plus numbers that differ: ONNX's formula is the root of an error where all numbers of a group are equal."""
    axes = g.axes(rank(x))[1]
    attributes = {"axes": axes} if g.chance(0.6) else {}
    g.need(not (g.open and OPEN in x.shape))
    if elements(x.shape[i] for i in attributes.get("axes", (0, 2, 3))) == 1:
        raise Excluded("MeanVarianceNormalization of one number: ONNX Runtime gives the root of an error")
    differ = np.arange(elements(x.shape), dtype=np.float32).reshape(x.shape) % 37 / 8
    x = g.add("Add", [x, g.const(differ)], x.shape)
    return g.add(name, [x], x.shape, **attributes)
