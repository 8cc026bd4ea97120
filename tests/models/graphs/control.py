"""Operators with graphs of their own."""
import numpy as np
from onnx import helper

from .graph import BOOL, ELEMENT, F32, Excluded, Grid, Unfit, Value, join
from .operators import OPERATORS, operator

IN_BRANCHES = ("Abs", "Neg", "Add", "Mul", "Sigmoid", "Tanh", "Transpose", "Relu", "Max", "Softmax", "Where", "MatMul", "Identity")


def branch(g, x, shape):
    """A graph that makes a value of x's type and this shape of x, which it reads from outside."""
    outer, g.nodes = g.nodes, []
    try:
        y = x
        for _ in range(g.between(1, 3)):
            mark = g.mark()
            name = g.pick(*IN_BRANCHES)
            try:
                g.need(y.type in OPERATORS[name].types and g.opset >= OPERATORS[name].since)
                next_ = OPERATORS[name].make(g, name, y)
                if next_.shape != tuple(shape) or next_.type != x.type:
                    raise Unfit
                y = next_
            except (Unfit, Excluded):
                g.rewind(mark)
        if not g.nodes:
            y = g.add("Identity", [x], x.shape, grid=x.grid)
        info = helper.make_tensor_value_info(y.name, ELEMENT[y.type], None)
        return helper.make_graph(g.nodes, g.name(), [], [info]), y
    finally:
        g.nodes = outer


@operator("If", types="fl", ranks=(1, 2, 3))
def if_(g, name, x):
    kind = g.pick("input", "constant", "computed")
    if kind == "computed":
        g.need(g.opset >= 9)
        total = g.add("ReduceMax", [g.input(lambda s: g.array(F32, s), (4,))], (), keepdims=0)
        condition = g.add("Greater", [total, g.const(np.float32(1))], (), type=BOOL)
    else:
        condition = g.operand(lambda s: g.array(BOOL, s), (), constant=1.0 if kind == "constant" else 0.0)
    made = len(g.made)
    yes, a = branch(g, x, x.shape)
    no, b = branch(g, x, x.shape)
    del g.made[made:]  # what is in a branch is no output
    return g.add(name, [condition], x.shape, type=x.type, grid=join(a.grid, b.grid), then_branch=yes, else_branch=no)


def scalar(g, dtype):
    return Value(g.name(), np.dtype(dtype), (), Grid(1, 8), "node")


@operator("Loop", types="fl", ranks=(1, 2, 3), since=11)
def loop(g, name, x):
    """A few rounds, counted or ended by a condition, each with what branches hold; the values of all rounds may be
    given as well."""
    rounds = g.between(1, 4)
    count, going, carried = scalar(g, np.int64), scalar(g, BOOL), x._replace(name=g.name(), source="node")
    made, outer = len(g.made), g.nodes
    body, y = branch(g, carried, x.shape)
    g.nodes = []
    counted = g.chance(0.5)
    if counted:
        go_on = g.add("Identity", [going], (), type=BOOL)
    else:
        last = g.const(np.array(g.between(0, rounds), np.int64))
        go_on = g.add("Less", [count, last], (), type=BOOL)
    gives_all = g.chance(0.4)
    every = g.add("Identity", [y], x.shape, type=x.type)
    body.node.extend(g.nodes)
    g.nodes = outer
    del g.made[made:], body.output[:]
    infos = [helper.make_tensor_value_info(v.name, ELEMENT[v.type], v.shape) for v in (count, going, carried)]
    body.input.extend(infos)
    results = [go_on, y] + ([every] if gives_all else [])
    body.output.extend(helper.make_tensor_value_info(v.name, ELEMENT[v.type], None) for v in results)
    endless = not counted and g.chance(0.3)
    trips = None if endless else g.operand(lambda s: np.array(rounds, np.int64), (), constant=0.7)
    start = g.const(np.array(True)) if g.chance(0.7) else None
    made = g.add(name, [trips, start, x], x.shape, type=x.type, outputs=2 if gives_all else 1, body=body)
    g.ended = True  # its numbers may have become large, and how many rounds there are is the run's
    if not gives_all:
        return made
    g.shapeless.add(made[1].name)
    return g.pick(*made)
