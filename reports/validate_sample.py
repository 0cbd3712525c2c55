"""Checks a report against the schema with an independent validator, and that the schema can refuse:
every field of the document is left out once, and one too many is added to every object."""

import copy
import json
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: Python has no jsonschema (python3-jsonschema)")
    sys.exit(77)

FREE = {"counters", "seconds_by_verdict", "rates"}  # objects whose keys are data


def objects(value, path=()):
    if isinstance(value, dict):
        if not path or path[-1] not in FREE:
            yield path
        for key, inner in value.items():
            yield from objects(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from objects(inner, path + (index,))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def main(schema_file, document_file):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    with open(document_file, encoding="utf-8") as file:
        document = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(document)]
    tried = 0
    for path in objects(document):
        for key in list(at(document, path)):
            broken = copy.deepcopy(document)
            del at(broken, path)[key]
            tried += 1
            if validator.is_valid(broken):
                wrong.append(f"accepted without {path + (key,)}")
        broken = copy.deepcopy(document)
        at(broken, path)["one_too_many"] = 1
        tried += 1
        if validator.is_valid(broken):
            wrong.append(f"accepted with a field too many in {path}")
    print("\n".join(wrong) or f"valid, and {tried} broken versions of it are refused")
    return 1 if wrong or tried == 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
