"""The list of operators that graphs are made of, which the other files fill."""
import collections

from .graph import BOOL, F32, S8, S32, S64, U8

TYPES = {"f": F32, "i": S32, "l": S64, "b": BOOL, "s": S8, "u": U8}

# make(graph, operator's name, x) adds a node of the operator that reads x, or raises Unfit or Excluded,
# and gives a value. `since`, `until`: the operator sets that have it.
Operator = collections.namedtuple("Operator", "name make types ranks since until")

OPERATORS = {}


def operator(*names, types="f", ranks=(1, 2, 3, 4), since=7, until=23):
    """Says that a function makes nodes of these operators, of an x of these types and ranks."""

    def keep(make):
        for name in names:
            assert name not in OPERATORS, name
            OPERATORS[name] = Operator(name, make, [TYPES[t] for t in types], ranks, since, until)
        return make

    return keep


# Operators that are not made, and why.
NOT_MADE = {
    **dict.fromkeys(("Attention", "RotaryEmbedding", "TensorScatter"),
                    "ONNX's node tests have its forms; its inputs depend on each other in ways that random shapes do not"),
    **dict.fromkeys(("com.microsoft.MultiHeadAttention", "com.microsoft.SkipLayerNormalization",
                     "com.microsoft.SkipSimplifiedLayerNormalization"),
                    "tests/import/onnx_contrib_test.cc compares it with the operators it consists of"),
    "com.microsoft.MatMulNBits":
        "libqrt quantizes its input's rows, which ONNX Runtime leaves in floats; tests/import/onnx_nibbles_test.cc",
}
