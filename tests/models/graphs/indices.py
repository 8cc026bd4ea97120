"""Operators that read, write and find elements by index."""
import numpy as np

from .graph import F32, S32, S64, join, rank
from .operators import operator

ALL = "filbsu"


def indices_below(g, limit, shape, constant=0.6, negative=True, types=(S64, S32)):
    kind = g.pick(*types)
    return g.operand(lambda s: g.integers(s, kind, -g.now(limit) if negative else 0, g.now(limit)), shape, constant)


@operator("Gather", types=ALL)
def gather(g, name, x):
    given, axis = g.axis(rank(x))
    indices = indices_below(g, x.shape[axis], g.pick((), (1,), (3,), (2, 2)), negative=g.opset >= 11)
    shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
    return g.add(name, [x, indices], shape, grid=x.grid, **({"axis": given} if given or g.chance(0.5) else {}))


@operator("GatherElements", types=ALL, since=11)
def gather_elements(g, name, x):
    given, axis = g.axis(rank(x))
    shape = [g.between(1, n) for n in x.shape]
    indices = indices_below(g, x.shape[axis], shape)
    return g.add(name, [x, indices], shape, grid=x.grid, axis=given)


def tuples(g, x, batch, shape, distinct=False, constant=0.6):
    """Indices of len(shape[-1]) dimensions behind the batch ones."""
    limits = x.shape[batch : batch + shape[-1]]

    def fill(wanted):
        sizes = [g.now(n) for n in limits]
        columns = [g.integers(wanted[:-1], S64, -n, n) for n in sizes]
        if distinct:
            g.need(np.prod(wanted[:-1]) <= np.prod(sizes))
            places = g.numbers.permutation(int(np.prod(sizes)))[: int(np.prod(wanted[:-1], dtype=int))]
            columns = np.unravel_index(places.reshape(wanted[:-1]), sizes)
        return np.stack(columns, -1).astype(np.int64)

    return g.operand(fill, shape, constant)


@operator("GatherND", types=ALL, ranks=(1, 2, 3, 4), since=11)
def gather_nd(g, name, x):
    batch = g.below(rank(x)) if g.opset >= 12 and g.chance(0.4) else 0
    count = g.between(1, rank(x) - batch)
    indices = tuples(g, x, batch, (*x.shape[:batch], *g.pick((), (2,), (2, 2)), count))
    shape = indices.shape[:-1] + x.shape[batch + count :]
    return g.add(name, [x, indices], shape, grid=x.grid, **({"batch_dims": batch} if batch else {}))


@operator("Scatter", types="fil", since=9, until=10)
@operator("ScatterElements", types="filbu", since=11)
def scatter_elements(g, name, x):
    """Several updates of one place come in no order, so that there is one for each."""
    given, axis = g.axis(rank(x))
    if g.opset < 11:
        given = axis
    shape = [g.between(1, n) for n in x.shape]
    kind = g.pick(S64, S32)

    def fill(wanted):
        g.need(wanted[axis] <= g.now(x.shape[axis]))
        lines = [g.numbers.permutation(g.now(x.shape[axis]))[: wanted[axis]] for _ in range(int(np.prod(wanted)) // wanted[axis])]
        others = [n for i, n in enumerate(wanted) if i != axis]
        return np.moveaxis(np.array(lines).reshape(*others, wanted[axis]), -1, axis).astype(kind)

    indices, updates = g.operand(fill, shape), g.like(x, shape)
    attributes, grid = {"axis": given}, join(x.grid, updates.grid)
    if g.opset >= 16 and g.chance(0.4):
        g.need(x.type in (F32, S32, S64))
        attributes["reduction"] = g.pick("none", "add", "mul", *(["max", "min"] if g.opset >= 18 else []))
        grid = None if attributes["reduction"] != "none" else grid
    return g.add(name, [x, indices, updates], x.shape, grid=grid, **attributes)


@operator("ScatterND", types="filbu", since=11)
def scatter_nd(g, name, x):
    count = g.between(1, rank(x))
    places = int(np.prod(x.shape[:count]))
    indices = tuples(g, x, 0, (*g.pick(*[s for s in ((1,), (2,), (2, 2)) if np.prod(s) <= places]), count), distinct=True)
    updates = g.like(x, indices.shape[:-1] + x.shape[count:])
    attributes, grid = {}, join(x.grid, updates.grid)
    if g.opset >= 16 and g.chance(0.4):
        g.need(x.type in (F32, S32, S64))
        attributes["reduction"] = g.pick("none", "add", "mul", *(["max", "min"] if g.opset >= 18 else []))
        grid = None if attributes["reduction"] != "none" else grid
    return g.add(name, [x, indices, updates], x.shape, grid=grid, **attributes)


@operator("TopK", types="fil")
def top_k(g, name, x):
    g.need_exact(x, name)
    g.need(x.type == F32 or g.opset >= 11)
    given, axis = g.axis(rank(x))
    if g.opset < 11:
        given = axis
    k = g.between(1, x.shape[axis])
    shape = list(x.shape)
    shape[axis] = k
    attributes = {"axis": given} if given != -1 or g.chance(0.5) else {}
    if g.opset >= 11 and g.chance(0.5):
        attributes["largest"] = g.below(2)
    if g.opset < 10:
        values, places = g.add(name, [x], shape, grid=x.grid, outputs=2, k=k, **attributes)
    else:
        values, places = g.add(name, [x, g.ints(k)], shape, grid=x.grid, outputs=2, **attributes)
    places = places._replace(type=S64)
    g.made[-1] = places
    return g.pick(values, values, places)
