"""Runs the tool and checks the documents it writes against the JSON Schema, with jsonschema.

validate_report.py SCHEMA [LAUNCHER...] HARNESS -- [OPTION...]    exits 77 where jsonschema is not installed.

Also that the schema can say no: a document with a field too many, or one too few, must be refused.
"""

import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)


def run(command, folder):
    """The document of one run, and its exit code."""
    target = Path(folder) / "report.json"
    result = subprocess.run(command + ["--json", str(target)], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=240)
    print(result.stdout + result.stderr)
    return json.loads(target.read_text(encoding="utf-8")), result.returncode


def refused(validator, document, change):
    spoilt = copy.deepcopy(document)
    change(spoilt)
    return not validator.is_valid(spoilt)


def main():
    schema = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    divide = sys.argv.index("--")
    harness, options = sys.argv[2:divide], sys.argv[divide + 1:]
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    with tempfile.TemporaryDirectory() as folder:
        explored, code = run(harness + ["--scenario", "free-vs-alloc"] + options, folder)
        parted, parted_code = run(harness + ["--scenario", "poll-vs-free", "--variant", "claimed",
                                      "--schedule", "nobody@nowhere"], folder)
    for document in (explored, parted):
        validator.validate(document)
    assert next(iter(explored)) == "schema_version", "schema_version does not come first"
    assert code in (0, 1), code
    assert parted_code == 3, parted_code
    assert [v["outcome"] for v in parted["verdicts"]] == ["error"]
    assert any(v["violation"] for v in explored["verdicts"]), "nothing was found to check"
    for verdict in explored["verdicts"]:
        assert isinstance(verdict["freed_region_in_use"], bool)
    assert refused(validator, explored, lambda d: d.pop("verdicts"))
    assert refused(validator, explored, lambda d: d.update(surprise=1))
    assert refused(validator, explored, lambda d: d["verdicts"][0].pop("outcome"))
    assert refused(validator, explored, lambda d: d["verdicts"][0].update(outcome="maybe"))


main()
