#!/usr/bin/env python3
"""Runs allocator_bench for the pool and, through LD_PRELOAD, for every peer that is installed.

One process for each allocator and row, rows interleaved, so that a slow moment of the machine hits
all of a row alike. Prints medians and ratios as tables; --json FILE keeps the figures.

    allocator/bench/compare.py build/release/bin/allocator_bench --repeats 3 --json speed.json

Figures are nanoseconds of processor time of one thread for an allocation and a release; from
producer to consumer, of both threads together, less what the ring between them takes by itself.
"""
import argparse
import glob
import json
import math
import os
import statistics
import subprocess
import sys

PEERS = [
    ("glibc", None, None),
    ("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    ("mimalloc", "libmimalloc.so.2", "libmimalloc2.0"),
]
FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"]
OURS = ["handle", "address", "address-sequential", "address-exact", "layer-1", "naive"]
ROWS = [
    ("same, 4 KiB", "same/{}/4/threads:{}", (1, 2, 4, 8)),
    ("same, 16 KiB", "same/{}/16/threads:{}", (1, 2)),
    ("same, 64 KiB", "same/{}/64/threads:{}", (1, 2)),
    ("same, 256 KiB", "same/{}/256/threads:{}", (1, 2)),
    ("random classes", "random/{}/threads:{}", (1, 2)),
    ("producer -> consumer", "producer_consumer/{}/threads:{}", (2,)),
]
FLOORS = ["floor/two_locked_operations", "floor/plain_stack", "floor/mutex_pair"]


def find_library(name):
    for folder in FOLDERS:
        found = glob.glob(os.path.join(folder, name))
        if found:
            return found[0]
    return None


def run(bench, names, seconds, preload=None):
    """The rows `names`, in one process: {name: benchmark as Google Benchmark describes it}."""
    environment = dict(os.environ)
    if preload:
        environment["LD_PRELOAD"] = preload
    pattern = "^(" + "|".join(names) + ")(/|$)"
    done = subprocess.run(
        [bench, "--benchmark_format=json", f"--benchmark_min_time={seconds}",
         f"--benchmark_filter={pattern}"],
        env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{bench} failed ({done.returncode}) with LD_PRELOAD={preload}: {done.stderr}")
    return {b["name"]: b for b in json.loads(done.stdout)["benchmarks"]}


def nanoseconds(benchmark):
    return benchmark["cpu_time"]


def measure(bench, repeats, seconds, peers):
    figures = {}
    floors = {}
    for _ in range(repeats):
        for name, found in run(bench, FLOORS + ["floor/ring"], seconds).items():
            floors.setdefault(name.split("/threads")[0], []).append(nanoseconds(found))
        ring = 2 * floors["floor/ring"][-1]
        for row, pattern, thread_counts in ROWS:
            for threads in thread_counts:
                key = f"{row}, {threads} thread" + ("s" if threads > 1 else "")
                cells = figures.setdefault(key, {})
                scale, less = (2, ring) if row.startswith("producer") else (1, 0)
                wanted = [(source, pattern.format(source, threads)) for source in OURS]
                found = run(bench, [name for _, name in wanted], seconds)
                for source, name in wanted:
                    cells.setdefault(source, []).append(scale * nanoseconds(found[name]) - less)
                for peer, _, library in peers:
                    name = pattern.format("malloc", threads)
                    found = run(bench, [name], seconds, library)
                    cells.setdefault(peer, []).append(scale * nanoseconds(found[name]) - less)
    medians = {key: {source: statistics.median(values) for source, values in cells.items()}
               for key, cells in figures.items()}
    return medians, {name: statistics.median(values) for name, values in floors.items()}


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def show(medians, floors, peers, missing):
    names = [peer for peer, _, _ in peers]
    print("| row | " + " | ".join(OURS + names) + " | handle / best peer | address / best peer |")
    print("|---|" + "---|" * (len(OURS) + len(names) + 2))
    ratios = {"handle": [], "address": []}
    for row, cells in medians.items():
        best = min(cells[name] for name in names)
        line = [f"{cells[name]:.1f}" for name in OURS + names]
        for source in ("handle", "address"):
            ratio = cells[source] / best
            line.append(f"{ratio:.2f}")
            if not row.startswith("producer"):
                ratios[source].append(ratio)
        print(f"| {row} | " + " | ".join(line) + " |")
    print()
    for source, values in ratios.items():
        print(f"{source} / best peer, geometric mean of the same-thread rows: "
              f"{geometric_mean(values):.2f}, worst {max(values):.2f}")
    print("floors of this machine: " + ", ".join(
        f"{name.split('/')[1]} {value:.1f} ns" for name, value in floors.items()))
    for name, package in missing:
        print(f"{name}: not here, skipped (Debian: {package})")


def purge(bench, seconds):
    found = run(bench, ["purge"], seconds)
    print("\n| purge | us for a 4 KiB page | bytes mapped afterwards | resident bytes more |")
    print("|---|---|---|---|")
    workers = {}
    for name, row in found.items():
        if name.startswith("purge/worker"):
            workers[name.split("/")[2]] = (row["cpu_time"], row["purges"])
            continue
        left = [f"{row[k]:.0f}" if k in row else "" for k in
                ("mapped_bytes_left", "resident_bytes_grown")]
        print(f"| {name.split('/iterations')[0]} | {row['us_per_page']:.2f} | "
              + " | ".join(left) + " |")
    alone = workers["-1"][0]
    print("\n| worker beside a purger | ns for a pair | ratio | purges |\n|---|---|---|---|")
    for pause, text in (("-1", "none"), ("100", "every 100 us"), ("0", "in a tight loop")):
        nanos, purges = workers[pause]
        print(f"| {text} | {nanos:.1f} | {nanos / alone:.2f} | {purges:.0f} |")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("bench", help="the allocator_bench to run")
    parser.add_argument("--repeats", type=int, default=3, help="of each row; the median is shown")
    parser.add_argument("--seconds", type=float, default=0.05, help="at least, for a cell")
    parser.add_argument("--json", metavar="FILE", help="where to keep the figures")
    arguments = parser.parse_args()
    if arguments.repeats < 1 or arguments.seconds <= 0:
        parser.error("--repeats takes a number from 1, --seconds one above 0")
    if not os.access(arguments.bench, os.X_OK):
        parser.error(f"{arguments.bench} cannot be run: give the path of allocator_bench")
    peers = []
    missing = []
    for name, library, package in PEERS:
        found = find_library(library) if library else None
        if library and not found:
            missing.append((name, package))
        else:
            peers.append((name, package, found))
    medians, floors = measure(arguments.bench, arguments.repeats, arguments.seconds, peers)
    show(medians, floors, peers, missing)
    purged = purge(arguments.bench, arguments.seconds)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"nanoseconds": medians, "floors": floors, "purge": purged,
                       "missing": [name for name, _ in missing]}, file, indent=2)


if __name__ == "__main__":
    main()
