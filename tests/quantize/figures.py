#!/usr/bin/python3
"""Quantizes the small trained nets beside this file and measures what that costs.

usage: figures.py QRT DATA [NAME...]

QRT is the tool, DATA a folder that data.py has filled. Calibration sees 512 training pictures; the
figures are top-1 on the 10,000 test pictures, float and integer on the same ones, with the interval of
95 % of their difference. Ends with 1 if a goal is missed, and with 77 without data.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = [os.path.join(HERE, "../../examples/digits/digits_float.onnx")] + [
    os.path.join(HERE, f"nets/digits_{seed}_float.onnx") for seed in (2, 3, 4, 5)]


def net(name):
    return [os.path.join(HERE, f"nets/{name}.onnx")]


# Name, nets (their mean counts), data, options, and the most points of top-1 that may be lost. What is known
# to lose more is said, and does not end with 1.
KNOWN = {"narrow, w4"}
CASES = [
    ("digits, five seeds, s8", DIGITS, "mnist", [], 0.10),
    ("digits, five seeds, w4", DIGITS, "mnist", ["--scheme", "w4"], 0.30),
    *[(f"{name}, s8", net(name), "fashion", [], 0.30)
      for name in ("resnet", "mobilenet_v2", "mobilenet_v3", "efficientnet")],
    *[(f"{name}, s8 per tensor", net(name), "fashion", ["--per-tensor"], 0.50)
      for name in ("uneven", "spread", "narrow")],
    *[(f"{name}, w4", net(name), "fashion", ["--scheme", "w4"], most)
      for name, most in (("resnet", 1.0), ("mobilenet_v2", 1.0), ("uneven", 1.0), ("narrow", 1.0))],
]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def measure(qrt, data, model, kind, options, folder):
    out = os.path.join(folder, "out.qrt")
    run(qrt, "quantize", model, out, "--data", f"{data}/{kind}_calibration.npy", "--samples", "400", *options)
    result = json.loads(run(qrt, "eval", model, out, "--data", f"{data}/{kind}_test.npy", "--labels",
                            f"{data}/{kind}_test_labels.npy", "--metric", "top1", "--json"))
    return result["models"]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    qrt, data, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    if not os.path.exists(f"{data}/fashion_test.npy"):
        print(f"skipped: {data} has no data; {HERE}/data.py {data} fetches them")
        sys.exit(77)
    missed = 0
    print(f"{'':28} {'float %':>8} {'integer':>8} {'lost':>6}  {'95 %':>15}  {'size':>6} {'goal':>5}")
    with tempfile.TemporaryDirectory() as folder:
        for name, models, kind, options, most in CASES:
            if wanted and not any(word in name for word in wanted):
                continue
            results = [measure(qrt, data, model, kind, options, folder) for model in models]
            mean = lambda value: sum(value(r) for r in results) / len(results)
            before, after = mean(lambda r: 100 * r[0]["value"]), mean(lambda r: 100 * r[1]["value"])
            low, high = (mean(lambda r: -100 * r[1]["difference"]["interval95"][i]) for i in (1, 0))
            ratio = mean(lambda r: r[0]["bytes"] / r[1]["bytes"])
            lost = before - after
            known = name in KNOWN
            verdict = f"{most:5.2f}" + ("" if lost <= most else " missed, as known" if known else " MISSED")
            missed += lost > most and not known
            print(f"{name:28} {before:8.2f} {after:8.2f} {lost:6.2f}  {low:6.2f} … {high:6.2f}  {ratio:5.2f}x "
                  f"{verdict}", flush=True)
    sys.exit(1 if missed else 0)


main()
