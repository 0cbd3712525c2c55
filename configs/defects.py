#!/usr/bin/env python3
"""Prints, as a Markdown table, how soon the planted defects of the allocator are found.

    configs/defects.py [--build build/release] [--seeds 20] [--executions 10000]
                       [--strategies random,pos,...] [--check]

The defects are those of allocator/defects.hpp; where one is found is every scenario that has a
variant of its name. A figure is the mean number of executions until the expected rule was violated,
over the seeds that got there; (k/n) says how many did, where not all. Exits 1 where a defect is no
variant of any scenario, or was found by nobody; --check does no more than look for the former.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def planted_defects():
    text = (ROOT / "allocator" / "defects.hpp").read_text()
    return re.findall(r'^\s*\{"([a-z-]+)", \{\.', text, re.MULTILINE)


def places_of(harness, defects):
    """Maps each defect to the scenarios that have it as a variant."""
    lines = subprocess.run([harness, "--list"], check=True, capture_output=True, text=True).stdout
    places = {defect: [] for defect in defects}
    for line in lines.split():
        scenario, variant = line.split("/")
        if variant in places:
            places[variant].append(scenario)
    return places


def executions_until_found(harness, scenario, variant, strategy, seed, executions):
    """None where it was not found."""
    command = [harness, "--scenario", scenario, "--variant", variant, "--strategy", strategy,
               "--seed", str(seed), "--executions", str(executions), "--shrink-seconds", "0",
               "--json", "-", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    verdict = json.loads(done.stdout)["verdicts"][0]
    found = verdict["violation"] is not None and verdict["as_expected"]
    return (verdict["executions"] if found else None), verdict["expected"]


def cell(found, seeds):
    if not found:
        return "-"
    mean = sum(found) / len(found)
    some = f" ({len(found)}/{seeds})" if len(found) < seeds else ""
    return (f"{mean:.1f}" if mean < 10 else f"{mean:.0f}") + some


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build" / "release"))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--executions", type=int, default=10000)
    parser.add_argument("--strategies", default="random,pos,pct,surw,urw,feedback,portfolio")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    harness = str(pathlib.Path(options.build) / "bin" / "harness")
    places = places_of(harness, planted_defects())
    missing = [defect for defect, scenarios in places.items() if not scenarios]
    if options.check or missing:
        if missing:
            sys.exit("no scenario has the variant " + ", ".join(missing))
        return
    strategies = options.strategies.split(",")
    print("| defect | scenario | rule | " + " | ".join(strategies) + " |")
    print("|---" * (3 + len(strategies)) + "|")
    unfound = []
    for defect, scenarios in places.items():
        anywhere = False
        for scenario in scenarios:
            cells = []
            for strategy in strategies:
                results = [executions_until_found(harness, scenario, defect, strategy, seed,
                                                  options.executions)
                           for seed in range(1, options.seeds + 1)]
                rule = results[0][1]
                found = [count for count, _ in results if count is not None]
                anywhere = anywhere or bool(found)
                cells.append(cell(found, options.seeds))
            print(f"| `{defect}` | `{scenario}` | `{rule}` | " + " | ".join(cells) + " |",
                  flush=True)
        if not anywhere:
            unfound.append(defect)
    if unfound:
        sys.exit("never found: " + ", ".join(unfound))


if __name__ == "__main__":
    main()
