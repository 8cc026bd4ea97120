#!/usr/bin/env python3
"""Random graphs of ONNX operators, run by libqrt and by ONNX Runtime without its optimizations.

Every operator that libqrt imports is made as often as any other, with all its attributes, element types and the
operator sets that have it, alone and among random others. A third of the graphs have an open dimension and run at
two sizes. Ends with status 1 if a result differs, or libqrt crashes or hangs.
"""
import argparse
import collections
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

from graphs.generate import OPERATORS
from graphs.judge import Judge
from graphs.operators import NOT_MADE

EXAMPLES = """examples:
  random_graphs.py build/release/tests/qrt_run_graphs build/onnxruntime --seeds 0:1000
  random_graphs.py ... --seeds 123:124 --keep wrong      one graph; wrong/123 holds it if it is not the same
  random_graphs.py ... --only Resize Upsample            only graphs around these, of these
  random_graphs.py ... --list                            which operators are made, and which are not and why"""
AT_ONCE = 25  # graphs that a process takes
BAD = ("differs", "crash", "timeout")

judge = None  # of this process


def start_process(*arguments):
    global judge
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    judge = Judge(*arguments)
    multiprocessing.util.Finalize(judge, judge.close, exitpriority=1)


def judge_seeds(seeds):
    excluded = collections.Counter()
    return [judge.judge(seed, excluded) for seed in seeds], excluded


class Counts:
    def __init__(self):
        self.outcomes = collections.Counter()
        self.by_operator = collections.defaultdict(collections.Counter)
        self.reasons = collections.Counter()  # of refusals
        self.unjudged = collections.Counter()
        self.excluded = collections.Counter()

    def add(self, verdict):
        self.outcomes[verdict.outcome] += 1
        for operator in set(verdict.operators):
            self.by_operator[operator][verdict.outcome] += 1
        if verdict.outcome == "refused":
            self.reasons[short(verdict.why)] += 1
        if verdict.outcome == "not judged":
            self.unjudged[short(verdict.why)] += 1


def short(why):
    """Without what is a single graph's."""
    why = re.sub(r"'t\d+'|t\d+|\d+(x\d+)*", "#", re.sub(r"/\S*/model.onnx", "", why))
    why = re.sub(r"Non-zero status code returned while running |Status Message: |Name:'[^']*' ?", "", why)
    return why[:150]


def progress(done, count, start, counts):
    rate = done / max(time.monotonic() - start, 1e-9)
    bad = sum(counts.outcomes[o] for o in BAD)
    bar = "#" * (30 * done // count)
    sys.stderr.write(f"\r[{bar:30}] {done} of {count}, {rate:.0f} a second, {bad} differ, {counts.outcomes['refused']} refused ")
    sys.stderr.flush()


def print_table(counts):
    columns = ("same", "differs", "refused", "crash", "timeout", "not judged", "not made")
    print(f"\n{'graphs with':40}" + "".join(f"{c:>11}" for c in columns))
    for operator, numbers in sorted(counts.by_operator.items()):
        print(f"{operator:40}" + "".join(f"{numbers[c] or '.':>11}" for c in columns))
    print(f"{'graphs':40}" + "".join(f"{counts.outcomes[c] or '.':>11}" for c in columns))
    for title, reasons in (("refused by libqrt", counts.reasons), ("not run by ONNX Runtime", counts.unjudged),
                           ("left out, because", counts.excluded)):
        print(f"\n{title}:" + ("" if reasons else " none"))
        for reason, n in reasons.most_common(60):
            print(f"{n:8}  {reason}")


def supported(runner):
    return subprocess.run([runner, "--operators"], capture_output=True, text=True, check=True).stdout.split()


def print_list(runner):
    known = supported(runner)
    print(f"{len(known)} operators are imported, of which graphs are made of {len(set(known) & set(OPERATORS))}. Not made:")
    for name in sorted(set(known) - set(OPERATORS)):
        print(f"  {name}: {NOT_MADE.get(name, 'NO REASON GIVEN')}")
    return set(known) - set(OPERATORS) - set(NOT_MADE)


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runner", help="the program qrt_run_graphs, from the build folder's tests/")
    parser.add_argument("modules", help="where bench/peers/onnxruntime/install.sh put ONNX Runtime")
    parser.add_argument("--seeds", default="0:1000", metavar="FIRST:END", help="which graphs (default 0:1000)")
    parser.add_argument("--only", nargs="+", metavar="OPERATOR", help="graphs of these operators alone")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the graphs that are not the same there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--list", action="store_true", help="list the operators and end")
    return parser.parse_args(words)


def main(words):
    options = parse(words)
    if options.list:
        return 1 if print_list(options.runner) else 0
    names = set(supported(options.runner)) & set(options.only or OPERATORS) & set(OPERATORS)
    first, end = (int(n) for n in options.seeds.split(":"))
    chunks = [range(i, min(i + AT_ONCE, end)) for i in range(first, end, AT_ONCE)]
    counts, start, done, bad = Counts(), time.monotonic(), 0, []
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    arguments = (options.runner, options.modules, names, options.keep)
    with multiprocessing.Pool(options.jobs, start_process, arguments) as pool:
        for verdicts, excluded in pool.imap_unordered(judge_seeds, chunks):
            counts.excluded += excluded
            for verdict in verdicts:
                counts.add(verdict)
                bad += [verdict] if verdict.outcome in BAD else []
            done += len(verdicts)
            if sys.stderr.isatty():
                progress(done, end - first, start, counts)
        pool.close()
        pool.join()
    print_table(counts)
    print()
    for v in sorted(bad):
        print(f"{v.outcome} seed {v.seed}, opset {v.opset}, {' '.join(v.operators)}: {v.why}")
    seconds = time.monotonic() - start
    print(f"{done} graphs, {done / seconds:.0f} a second: " + ", ".join(f"{n} {o}" for o, n in counts.outcomes.most_common()))
    missing = print_list(options.runner) if not options.only else set()
    return 1 if bad or missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
