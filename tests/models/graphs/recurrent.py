"""LSTM, GRU and RNN."""

from .graph import S32, Excluded
from .operators import operator

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
STATES = {"LSTM": 3, "GRU": 1, "RNN": 1}  # functions a direction
FUNCTIONS = ("Sigmoid", "Tanh", "Relu", "HardSigmoid", "Softsign", "Elu", "LeakyRelu", "ThresholdedRelu", "Softplus")
ALPHA = {"LeakyRelu": 0.25, "Elu": 0.5, "ThresholdedRelu": 0.3, "HardSigmoid": 0.25}


def activations(g, name, directions):
    """Functions of each direction, with their parameters: those of functions that have some, in order."""
    count = {"LSTM": 3, "GRU": 2, "RNN": 1}[name]
    functions = [g.pick(*FUNCTIONS) for _ in range(count)] * directions
    attributes = {"activations": functions}
    alphas = [ALPHA[f] for f in functions if f in ALPHA]
    betas = [0.5 for f in functions if f == "HardSigmoid"]
    if alphas:
        attributes["activation_alpha"] = alphas
    if betas:
        attributes["activation_beta"] = betas
    return attributes


@operator("LSTM", "GRU", "RNN", ranks=(3,))
def recurrent(g, name, x):
    """x is [time, batch, features], or [batch, time, features] with layout 1, which ONNX Runtime lacks."""
    time, batch, features = x.shape
    hidden, gates = g.between(1, 5), GATES[name]
    direction = g.pick("forward", "reverse", "bidirectional")
    directions = 2 if direction == "bidirectional" else 1
    attributes = {"hidden_size": hidden}
    if direction != "forward" or g.chance(0.5):
        attributes["direction"] = direction
    if g.chance(0.3):
        attributes["clip"] = g.pick(0.5, 2.0)
    if x.grid is None or x.grid.most > 8:
        raise Excluded(f"{name} of values that may be large: an overflow ends all comparison")
    most = 1
    if g.chance(0.4):  # functions without bounds: small weights
        attributes.update(activations(g, name, directions))
        most = 0.25
    if name == "GRU" and g.chance(0.5):
        attributes["linear_before_reset"] = 1
    if name == "LSTM" and g.chance(0.2):
        attributes["input_forget"] = 1

    def numbers(*shape):
        return g.const(g.floats((directions, *shape), most, 1 / 16))

    inputs = [x, numbers(gates * hidden, features), numbers(gates * hidden, hidden)]
    inputs.append(numbers(2 * gates * hidden) if g.chance(0.6) else None)
    lengths = lambda s: g.integers(s, S32, 1, g.now(time) + 1)
    inputs.append(g.operand(lengths, (batch,), constant=0.3) if g.chance(0.3) else None)
    for _ in range(2 if name == "LSTM" else 1):
        state = lambda s: g.floats(s, 1)
        inputs.append(g.operand(state, (directions, batch, hidden), constant=0.5) if g.chance(0.5) else None)
    if name == "LSTM" and g.chance(0.3):
        inputs.append(numbers(3 * hidden))
    made = g.add(name, inputs, (time, directions, batch, hidden), outputs=GATES["RNN"] + (2 if name == "LSTM" else 1), **attributes)
    last = [v._replace(shape=(directions, batch, hidden)) for v in made[1:]]
    g.made[-len(last) :] = last
    return g.pick(made[0], made[0], *last)
