"""A random graph for a seed: one operator that the seed decides, and random ones before and behind it."""

from . import control, counted, elementwise, indices, quantized, recurrent, shapes, sums, windows  # noqa: F401, the operators
from .graph import OPEN, Excluded, Graph, Unfit, rank
from .operators import OPERATORS

SIZES = (1, 2, 3, 4, 5, 6, 8)
OLDEST_OPSET, COMMON_OPSET = 7, 17


def opset_for(g, operator):
    """Mostly one of those that are common today."""
    low, high = max(OLDEST_OPSET, operator.since), operator.until
    if low <= COMMON_OPSET and g.chance(0.75):
        high = min(high, COMMON_OPSET)
    return g.between(low, high)


def start(g, operator):
    """What the operator, or those before it, begin with."""
    dtype, ranks = g.pick(*operator.types), operator.ranks
    shape = [g.pick(*SIZES) for _ in range(g.pick(*ranks))]
    if len(shape) >= 3:
        shape[0], shape[1] = g.pick(1, 1, 2, 3), g.pick(1, 2, 3, 4, 4, 8)
    if len(shape) == 5:
        shape = [min(n, 4) for n in shape]
    if shape and g.chance(0.3):
        g.open = True
        shape[0 if g.chance(0.5) else g.below(len(shape))] = OPEN
    return g.input(lambda s: g.array(dtype, s), shape)


def fits(g, operator, x):
    return x.type in operator.types and rank(x) in operator.ranks and operator.since <= g.opset <= operator.until


def attempt(g, operator, x, excluded):
    """The operator's result, or None, and nothing is added."""
    mark = g.mark()
    try:
        return operator.make(g, operator.name, x)
    except Unfit:
        pass
    except Excluded as reason:
        excluded[str(reason)] += 1
    g.rewind(mark)
    return None


def any_operator(g, x, names, excluded):
    for _ in range(10):
        operator = OPERATORS[g.pick(*names)]
        if fits(g, operator, x) and not g.ended:
            y = attempt(g, operator, x, excluded)
            if y is not None:
                return y
    return None


def graph_around(seed, operator, names, excluded):
    g = Graph(seed, 0)
    g.opset = opset_for(g, operator)
    x = start(g, operator)
    for _ in range(g.pick(0, 0, 0, 1, 1, 2)):
        mark = g.mark()
        y = any_operator(g, x, names, excluded)
        if y is None or g.ended or not fits(g, operator, y):
            g.rewind(mark)
        else:
            x = y
    x = attempt(g, operator, x, excluded)
    if x is None:
        return None, None
    for _ in range(g.pick(0, 0, 1, 2, 3)):
        y = any_operator(g, x, names, excluded)
        x = x if y is None else y
    outputs = [x]
    if g.chance(0.15):
        other = g.pick(*g.made)
        if other.name != x.name:
            outputs.append(other)
    return g, outputs


def generate(seed, names, excluded):
    """The graph and its outputs; (None, None) if the operator could not be used in many draws."""
    names = sorted(names)
    operator = OPERATORS[names[seed % len(names)]]
    for draw in range(50):
        g, outputs = graph_around(seed * 50 + draw, operator, names, excluded)
        if g is not None:
            return g, outputs
    return None, None
