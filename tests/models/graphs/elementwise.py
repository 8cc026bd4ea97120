"""Operators on single elements."""
import numpy as np

from .graph import BOOL, ELEMENT, F32, S32, S64, Excluded, Grid, add_grids, join, product, rank
from .operators import operator

ANY_RANK = (0, 1, 2, 3, 4)


def broadcast(*shapes):
    return np.broadcast_shapes(*shapes)


# --- one input ---------------------------------------------------------------------------------------

KEEPS_GRID = {"Abs", "Neg", "Relu", "Sign", "Ceil", "Floor", "Round"}
JUMPS = {"Sign", "Ceil", "Floor", "Round"}


def attributes_of(g, name):
    """Each of the operator's attributes, now and then."""
    choices = {
        "Celu": dict(alpha=(0.5, 2.0)),
        "Elu": dict(alpha=(0.25, 0.5, 2.0)),
        "Gelu": dict(approximate=("none", "tanh")),
        "HardSigmoid": dict(alpha=(0.5, 0.125), beta=(0.25, 0.75)),
        "LeakyRelu": dict(alpha=(0.25, 0.5, 2.0)),
        "Selu": dict(alpha=(1.5, 0.5), gamma=(1.25, 2.0)),
        "Shrink": dict(bias=(0.25, 1.5), lambd=(0.3, 1.3)),
        "Swish": dict(alpha=(0.5, 2.0)),
        "ThresholdedRelu": dict(alpha=(0.3, 1.3)),
    }.get(name, {})
    return {key: g.pick(*values) for key, values in choices.items() if g.chance(0.7)}


@operator("Ceil", "Cos", "Elu", "Exp", "Floor", "HardSigmoid", "LeakyRelu", "Relu", "Selu", "Sigmoid", "Sin",
          "Softplus", "Softsign", "Tan", "Tanh", "Atan", ranks=ANY_RANK)
@operator("Sinh", "Cosh", "Asinh", "Erf", ranks=ANY_RANK, since=9)
@operator("Abs", "Neg", "Identity", types="fil", ranks=ANY_RANK)
@operator("Sign", types="fil", ranks=ANY_RANK, since=9)
@operator("Shrink", "ThresholdedRelu", ranks=ANY_RANK, since=10)
@operator("Round", ranks=ANY_RANK, since=11)
@operator("Celu", ranks=ANY_RANK, since=12)
@operator("HardSwish", ranks=ANY_RANK, since=14)
@operator("Mish", ranks=ANY_RANK, since=18)
@operator("Gelu", ranks=ANY_RANK, since=20)
@operator("Swish", ranks=ANY_RANK, since=24, until=24)
def unary(g, name, x):
    if name in JUMPS:
        g.need_exact(x, name)
    if name in ("Shrink", "ThresholdedRelu"):
        g.need_exact(x, name)
    if name in ("Exp", "Cosh", "Sinh") and (x.grid is None or x.grid.most > 20):
        raise Excluded(f"{name} of values that may be large: an overflow ends all comparison")
    if name in ("Sin", "Cos", "Tan") and (x.grid is None or x.grid.most > 100):
        raise Excluded(f"{name} of values that may be large: their error is the argument's")
    grid = x.grid if name in KEEPS_GRID or name == "Identity" else None
    if name in JUMPS and grid is not None:
        grid = Grid(1, grid.most + 1)
    return g.add(name, [x], x.shape, grid=grid, **attributes_of(g, name))


@operator("Log", "Sqrt", "Reciprocal", ranks=ANY_RANK)
def of_positive(g, name, x):
    """Of numbers above one half; or of all, and then nothing follows, since no number means much."""
    if g.chance(0.3):
        g.ended = True
        g.need_exact(x, name + " of negative values")
        return g.add(name, [x], x.shape)
    square = g.add("Mul", [x, x], x.shape)
    return g.add(name, [g.add("Add", [square, g.const(np.float32(0.5))], x.shape)], x.shape)


@operator("Asin", "Acos", ranks=ANY_RANK)
@operator("Atanh", ranks=ANY_RANK, since=9)
def of_unit(g, name, x):
    """Of numbers between -1 and 1."""
    return g.add(name, [g.add("Mul", [g.add("Tanh", [x], x.shape), g.const(np.float32(0.75))], x.shape)], x.shape)


