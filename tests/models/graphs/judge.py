"""Runs random graphs with libqrt and with ONNX Runtime and compares."""
import collections
import json
import os
import select
import shutil
import subprocess
import tempfile

import numpy as np

from .generate import generate

SECONDS = 20  # for one graph
RELATIVE, ABSOLUTE = 1e-3, 1e-4

# What became of one graph: "same", "differs", "refused" by libqrt, "crash", "timeout", or "not judged", because
# ONNX Runtime does not run it.
Verdict = collections.namedtuple("Verdict", "seed operators opset outcome why")


class Server:
    """A program that answers each line with one, and is started again when it dies or hangs."""

    def __init__(self, command):
        self.command, self.process = command, None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.rest = b""

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, line):
        """The answer, or "crash" or "timeout"."""
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            pass
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
            part = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not part:
                self.stop()
                return "crash" if ready else "timeout"
            self.rest += part
        answer, self.rest = self.rest.split(b"\n", 1)
        return answer.decode(errors="replace")


def write(g, outputs, folder):
    with open(f"{folder}/model.onnx", "wb") as file:
        file.write(g.model(outputs).SerializeToString())
    for run, arrays in enumerate(g.runs()):
        for i, array in enumerate(arrays):
            np.save(f"{folder}/{run}.in.{i}.npy", array)


def difference(ours, theirs, steps, allowed):
    """Why they are not the same; "" if they are."""
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return f"{ours.dtype}{ours.shape} for {theirs.dtype}{theirs.shape}"
    if theirs.dtype.kind == "f":
        finite = np.abs(theirs[np.isfinite(theirs)])
        absolute = ABSOLUTE * max(1.0, finite.max(initial=0)) + allowed
        wrong = ~np.isclose(ours, theirs, RELATIVE, absolute, equal_nan=True)
    else:
        off = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
        wrong = off > (steps if theirs.dtype.itemsize == 1 and theirs.dtype.kind != "b" else 0)
    if not wrong.any():
        return ""
    first = np.flatnonzero(wrong)[0]
    return f"{wrong.sum()} of {theirs.size}: {ours.flat[first]!r} for {theirs.flat[first]!r} at {first}"


def is_unlike(g, ours, theirs):
    """Where ONNX Runtime is not taken for right: it takes a sum over no elements for no result, whatever the other
    axes are, its Min and Max drop the not-a-number that a mean of none is, and MeanVarianceNormalization of equal
    numbers is, by its formula, the root of an error."""
    if any(op.startswith("Reduce") for op in g.operators) and theirs.size == 0 and ours.size > 0:
        return True
    if theirs.dtype.kind != "f":
        return False
    if {"Min", "Max"} & set(g.operators) and "ReduceMean" in g.operators and ours.shape == theirs.shape:
        if (np.isnan(ours) & ~np.isnan(theirs)).any():
            return True
    if "MeanVarianceNormalization" not in g.operators:
        return False
    return ours.shape == theirs.shape and bool((np.isnan(theirs) & ~np.isnan(ours)).any())


def compare(g, outputs, folder, runs):
    for run in runs:
        for k, _ in enumerate(outputs):
            ours, theirs = (np.load(f"{folder}/{run}.{who}.{k}.npy") for who in ("qrt", "ort"))
            if is_unlike(g, ours, theirs):
                g.unlike += 1
                continue
            why = difference(ours, theirs, g.steps, g.allowed)
            if why:
                return f"run {run}, output {k}: {why}"
    return ""


def run_both(folder, qrt, ort):
    """libqrt's answer, and what ONNX Runtime says of each run."""
    answer = qrt.ask(folder)
    theirs = ort.ask(folder)
    return answer, json.loads(theirs) if theirs.startswith("[") else [theirs]


def verdict(g, outputs, folder, qrt, ort):
    """The outcome and why."""
    answer, theirs = run_both(folder, qrt, ort)
    if g.open and theirs[-1] and not theirs[0]:
        # Something fixes the dimension, whatever the model says: it is judged with a fixed one.
        g.open = False
        os.remove(f"{folder}/1.in.0.npy")
        write(g, outputs, folder)
        answer, theirs = run_both(folder, qrt, ort)
    if answer in ("crash", "timeout"):
        return answer, ""
    if theirs[0]:
        return "not judged", theirs[0]
    refused_at, why = len(theirs), ""
    if answer != "ok":
        _, run, why = answer.split(" ", 2)
        refused_at = 0 if run == "-" else int(run)
        why = why.replace(folder + "/model.onnx: ", "")
    wrong = compare(g, outputs, folder, range(refused_at))
    if wrong:
        return "differs", wrong
    if refused_at < len(theirs):
        return "refused", why
    return ("not judged", "a sum of no elements, or the root of an error") if g.unlike else ("same", "")


class Judge:
    """One of several processes."""

    def __init__(self, runner, modules, names, keep):
        here = os.path.dirname(os.path.abspath(__file__))
        self.qrt = Server([runner])
        self.ort = Server(["node", f"{here}/onnxruntime_batch.mjs", modules])
        self.names, self.keep = names, keep
        self.work = tempfile.mkdtemp(prefix="qrt_random.")

    def close(self):
        self.qrt.stop(), self.ort.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def judge(self, seed, excluded):
        g, outputs = generate(seed, self.names, excluded)
        if g is None:
            return Verdict(seed, [sorted(self.names)[seed % len(self.names)]], 0, "not made", "")
        folder = f"{self.work}/{seed}"
        os.mkdir(folder)
        write(g, outputs, folder)
        outcome, why = verdict(g, outputs, folder, self.qrt, self.ort)
        if self.keep and outcome in ("differs", "crash", "timeout", "refused"):
            shutil.copytree(folder, f"{self.keep}/{seed}", dirs_exist_ok=True)
        shutil.rmtree(folder)
        return Verdict(seed, g.operators, g.opset, outcome, why)
