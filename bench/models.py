#!/usr/bin/env python3
"""Whole models: ours against peers, in turns. bench/run.sh builds what this needs and calls it.

Every engine is a process that loads the model, says so with a line of JSON, and then answers each
line "run N" with the nanoseconds of N runs. One process runs at a time: a turn begins only when all
other processes have stopped using the CPU, for thread pools go on spinning after their work is done.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RUNS_A_TURN = 5
TURN_SECONDS = 0.04
IDLE_SECONDS = 0.002
SETTLE_LIMIT_SECONDS = 2.0
# XNNPACK's operators stand for a model only if the model is little else.
OPERATOR_SHARE = 0.9


class Engine:
    """A process that runs one model when told so."""

    def __init__(self, command):
        self.times_ns = []
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.facts = self._read_facts()

    def _read_facts(self):
        line = self.process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError:
            return {"error": f"ended without a word (exit code {self.process.wait()})"}

    @property
    def error(self):
        return self.facts.get("error")

    def run(self, count):
        self.process.stdin.write(f"run {count}\n")
        self.process.stdin.flush()
        times = [int(ns) for ns in self.process.stdout.readline().split()]
        if len(times) != count:
            raise RuntimeError(f"{self.facts['engine']} stopped in the middle of a run")
        return times

    def cpu_ns(self):
        """CPU time that its threads have used; None where the system does not say."""
        try:
            tasks = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
            return sum(int(task.read_text().split()[0]) for task in tasks)
        except (OSError, IndexError):
            return None

    def settle(self):
        """Waits until its threads sleep; returns the seconds that took."""
        start, used = time.monotonic(), self.cpu_ns()
        if not used:
            time.sleep(0.1)
            return 0.1
        while time.monotonic() - start < SETTLE_LIMIT_SECONDS:
            time.sleep(IDLE_SECONDS)
            before, used = used, self.cpu_ns()
            if used == before:
                break
        return time.monotonic() - start

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    @property
    def median_ms(self):
        return statistics.median(self.times_ns) * 1e-6


def take_turns(engines, seconds):
    """Fills each engine's times_ns with what `seconds` of its runs took; returns the longest settling."""
    counts, longest = {}, 0.0
    for engine in engines:
        engine.run(2)  # warms up: memory is touched, code is loaded
        once = statistics.median(engine.run(3)) * 1e-9
        counts[engine] = max(RUNS_A_TURN, int(TURN_SECONDS / once)) + 1
        longest = max(longest, engine.settle())
    passed = dict.fromkeys(engines, 0.0)
    while min(passed.values()) < seconds:
        for engine in engines:
            times = engine.run(counts[engine])
            # The first run of a turn finds the caches full of the others' data.
            engine.times_ns += times[1:]
            passed[engine] += sum(times) * 1e-9
            longest = max(longest, engine.settle())
    return longest


