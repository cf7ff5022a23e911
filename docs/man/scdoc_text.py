# SPDX-License-Identifier: GPL-3.0-or-later
# What the scripts that make man pages share: text as scdoc(5) spells it, and filling the gaps of a page.
"""A page is a file for scdoc with gaps: lines `; from SOURCE: PART`, which scdoc itself would take for comments. A script
fills them with what it has made from the source, so that nothing is written down twice."""
import pathlib
import re
import sys
from typing import Callable

GAP = re.compile(r"^; from (?P<source>[^:]+): (?P<part>.+)$", re.MULTILINE)
SIGNS = re.compile(r"[\\*_`]")          # they mean something anywhere in a line
SIGNS_IN_FRONT = re.compile(r"^(?=[-.#;:|\[\]+])")  # and these at its beginning
CODE = re.compile(r"`([^`]+)`")
OTHER_PAGE = re.compile(r"(?<![\w.-])([a-z][\w.-]*)(\([1-8]\))")


class Mistake(Exception):
    """What cannot be put into a page: it has to be written in another way, or the script has to learn it."""


def escaped(text: str) -> str:
    return SIGNS.sub(r"\\\g<0>", text)


def bold(text: str) -> str:
    return f"*{escaped(text)}*" if text else ""


def prose(text: str) -> str:
    """Text with `code` in it. References to other pages, like sched(7), look as usual in man pages."""
    parts = CODE.split(text)
    parts[0::2] = [OTHER_PAGE.sub(r"*\1*\2", escaped(part)) for part in parts[0::2]]
    parts[1::2] = [bold(part) for part in parts[1::2]]
    return "".join(parts)


def paragraph(text: str, depth: int = 0) -> str:
    """One paragraph of text that is in scdoc's spelling already, `depth` levels to the right."""
    return "\t" * depth + SIGNS_IN_FRONT.sub(r"\\", " ".join(text.split())) + "\n"


def item(term: str, explanation: str, depth: int = 0) -> str:
    """A term with its explanation below it; both in scdoc's spelling."""
    return paragraph(term, depth) + (paragraph(explanation, depth + 1) if explanation else "")


def literal(text: str) -> str:
    """A block that is shown as it is."""
    return "```\n" + text.replace("\\", "\\\\").replace("`", "\\`") + "```\n"


def filled(page: str, source: str, part: Callable[[str], str]) -> str:
    """The page with its gaps filled by part(PART). Raises Mistake for a gap that is to be filled from elsewhere."""
    def fill(gap: re.Match) -> str:
        if gap["source"] != source:
            raise Mistake(f"\"{gap[0]}\": this page is filled from {source}")
        return part(gap["part"]).rstrip("\n")

    return GAP.sub(fill, page)


def main(make_part: Callable[[str], Callable[[str], str]]) -> int:
    """SCRIPT PAGE SOURCE: prints the page, filled from the source; make_part gets the text of the source."""
    page, source = (pathlib.Path(argument) for argument in sys.argv[1:3])
    try:
        part = make_part(source.read_text(encoding="utf-8"))
        sys.stdout.write(filled(page.read_text(encoding="utf-8"), source.name, part))
    except Mistake as mistake:
        print(f"{page.name}: {mistake}", file=sys.stderr)
        return 1
    return 0
