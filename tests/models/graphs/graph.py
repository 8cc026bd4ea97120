"""A random graph under construction: values, what is known of them, and the operators added so far."""
import collections
import math
import random

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

F32, S32, S64, BOOL = (np.dtype(t) for t in (np.float32, np.int32, np.int64, np.bool_))
S8, U8 = np.dtype(np.int8), np.dtype(np.uint8)
ELEMENT = {F32: T.FLOAT, S32: T.INT32, S64: T.INT64, BOOL: T.BOOL, S8: T.INT8, U8: T.UINT8}
DTYPE = {number: dtype for dtype, number in ELEMENT.items()}

# The size that no other dimension has: it stays open in graphs with an open dimension, and the second
# run gives it another one.
OPEN, OTHERS = 7, (9, 5, 1)
MOST_ELEMENTS, MOST_RANK = 20000, 5
UNSET = object()
COUNTS = 2**20  # more than any count, index or size
NEWEST_OPSET_WITH_INFERENCE = onnx.defs.onnx_opset_version()


class Unfit(Exception):
    """The operator cannot be used here; another draw may be luckier."""


class Excluded(Exception):
    """The operator could be used here, and is not, for a reason that is counted."""


class Grid(collections.namedtuple("Grid", "step most")):
    """Numbers that are multiples of a step, a power of two, and of at most this size: as long as float
    holds them all, sums and products are exact whatever their order."""

    def exact(self):
        return self if self.most / self.step <= 2**24 and self.step >= 2.0**-60 else None


# A tensor. grid: None if its numbers are rounded, so that their last bits are a matter of order; never of integers.
# source: "const", "input" or "node".
Value = collections.namedtuple("Value", "name type shape grid source")


def rank(x):
    return len(x.shape)


def elements(shape):
    return math.prod(shape)


def join(*grids):
    """Of values that come from either of these."""
    if any(grid is None for grid in grids):
        return None
    return Grid(min(g.step for g in grids), max(g.most for g in grids)).exact()


def add_grids(a, b):
    return None if a is None or b is None else Grid(min(a.step, b.step), a.most + b.most).exact()


def product(a, b, terms=1):
    return None if a is None or b is None else Grid(a.step * b.step, a.most * b.most * terms).exact()


