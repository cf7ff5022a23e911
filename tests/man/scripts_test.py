#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests of the scripts that fill man pages: what they keep, and what they refuse rather than mangle.
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs" / "man"))
import from_markdown  # noqa: E402
import from_xml  # noqa: E402
from scdoc_text import Mistake, filled, prose  # noqa: E402

MARKDOWN = """# Top

Of *all* things, **some** are `*.toml`, [others](#x_y) are_not. See sched(7).

## Table: of a kind

| key | value | |
|---|---|---|
| `nice` | -20 … 19 | lower is *more* |
| `a`, `b` | | with a \\| in it |

## Blocks

- one
  goes on
- `two`

```sh
# no heading

a\\b `c`
```
.begins with a dot
"""

XML = """<?xml version="1.0"?>
<!-- a licence -->
<!--
  All of `it`.

  Words
    One sentence,
    two lines.
  Rows
      name        s  first
                     and more
      x-y  a long one
-->
<node>
  <interface name="x">
    <!-- Does it. Keys:
           pid         u      the process
           flag        b
           one of name s, exe s: the target
         That is all.
         Errors: None. -->
    <method name="Do_it">
      <arg name="what" type="a{sv}" direction="in"/>
      <arg name="id" type="s" direction="out"/>
    </method>
    <!-- It happened. -->
    <signal name="Done"><arg name="ids" type="as"/></signal>
    <!-- A number. -->
    <property name="Count" type="u" access="read">
      <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" value="const"/>
    </property>
  </interface>
</node>
"""


class Text(unittest.TestCase):
    def test_signs_of_scdoc_are_taken_literally(self):
        self.assertEqual(prose("a_b *c* \\n `x*y` sched(7)"), "a\\_b \\*c\\* \\\\n *x\\*y* *sched*(7)")

    def test_a_gap_that_nobody_fills_is_a_mistake(self):
        page = "# A\n\n; from rules.md: Children\n"
        self.assertEqual(filled(page, "rules.md", lambda part: f"<{part}>\n"), "# A\n\n<Children>\n")
        with self.assertRaises(Mistake):
            filled(page, "other.md", lambda part: part)


class Markdown(unittest.TestCase):
    part = staticmethod(from_markdown.make_part(MARKDOWN))

    def test_code_strong_text_and_emphasis_are_kept_and_links_lose_their_target(self):
        self.assertEqual(self.part("Top"), "Of _all_ things, *some* are *\\*.toml*, others are\\_not. See *sched*(7).\n")

    def test_a_table_becomes_terms_with_their_values_in_brackets(self):
        self.assertEqual(self.part("Table: of a kind"),
                         "*nice* (-20 … 19)\n\tlower is _more_\n\n*a*, *b*\n\twith a | in it\n")

    def test_lists_and_literal_blocks_are_kept_as_they_are(self):
        self.assertEqual(self.part("Blocks"), "- one goes on\n- *two*\n\n"
                                              "```\n# no heading\n\na\\\\b \\`c\\`\n```\n\n\\.begins with a dot\n")

    def test_what_the_script_does_not_know_is_refused(self):
        for text in ("1. first\n", "> quoted\n", "![image](x)\n", "    indented\n", "<b>html</b>\n", "- one\ntwo\n", "text\n- one\n",
                     "text\n| a | b |\n"):
            with self.assertRaises(Mistake, msg=text):
                from_markdown.make_part("# A\n" + text)("A")

    def test_a_section_that_is_not_there_is_a_mistake_that_names_the_others(self):
        with self.assertRaisesRegex(Mistake, "Blocks"):
            self.part("Block")


class Xml(unittest.TestCase):
    part = staticmethod(from_xml.make_part(XML))

    def test_the_overview_keeps_headings_paragraphs_and_rows(self):
        self.assertEqual(self.part("overview"),
                         "All of *it*.\n\n## Words\n\nOne sentence, two lines.\n\n## Rows\n\n"
                         "*name* (s)\n\tfirst and more\n\n*x-y*\n\ta long one\n")

    def test_a_method_has_its_types_and_the_rows_of_its_comment(self):
        self.assertEqual(self.part("methods"),
                         "*Do\\_it*(_what_ a{sv}) → _id_ s\n\tDoes it. Keys:\n\n\t*pid* (u)\n\t\tthe process\n\n\t*flag* (b)\n\n"
                         "\tone of name s, exe s: the target\n\n\tThat is all.\n\n\tErrors: None.\n")

    def test_signals_and_properties_tell_what_they_carry(self):
        self.assertEqual(self.part("signals"), "*Done*(_ids_ as)\n\tIt happened.\n")
        self.assertEqual(self.part("properties"), "*Count* u\n\tA number. It never changes.\n")

    def test_a_member_without_a_comment_is_a_mistake(self):
        with self.assertRaisesRegex(Mistake, "Done"):
            from_xml.make_part(XML.replace("<!-- It happened. -->", ""))("signals")

    def test_a_part_that_does_not_exist_is_a_mistake(self):
        with self.assertRaisesRegex(Mistake, "methods"):
            self.part("method")


if __name__ == "__main__":
    unittest.main()
