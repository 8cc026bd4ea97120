#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""perplexity.py TOKENS.npy FOLDER: a metric for `qrt eval` of the network `characters`.

    qrt convert characters.onnx characters.qrt --state 'past_key_values.*=present.*:max=64'
    qrt eval characters.qrt --data characters_test.npy --metric "perplexity.py characters_test.npy"

Prints minus the perplexity of each character after the ones before it, for eval takes a higher
number for a better one. FOLDER has the logits: K.0.npy for sample K.
"""
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    tokens = np.load(sys.argv[1])
    total = 0.0
    for sample, ids in enumerate(tokens):
        path = Path(sys.argv[2]) / f"{sample:06}.0.npy"
        logits = np.load(path).reshape(len(ids), -1)[:-1].astype(np.float64)
        logits -= logits.max(1, keepdims=True)
        chosen = logits[np.arange(len(ids) - 1), ids[1:]] - np.log(np.exp(logits).sum(1))
        total -= chosen.mean()
    print(-np.exp(total / len(tokens)))


if __name__ == "__main__":
    main()