@operator("Acosh", ranks=ANY_RANK, since=9)
def acosh(g, name, x):
    square = g.add("Mul", [x, x], x.shape)
    return g.add(name, [g.add("Add", [square, g.const(np.float32(1.5))], x.shape)], x.shape)


@operator("IsNaN", ranks=ANY_RANK, since=9)
@operator("IsInf", ranks=ANY_RANK, since=10)
def is_special(g, name, x):
    g.need_exact(x, name)
    strange = g.add("Div", [x, g.const(np.float32(0))], x.shape)
    attributes = {}
    if name == "IsInf":
        attributes = {key: g.below(2) for key in ("detect_negative", "detect_positive") if g.chance(0.5)}
    return g.add(name, [strange], x.shape, type=BOOL, **attributes)


@operator("Not", types="b", ranks=ANY_RANK)
def not_(g, name, x):
    return g.add(name, [x], x.shape)


@operator("Dropout", ranks=ANY_RANK)
def dropout(g, name, x):
    if g.opset >= 12:
        ratio = [g.const(np.float32(0.25))] if g.chance(0.5) else []
        return g.add(name, [x, *ratio], x.shape, grid=x.grid)
    return g.add(name, [x], x.shape, grid=x.grid, **({"ratio": 0.25} if g.chance(0.5) else {}))


@operator("Clip", types="filsu", ranks=ANY_RANK)
def clip(g, name, x):
    low, high = (g.pick(-1, 0, 1), g.pick(1, 2, 4)) if x.type != F32 else (g.pick(-0.5, 0.0), g.pick(1.0, 0.25))
    if x.type.kind == "u":
        low = abs(low)
    grid = join(x.grid, Grid(1 / 32, 1))
    if g.opset < 11:
        g.need(x.type == F32)
        limits = {key: limit for key, limit in (("min", low), ("max", high)) if g.chance(0.8)}
        return g.add(name, [x], x.shape, grid=grid, **limits)
    g.need(x.type == F32 or g.opset >= 12)

    def limit(number):
        if g.chance(0.2):
            return None
        return g.operand(lambda shape: np.full(shape, number, x.type), (), constant=0.8)

    return g.add(name, [x, limit(low), limit(high)], x.shape, grid=grid)


@operator("Cast", types="filbsu", ranks=ANY_RANK)
def cast(g, name, x):
    to = g.pick(*[t for t in ELEMENT if t != x.type])
    if x.type == F32:
        g.need_exact(x, "Cast to " + to.name)
        if to.itemsize == 1 and to != BOOL and x.grid.most > 127 or to.kind == "u":
            raise Excluded("Cast of values that the type does not hold: ONNX leaves it open")
    if x.type in (S32, S64) and to.itemsize == 1 and to != BOOL:
        if x.grid.most > 127 or to.kind == "u":
            raise Excluded("Cast of values that the type does not hold: ONNX leaves it open")
    if x.type.itemsize == 1 and to.itemsize == 1 and to != BOOL and x.type != BOOL:
        raise Excluded("Cast of values that the type does not hold: ONNX leaves it open")
    return g.add(name, [x], x.shape, type=to, grid=x.grid, to=ELEMENT[to])


@operator("CastLike", types="filb", ranks=ANY_RANK, since=15)
def cast_like(g, name, x):
    to = g.pick(*[t for t in (F32, S32, S64, BOOL) if t != x.type])
    if x.type == F32:
        g.need_exact(x, "Cast to " + to.name)
    return g.add(name, [x, g.operand(lambda s: g.array(to, s), (2,))], x.shape, type=to, grid=x.grid)


# --- two inputs and more -----------------------------------------------------------------------------


def other_shape(g, x):
    shape = g.broadcastable(x.shape)
    return (2, *shape) if g.chance(0.1) and len(shape) == rank(x) < 5 else shape


