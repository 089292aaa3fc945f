"""Reads documents with PyYAML, and says where it sees other values than it should.

Standard input is a line of JSON for each document: its name, its text, the values. Types count too: PyYAML goes by
YAML 1.1, which takes `no` for false, `12:30:45` for a number and `2026-01-02` for a date.
"""

import json
import sys

import yaml


def differences(found, wanted, place):
    if type(found) is not type(wanted):
        yield f"{place}: {found!r} is {type(found).__name__}, not {type(wanted).__name__} {wanted!r}"
    elif isinstance(wanted, dict):
        if list(found) != list(wanted) and set(found) != set(wanted):
            yield f"{place}: the keys {sorted(map(repr, set(found) ^ set(wanted)))} are on one side only"
        for key in wanted:
            if key in found:
                yield from differences(found[key], wanted[key], f"{place}.{key}")
    elif isinstance(wanted, list):
        if len(found) != len(wanted):
            yield f"{place}: {len(found)} elements, not {len(wanted)}"
        for n, (one, other) in enumerate(zip(found, wanted)):
            yield from differences(one, other, f"{place}[{n}]")
    elif repr(found) != repr(wanted):
        yield f"{place}: {found!r}, not {wanted!r}"


def main():
    count, wrong = 0, 0
    for line in sys.stdin.buffer:
        document = json.loads(line)
        count += 1
        try:
            found = yaml.safe_load(document["text"])
            faults = list(differences(found, document["values"], document["name"]))
        except yaml.YAMLError as error:
            faults = [f"{document['name']}: {error}"]
        if faults:
            wrong += 1
            print("\n".join(faults[:5]), document["text"][:2000], sep="\n")
    print(f"{count} documents read, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
