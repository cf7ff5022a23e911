#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Fills the gaps of a man page with what D-Bus introspection XML and the comments in it say.
"""from_xml.py PAGE XML: prints PAGE for scdoc. Its gaps are `; from FILE.xml: PART`, where PART is

  overview    the long comment in front of <node>, with its headings: what holds for all members
  methods, signals, properties
              each member with its types and the comment in front of it

A comment is paragraphs; `Errors:` at the beginning of a line begins one too. Lines that are indented are a list: each has
a term, and goes on in lines that are indented further. Two blanks or more separate its columns: the term, its type as
D-Bus spells it, the explanation; type and explanation may be absent. In the overview, lines at the left edge are headings
where indented ones follow, and all else is indented by as much as the first line below a heading.
"""
import re
import sys
from typing import Callable, Iterator
from xml.dom import Node, minidom

import scdoc_text
from scdoc_text import Mistake, bold, escaped, item, paragraph, prose

COMMENT_BEGIN = "<!-- "
COLUMN_END = re.compile(r" {2,}")
SIGNATURE = re.compile(r"[ybnqiuxtdsogvha(){}]+")
MEMBERS = {"methods": "method", "signals": "signal", "properties": "property"}
CHANGES = "org.freedesktop.DBus.Property.EmitsChangedSignal"
CHANGE_TEXTS = {"true": "PropertiesChanged tells of changes.", "const": "It never changes.", "false": "",
                "invalidates": "PropertiesChanged tells that it has changed, without the value."}


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip())


def without_indent(lines: list[str], width: int) -> list[str]:
    return [line[min(width, indent_of(line)):].rstrip() for line in lines]


def term_text(line: str) -> str:
    """A line of a list: `name  type  explanation`, `name  explanation`, `name  type` or a name alone."""
    name, *columns = COLUMN_END.split(line.strip(), 2)
    kind = f" ({columns.pop(0)})" if columns and SIGNATURE.fullmatch(columns[0]) else ""
    return item((bold(name) if kind or columns else prose(name)) + kind, prose(" ".join(columns)))


def list_text(lines: list[str]) -> str:
    entries: list[str] = []
    for line in lines:
        if indent_of(line) <= indent_of(lines[0]):
            entries.append(line.strip())
        else:
            entries[-1] += " " + line.strip()
    return "\n".join(term_text(entry) for entry in entries)


def groups(lines: list[str]) -> Iterator[list[str]]:
    """Runs of lines that are one paragraph or one list."""
    group: list[str] = []
    for line in [*lines, ""]:
        is_other = bool(group) and (indent_of(line) > 0) != (indent_of(group[0]) > 0)
        if group and (not line or is_other or line.startswith("Errors:")):
            yield group
            group = []
        if line:
            group.append(line)


def text_of(lines: list[str]) -> str:
    return "\n".join(list_text(group) if indent_of(group[0]) else paragraph(prose(" ".join(group)))
                     for group in groups(lines))


def overview(lines: list[str]) -> str:
    followed = list(zip(lines, [*lines[1:], ""]))
    is_heading = [bool(line) and indent_of(line) == 0 < indent_of(following) for line, following in followed]
    width = indent_of(lines[is_heading.index(True) + 1]) if True in is_heading else 0
    result = ""
    body: list[str] = []
    for line, heads in [*zip(lines, is_heading), ("", True)]:
        if not heads:
            body.append(line)
            continue
        result += text_of(without_indent(body, width)) + (f"\n## {line.replace('`', '')}\n\n" if line else "")
        body = []
    return result


def arguments(member: minidom.Element, direction: str) -> str:
    """Those of signals have no direction; they go out."""
    return ", ".join(f"_{escaped(arg.getAttribute('name'))}_ {arg.getAttribute('type')}"
                     for arg in member.getElementsByTagName("arg")
                     if (arg.getAttribute("direction") or "out") == direction)


def head(member: minidom.Element) -> str:
    name = bold(member.getAttribute("name"))
    if member.tagName == "property":
        return f"{name} {member.getAttribute('type')}"
    if member.tagName == "signal":
        return f"{name}({arguments(member, 'out')})"
    answer = arguments(member, "out")
    return f"{name}({arguments(member, 'in')})" + (f" → {answer}" if answer else "")


def change_text(member: minidom.Element) -> str:
    values = [annotation.getAttribute("value") for annotation in member.getElementsByTagName("annotation")
              if annotation.getAttribute("name") == CHANGES]
    return CHANGE_TEXTS[values[0]] if values else ""


def comment_before(member: minidom.Element) -> list[str]:
    """Its lines, as far to the left as its first one is behind the COMMENT_BEGIN."""
    blank, comment = None, member.previousSibling
    while comment is not None and comment.nodeType == Node.TEXT_NODE:
        comment = comment.previousSibling
    if comment is None or comment.nodeType != Node.COMMENT_NODE:
        raise Mistake(f"{member.tagName} {member.getAttribute('name')} has no comment in front of it")
    blank = comment.previousSibling.data.rpartition("\n")[2] if comment.previousSibling else ""
    first, *others = comment.data.split("\n")
    return [first.strip(), *without_indent(others, len(blank) + len(COMMENT_BEGIN))]


def member_text(member: minidom.Element) -> str:
    text = text_of([*comment_before(member), change_text(member)])
    indented = "".join(f"\t{line}\n" if line else "\n" for line in text.splitlines())
    return item(head(member), "") + indented


def make_part(xml: str) -> Callable[[str], str]:
    document = minidom.parseString(xml)
    notes = [node.data for node in document.childNodes if node.nodeType == Node.COMMENT_NODE and "\n" in node.data.strip()]

    def part(name: str) -> str:
        if name == "overview" and len(notes) == 1:
            lines = notes[0].strip("\n").split("\n")
            return overview(without_indent(lines, indent_of(lines[0])))
        if name not in MEMBERS:
            raise Mistake(f"\"{name}\": expected overview (one long comment in front of <node>), {', '.join(MEMBERS)}")
        return "\n".join(member_text(member) for member in document.getElementsByTagName(MEMBERS[name]))

    return part


if __name__ == "__main__":
    sys.exit(scdoc_text.main(make_part))
