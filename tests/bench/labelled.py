#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Prints labelled programs for "priorityctl evaluate": those of the rules whose names are names of Debian packages.
"""The label is the direction of the class that the rules give the name, by its nice value; section, description and tags are
those of the package in apt's lists. Needs apt-cache and Python 3.11.

usage: tests/bench/labelled.py RULES-FOLDER [--without FILE.jsonl]

  --without FILE  leaves out the programs that are in this file
"""
import argparse
import json
import pathlib
import subprocess
import tomllib

FIELDS = {"Section": "package_section", "Description": "package_description", "Tag": "package_tags"}


def classes_of(folder: pathlib.Path) -> tuple[dict, dict]:
    """Class by name, and nice value by class. Rules that ask for more than a name are left out."""
    class_of, nice = {}, {}
    for path in sorted(folder.glob("*.toml")):
        rules = tomllib.loads(path.read_text(encoding="utf-8"))
        nice |= {name: one.get("nice", 0) for name, one in rules.get("class", {}).items()}
        class_of |= rules.get("programs", {})
        for rule in rules.get("rule", []):
            names = rule.get("name", [])
            if "class" in rule and set(rule) <= {"class", "name", "set"}:
                class_of |= {name: rule["class"] for name in ([names] if isinstance(names, str) else names)}
    return class_of, nice


def packages():
    """The first version of each package, as a table of its fields."""
    text = subprocess.run(["apt-cache", "dumpavail"], check=True, stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")
    for stanza in text.split("\n\n"):
        lines = stanza.replace("\n ", " ").splitlines()  # a field that goes on in the next line
        yield {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", type=pathlib.Path)
    parser.add_argument("--without", type=pathlib.Path)
    options = parser.parse_args()
    class_of, nice = classes_of(options.rules)
    left_out = {json.loads(line)["name"] for line in options.without.read_text().splitlines()} if options.without else set()
    for stanza in packages():
        name = stanza.get("Package", "")
        if name in left_out or name not in class_of:
            continue
        left_out.add(name)
        value = nice[class_of[name]]
        direction = "raised" if value < 0 else "lowered" if value > 0 else "neutral"
        print(json.dumps({"name": name, "direction": direction, **{ours: stanza.get(theirs, "") for theirs, ours in FIELDS.items()}}))


if __name__ == "__main__":
    main()