@operator("Add", "Sub", "Mul", types="fil", ranks=ANY_RANK)
@operator("Max", "Min", types="fil", ranks=ANY_RANK)
@operator("Sum", "Mean", ranks=ANY_RANK)
def arithmetic(g, name, x):
    many = name in ("Max", "Min", "Sum", "Mean")
    if name in ("Max", "Min"):
        g.need(g.opset >= (8 if x.type == F32 else 12))
    g.need(g.opset >= 8 or not many)
    count = g.pick(1, 2, 2, 3, 4) if many else 2
    operands = [x] + [g.like(x, other_shape(g, x)) for _ in range(count - 1)]
    if g.chance(0.4):
        g.random.shuffle(operands)
    grids = [operand.grid for operand in operands]
    if name == "Mul":
        grid = product(*grids)
    elif name in ("Max", "Min"):
        grid = join(*grids)
    elif name == "Mean":
        grid = None
    else:
        grid = grids[0]
        for other in grids[1:]:
            grid = add_grids(grid, other)
    return g.add(name, operands, broadcast(*(o.shape for o in operands)), grid=grid)


def nonzero(g, dtype, shape):
    array = g.array(dtype, shape)
    return np.where(array == 0, np.array(3, dtype), array)


@operator("Div", types="fil", ranks=ANY_RANK)
@operator("Mod", types="fil", ranks=ANY_RANK, since=10)
def divide(g, name, x):
    divisor = g.operand(lambda shape: nonzero(g, x.type, shape), other_shape(g, x))
    fmod = {}
    if name == "Mod":
        g.need_exact(x, name)
        if x.type == F32:
            fmod = {"fmod": 1}
        elif g.chance(0.3):
            fmod = {"fmod": g.below(2)}
    grid = None if x.type == F32 else x.grid
    return g.add(name, [x, divisor], broadcast(x.shape, divisor.shape), grid=grid, **fmod)


@operator("Pow", types="fil", ranks=ANY_RANK)
def power(g, name, x):
    g.need(x.type == F32 or g.opset >= 12)
    if x.type == F32 and (x.grid is None or x.grid.most > 50):
        raise Excluded("Pow of values that may be large: an overflow ends all comparison")
    kind = x.type
    if g.opset >= 12 and x.type == F32 and g.chance(0.3):
        kind = g.pick(S32, S64)
    shape = g.pick((), (1,), other_shape(g, x))
    exponents = [0, 1, 2, 3] if x.type != F32 or kind != F32 else [0, 1, 2, 3, 2, 1]
    if g.chance(0.2) and x.type == F32 and kind == F32:
        return g.add(name, [g.add("Abs", [x], x.shape), g.const(np.float32(g.pick(0.5, 1.5)))], x.shape)
    fill = lambda s: np.asarray(g.numbers.choice(exponents, s)).astype(kind)
    exponent = g.operand(fill, shape)
    grid = None if x.type == F32 else Grid(1, x.grid.most**3).exact()
    return g.add(name, [x, exponent], broadcast(x.shape, exponent.shape), grid=grid)


@operator("Equal", types="filb", ranks=ANY_RANK)
@operator("Greater", "Less", types="fil", ranks=ANY_RANK)
@operator("GreaterOrEqual", "LessOrEqual", types="fil", ranks=ANY_RANK, since=12)
def compare(g, name, x):
    g.need_exact(x, name)
    if name == "Equal":
        g.need(x.type != F32 or g.opset >= 11)
    else:
        g.need(x.type == F32 or g.opset >= 9)
    operands = [x, g.like(x, other_shape(g, x))]
    if g.chance(0.4):
        operands.reverse()
    return g.add(name, operands, broadcast(*(o.shape for o in operands)), type=BOOL)


@operator("And", "Or", "Xor", types="b", ranks=ANY_RANK)
def logic(g, name, x):
    other = g.like(x, other_shape(g, x))
    return g.add(name, [x, other], broadcast(x.shape, other.shape))


@operator("Where", types="filu", ranks=ANY_RANK, since=9)
def where(g, name, x):
    condition = g.operand(lambda s: g.array(BOOL, s), other_shape(g, x))
    operands = [x, g.like(x, other_shape(g, x))]
    if g.chance(0.5):
        operands.reverse()
    shape = broadcast(condition.shape, *(o.shape for o in operands))
    grid = join(*(o.grid for o in operands))
    return g.add(name, [condition, *operands], shape, type=x.type, grid=grid)


@operator("PRelu")
def prelu(g, name, x):
    shape = g.broadcastable(x.shape)
    if rank(x) > 2 and g.chance(0.5):
        shape = (x.shape[1],) + (1,) * (rank(x) - 2)
    slope = g.like(x, shape, constant=0.7)
    return g.add(name, [x, slope], x.shape, grid=product(x.grid, slope.grid))