def find_models(places):
    models = []
    for place in map(pathlib.Path, places):
        if place.is_dir():
            models += sorted(p for p in place.rglob("*") if p.suffix in (".tflite", ".onnx", ".qrt"))
        elif place.exists():
            models.append(place)
        else:
            sys.exit(f"bench/run.sh: there is no '{place}'")
    return models


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build)
        self.isa = ["--isa", options.isa] if options.isa else []
        self.scratch = tempfile.TemporaryDirectory(prefix="qrt-bench-")
        self.results = []
        self.settled = 0.0
        self.machine = {}
        self.notes = []

    def onnx_form(self, model):
        """The model for ONNX Runtime: itself, or what `qrt convert` makes of it; else None."""
        if model.suffix == ".onnx":
            return model
        exported = pathlib.Path(self.scratch.name) / (model.stem + ".onnx")
        done = subprocess.run([self.build / "bin/qrt", "convert", model, exported],
                              capture_output=True, check=False)
        # A converter without an exporter writes a .qrt, whatever the file is called.
        if done.returncode != 0 or exported.read_bytes()[4:8] == b"QRT1":
            return None
        return exported

    def engines(self, model, onnx, threads):
        ours = [self.build / "bench/qrt_bench_model", model, "--threads", threads, *self.isa]
        commands = {"libqrt": ours, "xnnpack_operators": [*ours, "--xnnpack-operators"]}
        if onnx is not None and self.options.onnxruntime:
            commands["onnxruntime"] = [
                "node", pathlib.Path(__file__).parent / "peers/onnxruntime/ort.mjs",
                self.options.onnxruntime, onnx, threads]
        return {name: Engine(command) for name, command in commands.items()}

    def measure(self, model, onnx, threads):
        engines = self.engines(model, onnx, threads)
        ours = engines["libqrt"]
        result = {"model": model.name, "threads": threads, "macs": ours.facts.get("macs")}
        try:
            if ours.error:
                self.notes.append(f"{model.name}: {ours.error}")
                return None
            xnnpack = engines["xnnpack_operators"]
            macs = xnnpack.facts.get("macs", 0)
            covered = xnnpack.facts.get("operator_macs", 0)
            if not xnnpack.error and (not macs or covered < OPERATOR_SHARE * macs):
                xnnpack.facts["error"] = "most of the model is not in quantized convolutions"
            for name, engine in engines.items():
                if engine.error:
                    result[name] = {"error": engine.error}
                    if name == "onnxruntime":
                        self.notes.append(f"{model.name}: ONNX Runtime: {engine.error}")
            able = {name: e for name, e in engines.items() if not e.error}
            self.settled = max(self.settled, take_turns(list(able.values()), self.options.seconds))
            for name, engine in able.items():
                times = sorted(engine.times_ns)
                result[name] = {
                    "engine": engine.facts["engine"], "runs": len(times),
                    "median_ms": engine.median_ms, "min_ms": times[0] * 1e-6,
                    "p90_ms": times[len(times) * 9 // 10] * 1e-6}
                if "call_ns" in engine.facts:
                    result[name]["call_ms"] = engine.facts["call_ns"] * 1e-6
                if name != "libqrt":
                    result[name]["ratio"] = engine.median_ms / ours.median_ms
            ceiling = ours.facts["ceiling_macs_per_second"] * threads
            if ceiling and macs and ours.facts["float_macs"] == 0:
                result["share_of_ceiling"] = macs / (ours.median_ms * 1e-3) / ceiling
            self.machine = {key: ours.facts[key]
                            for key in ("cpu", "isa", "ceiling_macs_per_second")}
        finally:
            for engine in engines.values():
                engine.close()
        return result

    def measure_all(self, models):
        for i, model in enumerate(models):
            onnx, alone = self.onnx_form(model), None
            for threads in self.options.threads:
                show_progress(f"{i + 1}/{len(models)} {model.name}")
                result = self.measure(model, onnx, threads)
                if result is None:
                    break
                if threads == 1:
                    alone = result["libqrt"]["median_ms"]
                elif alone:
                    result["speed_up"] = alone / result["libqrt"]["median_ms"]
                self.results.append(result)
        show_progress("")

    def versions(self):
        tool = subprocess.run([self.build / "bin/qrt", "--version"], capture_output=True, text=True,
                              check=True).stdout.split()[-1]
        names = sorted({r[name]["engine"] for r in self.results
                        for name in ("libqrt", "onnxruntime", "xnnpack_operators")
                        if "engine" in r.get(name, {})})
        return [f"libqrt {tool}" if name == "libqrt" else name for name in names]

    def print_table(self):
        def peer(result, name):
            measured = result.get(name, {})
            if "median_ms" not in measured:
                return ["-", "-"]
            return [milliseconds(measured), f"{measured['ratio']:.2f}"]

        def milliseconds(measured):
            ms = measured["median_ms"]
            return f"{ms:.4f}" if ms < 0.1 else f"{ms:.3f}"

        def number(result, key, pattern):
            return pattern.format(result[key]) if key in result else "-"

        print(f"{self.machine['cpu']}, {self.machine['isa']}; {', '.join(self.versions())}\n")
        rows = [["model", "threads", "ours ms", "ONNX Runtime ms", "ratio", "XNNPACK operators ms",
                 "ratio", "ceiling", "speed-up"]]
        for r in self.results:
            rows.append([r["model"], str(r["threads"]), milliseconds(r["libqrt"]),
                         *peer(r, "onnxruntime"), *peer(r, "xnnpack_operators"),
                         number(r, "share_of_ceiling", "{:.0%}"), number(r, "speed_up", "{:.2f}")])
        widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
        for row in rows:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            print("  " + "  ".join(cells).rstrip())
        print(FOOTER)
        calls = [r["onnxruntime"]["call_ms"] for r in self.results
                 if "call_ms" in r.get("onnxruntime", {})]
        if calls:
            print("A call of ONNX Runtime from Node.js that computes nothing takes "
                  f"{statistics.median(calls):.3f} ms, which its times contain.")
        for note in dict.fromkeys(self.notes):
            print(f"note: {note}")

    def write(self, path):
        facts = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                 **self.machine, "engines": self.versions(),
                 "longest_settling_seconds": round(self.settled, 4), "results": self.results}
        pathlib.Path(path).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


FOOTER = """
Medians of one run. Ratio: the peer's time divided by ours; above 1 ours is faster. Ceiling: the share
of what the multipliers could do from registers alone in all threads. Speed-up: over one thread.
"XNNPACK operators" is the sum of XNNPACK's int8 convolutions and fully connected layers of the same
geometry, run back to back: less than what a runtime built on XNNPACK takes, for everything else
(additions, pooling, softmax, float operators, the interpreter) is left out, as are the corrections
that weights with zero points need.
--isa holds ours and XNNPACK to an instruction set, ONNX Runtime always chooses for itself."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="models, or folders of models")
    parser.add_argument("--build", required=True, help="the build folder")
    parser.add_argument("--onnxruntime", help="folder with ONNX Runtime's node_modules")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=2, help="of runs, for each engine")
    parser.add_argument("--isa")
    parser.add_argument("--out", help="write JSON to this file")
    options = parser.parse_args()

    bench = Bench(options)
    bench.measure_all(find_models(options.models))
    if not bench.results:
        sys.exit("bench/run.sh: no model could be measured\n" + "\n".join(bench.notes))
    bench.print_table()
    if options.out:
        bench.write(options.out)


if __name__ == "__main__":
    main()
