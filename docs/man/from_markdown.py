#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Fills the gaps of a man page with sections of a Markdown file.
"""from_markdown.py PAGE MARKDOWN: prints PAGE for scdoc. A gap `; from rules.md: Children` gets the text below the heading
`## Children`, up to the next heading. Of Markdown it knows what docs/rules.md uses, and refuses the rest: paragraphs, lists
of one level, fenced blocks, tables; `code`, **strong** text and links.

A table becomes a list of terms: its first column is the term, the last one the explanation, what stands between them is
put in brackets behind the term.
"""
import re
import sys
from typing import Callable

import scdoc_text
from scdoc_text import Mistake, bold, escaped, item, literal, paragraph, prose

HEADING = re.compile(r"^#+ (.*)$")
FENCE = "```"
BULLET = "- "
CELL_END = re.compile(r"(?<!\\)\|")
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
SPAN = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<emphasis>[^*\s][^*]*)\*")
UNKNOWN = re.compile(r"\s|[-*+>] |\d+\. |!\[|<|\|")  # at the beginning of a line of text


def inline(text: str) -> str:
    """The text of a paragraph or cell in scdoc's spelling. Of links, what they read is left."""
    text = LINK.sub(r"\1", text)
    result, end = "", 0
    for span in SPAN.finditer(text):
        result += prose(text[end:span.start()])
        result += f"_{escaped(span['emphasis'])}_" if span["emphasis"] else bold(span["code"] or span["strong"])
        end = span.end()
    return result + prose(text[end:])


def sections(markdown: str) -> dict[str, list[str]]:
    """Lines below each heading, by the heading."""
    result: dict[str, list[str]] = {}
    lines: list[str] = []
    is_literal = False
    for line in markdown.splitlines():
        is_literal ^= line.startswith(FENCE)
        heading = None if is_literal else HEADING.match(line)
        if heading:
            lines = result[heading[1]] = []
        else:
            lines.append(line)
    return result


def blocks(lines: list[str]) -> list[list[str]]:
    """What blank lines separate; a fenced block is one, whatever it holds, and ends with its fence."""
    result: list[list[str]] = [[]]
    is_literal = False
    for line in lines:
        is_fence = line.startswith(FENCE)
        if not is_literal and (is_fence or not line):
            result.append([])
        if is_literal or line:
            result[-1].append(line)
        if is_literal and is_fence:
            result.append([])
        is_literal ^= is_fence
    return [block for block in result if block]


def cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(row.strip().strip("|"))]


def table(rows: list[str]) -> str:
    """The two lines of the head are dropped."""
    result = []
    for row in rows[2:]:
        term, *between, explanation = (inline(cell) for cell in cells(row))
        brackets = ", ".join(text for text in between if text)
        result.append(item(f"{term} ({brackets})" if brackets else term, explanation))
    return "\n".join(result)


def bullets(lines: list[str]) -> str:
    entries: list[str] = []
    for line in lines:
        if line.startswith(BULLET):
            entries.append(line[len(BULLET):])
        elif line.startswith(" " * len(BULLET)):
            entries[-1] += " " + line.strip()
        else:
            raise Mistake(f"a list goes on with \"{line}\": indent it, or put a blank line in front")
    return "".join(f"- {inline(entry)}\n" for entry in entries)


def block_text(block: list[str]) -> str:
    if block[0].startswith(FENCE):
        return literal("".join(line + "\n" for line in block[1:-1]))
    if block[0].startswith("|"):
        return table(block)
    if block[0].startswith(BULLET):
        return bullets(block)
    for line in block:
        if UNKNOWN.match(line):
            raise Mistake(f"\"{line}\": this is more Markdown than the man pages are made from")
    return paragraph(inline(" ".join(block)))


def make_part(markdown: str) -> Callable[[str], str]:
    known = sections(markdown)

    def part(heading: str) -> str:
        if heading not in known:
            raise Mistake(f"there is no section \"{heading}\", but: {', '.join(known)}")
        return "\n".join(block_text(block) for block in blocks(known[heading]))

    return part


if __name__ == "__main__":
    sys.exit(scdoc_text.main(make_part))
