"""The tool built by one compiler and by the other, on the same plugins: same seed, same bytes (outside
`environment`). Usage: same_bytes.py BUILD_DIR OTHER_BUILD_DIR; 77 where the other one is not built."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

SCENARIOS = "free-vs-alloc:poll-vs-free:reuse-vs-use:parallel-serialization"


def verdicts(build, plugins, scratch):
    """What the tool of `build` says of the plugins of another build."""
    for folder in ("bin", "lib"):
        os.makedirs(os.path.join(scratch, folder))
    shutil.copy(os.path.join(build, "bin", "harness"), os.path.join(scratch, "bin"))
    shutil.copy(os.path.join(build, "lib", "libharness_runtime.so"), os.path.join(scratch, "lib"))
    os.symlink(plugins, os.path.join(scratch, "lib", "harness"))
    tool = os.path.join(scratch, "bin", "harness")
    command = [tool, "--scenario", SCENARIOS, "--seed", "7", "--executions", "2000", "--quiet", "--json", "-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    document = json.loads(done.stdout)
    del document["environment"]
    return json.dumps(document)


def main():
    mine, other = (os.path.abspath(path) for path in sys.argv[1:3])
    plugins = os.path.join(other, "lib", "harness")
    if not os.path.exists(os.path.join(other, "bin", "harness")) or not os.path.isdir(plugins):
        print(f"{other} is not built; skipped")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        one = verdicts(mine, plugins, os.path.join(scratch, "mine"))
        two = verdicts(other, plugins, os.path.join(scratch, "other"))
    if one == two and '"outcome": "violation"' in one:
        print(f"{len(one)} bytes, the same")
        return 0
    at = next((i for i, pair in enumerate(zip(one, two)) if pair[0] != pair[1]), min(len(one), len(two)))
    print(f"they differ at byte {at}:\n{one[max(0, at - 200):at + 200]}\n{two[max(0, at - 200):at + 200]}")
    return 1


sys.exit(main())