class Graph:
    def __init__(self, seed, opset):
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)
        self.opset = opset
        self.nodes, self.constants = [], {}
        self.inputs, self.fills = [], []  # graph inputs, and what makes an array of a shape for each
        self.operators = []  # names, in order
        self.names = 0
        self.open = False  # whether the dimension of size OPEN is open
        self.open_size = OPEN  # what it is in the run whose inputs are made
        self.ended = False  # nothing may follow
        self.steps = 0  # by how many units 8-bit integers may be off: a rounding decides
        self.allowed = 0.0  # by how much floats may be off beside their own rounding: a step
        self.unlike = 0  # results that are not compared
        self.made = []  # values that nodes gave
        self.shapeless = set()  # those whose shape is known only in a run

    # --- drawing ---------------------------------------------------------------------------------

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return self.random.choice(choices)

    def below(self, n):
        return self.random.randrange(n)

    def between(self, low, high):
        """Both included."""
        return self.random.randint(low, high)

    def size(self):
        """Of a dimension; never OPEN."""
        return self.pick(1, 2, 3, 4, 5, 6)

    def axis(self, rank_):
        """An axis, from the front or, negative, from behind, and the same not negative."""
        if rank_ == 0:
            raise Unfit
        axis = self.below(rank_)
        return (axis - rank_ if self.chance(0.4) else axis), axis

    def axes(self, rank_):
        """Some axes, at least one, sorted; some negative, and the same not negative."""
        if rank_ == 0:
            raise Unfit
        axes = sorted(self.random.sample(range(rank_), self.between(1, rank_)))
        return [a - rank_ if self.chance(0.3) else a for a in axes], axes

    def broadcastable(self, shape, shrink=0.4, drop=0.3):
        """A shape that broadcasts to `shape`."""
        result = [1 if self.chance(shrink) else size for size in shape]
        if self.chance(drop):
            result = result[self.between(0, len(result)) :]
        return tuple(result)

    # --- arrays ----------------------------------------------------------------------------------

    def floats(self, shape, most=2.0, step=1 / 8):
        n = int(most / step)
        return (self.numbers.integers(-n, n + 1, shape) * step).astype(np.float32)

    def integers(self, shape, dtype, low=-7, high=8):
        return np.asarray(self.numbers.integers(low, high, shape)).astype(dtype)

    def array(self, dtype, shape):
        if dtype == F32:
            return self.floats(shape)
        if dtype == BOOL:
            return np.asarray(self.numbers.random(shape) < 0.5)
        if dtype in (S8, U8):
            return self.integers(shape, dtype, *((0, 256) if dtype == U8 else (-128, 128)))
        return self.integers(shape, dtype)

    # --- tensors ---------------------------------------------------------------------------------

    def name(self):
        self.names += 1
        return f"t{self.names}"

    def const(self, array):
        array = np.asarray(array, order="C")
        if self.open and OPEN in array.shape:
            raise Excluded("a constant as large as the open dimension, which it would fix")
        name = self.name()
        self.constants[name] = array
        return Value(name, array.dtype, array.shape, grid_of(array), "const")

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def sizes(self, *values):
        """Integers that are sizes, which may not be the open one."""
        if self.open and any(v and v % OPEN == 0 for v in values):  # or a multiple
            raise Excluded("a constant shape with the size of the open dimension, which it would fix")
        return self.ints(*values)

    def input(self, fill, shape):
        """fill: gives an array of a shape; called again for further runs."""
        array = np.asarray(fill(tuple(shape)), order="C")
        value = Value(self.name(), array.dtype, array.shape, grid_of(array), "input")
        self.inputs.append((value, array))
        self.fills.append(fill)
        return value

    def operand(self, fill, shape, constant=0.5):
        """Another operand: a constant or a graph input."""
        if self.chance(constant) and not (self.open and OPEN in shape):
            return self.const(fill(tuple(shape)))
        return self.input(fill, shape)

    def like(self, x, shape, constant=0.5):
        return self.operand(lambda s: self.array(x.type, s), shape, constant)

    # --- operators -------------------------------------------------------------------------------

    def add(self, op, inputs, shape=None, type=None, grid=UNSET, domain="", outputs=1, **attributes):
        """Adds a node and gives its output, or a list of them if there are several. Without `shape`,
        ONNX says what comes out; with it, the type is that of the first input unless it is given.
        `grid` is the outputs'; without it, floats are rounded and integers are counts. A None among the
        inputs is absent."""
        names = ["" if x is None else x.name for x in inputs]
        while names and not names[-1]:
            names.pop()
        made = [self.name() for _ in range(outputs)]
        node = helper.make_node(op, names, made, domain=domain, **attributes)
        if shape is None:
            known = self.infer(node, [x for x in inputs if x is not None])
        else:
            known = [(inputs[0].type if type is None else np.dtype(type), tuple(shape))] * outputs
        for _, sizes in known:
            if elements(sizes) > MOST_ELEMENTS or len(sizes) > MOST_RANK or 0 in sizes:
                raise Unfit
        if grid is None and known[0][0].kind == "i" and known[0][0].itemsize > 1:
            raise Excluded(f"{op} of integers that may be too large: ONNX leaves an overflow open")
        self.nodes.append(node)
        self.operators.append(f"{domain}.{op}" if domain else op)
        values = [Value(n, t, s, known_grid(grid, t), "node") for n, (t, s) in zip(made, known)]
        self.made += values
        return values[0] if outputs == 1 else values

    def infer(self, node, inputs):
        """Types and shapes of a node's outputs, by ONNX's own inference: the operators that need it are
        the same in operator sets that this version of ONNX does not know."""
        opset = min(self.opset, NEWEST_OPSET_WITH_INFERENCE)
        constants = [numpy_helper.from_array(self.constants[x.name], x.name) for x in inputs if x.source == "const"]
        infos = [value_info(x) for x in inputs if x.source != "const"]
        outputs = [helper.make_tensor_value_info(o, T.UNDEFINED, None) for o in node.output]
        graph = helper.make_graph([node], "g", infos, outputs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
        try:
            inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        except onnx.shape_inference.InferenceError:
            raise Unfit from None
        result = []
        for output in inferred.graph.output:
            tensor = output.type.tensor_type
            dims = tensor.shape.dim
            known = tensor.HasField("shape") and all(d.HasField("dim_value") and d.dim_value >= 0 for d in dims)
            if tensor.elem_type not in DTYPE or not known:
                raise Unfit
            result.append((DTYPE[tensor.elem_type], tuple(d.dim_value for d in dims)))
        return result

    def add_counted(self, op, inputs, type=None, **attributes):
        """A node whose result's shape only a run tells: nothing follows."""
        value = self.add(op, inputs, (), type=type, **attributes)
        self.shapeless.add(value.name)
        self.ended = True
        return value

    def need(self, condition):
        if not condition:
            raise Unfit

    def need_exact(self, x, what):
        """For operators that jump."""
        if x.type == F32 and x.grid is None:
            raise Excluded(f"{what} of values that are rounded: the last bit decides")

    # --- going back ------------------------------------------------------------------------------

    def mark(self):
        return len(self.nodes), len(self.inputs), len(self.operators), len(self.made), set(self.constants), self.ended, self.steps, self.allowed

    def rewind(self, mark):
        nodes, inputs, operators, made, constants, self.ended, self.steps, self.allowed = mark
        del self.nodes[nodes:], self.inputs[inputs:], self.fills[inputs:], self.operators[operators:], self.made[made:]
        for name in set(self.constants) - constants:
            del self.constants[name]

    # --- the model -------------------------------------------------------------------------------

    def model(self, outputs):
        infos = [value_info(x, self.open) for x, _ in self.inputs]
        results = [helper.make_tensor_value_info(x.name, ELEMENT[x.type], self.declared(x)) for x in outputs]
        constants = [numpy_helper.from_array(a, n) for n, a in self.constants.items()]
        graph = helper.make_graph(self.nodes, "random", infos, results, constants)
        domains = {""} | {node.domain for node in self.nodes}
        opsets = [helper.make_opsetid(d, 1 if d else self.opset) for d in sorted(domains)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8 if self.opset <= 20 else 10)

    def declared(self, x):
        return None if self.open or x.name in self.shapeless else x.shape

    def runs(self):
        """The inputs' arrays of each run."""
        first = [array for _, array in self.inputs]
        if not self.open:
            return [first]
        self.open_size = self.pick(*OTHERS)
        try:
            return [first, [self.resized(i) for i in range(len(first))]]
        except Unfit:  # no inputs would do
            return [first]

    def now(self, size):
        """A dimension in the run whose inputs are made."""
        return self.open_size if self.open and size == OPEN else size

    def resized(self, i):
        value, array = self.inputs[i]
        if OPEN not in value.shape:
            return array
        return np.asarray(self.fills[i](tuple(map(self.now, value.shape))), order="C")


def value_info(x, open_=False):
    shape = ["N" if open_ and n == OPEN else n for n in x.shape]
    return helper.make_tensor_value_info(x.name, ELEMENT[x.type], shape)


def known_grid(grid, dtype):
    if dtype.kind != "f":
        return Grid(1, 255 if dtype.itemsize == 1 else COUNTS) if grid in (UNSET, None) else grid
    return None if grid is UNSET else grid


def grid_of(array):
    """Arrays of floats are made of eighths, or of thirty-seconds; others are not taken for exact."""
    if array.dtype != F32:
        return Grid(1, max(1.0, float(np.abs(array.astype(np.float64)).max(initial=1))))
    if array.size == 0 or not np.array_equal(array * 32, np.round(array * 32)):
        return None
    return Grid(1 / 32, float(np.abs(array).max(initial=1 / 32)) or 1 / 32).exact()
