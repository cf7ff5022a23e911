#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the include rule: who may include what, and that every file opens with its licence and purpose.
"""include_rule.py ROOT         checks the tree below ROOT (src/ and tests/); one line per breach, exit 1 when any
   include_rule.py --self-test  checks that each rule can be broken, on trees made for it in a temporary folder
"""
import dataclasses
import pathlib
import re
import sys
import tempfile

LICENCE_LINE = "// SPDX-License-Identifier: GPL-3.0-or-later"
SCRIPT_LICENCE_LINE = LICENCE_LINE.replace("//", "#")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)

# Standard headers have no folder and no suffix; C's own and the system's end in .h.
STANDARD = re.compile(r"^[a-z_]+$")
# The core has no threads, no locks and no way to reach a file or a terminal.
BANNED_IN_CORE = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "iostream", "fstream", "filesystem",
                  "unistd.h"}
FOLDERS = {"core", "kernel", "bus", "daemon", "session", "cli", "engines"}
# Which folders of src/ a folder may include from. Only programs know both adapters.
MAY_INCLUDE = {
    "core": {"core"},
    "kernel": {"kernel", "core"},
    "bus": {"bus", "core"},
    "daemon": {"daemon", "kernel", "bus", "core"},
    "session": {"session", "daemon", "kernel", "bus", "core"},
    "cli": {"cli", "kernel", "bus", "core"},
    "engines": {"engines", "daemon", "kernel", "bus", "core"},
}
# Where toml++ is: the reading of rules, and engines that have settings of their own; and its header that would bring
# toml++ to whoever includes it.
TOMLPLUSPLUS_FOLDERS = ("core/toml/", "engines/")
TOMLPLUSPLUS_HEADERS = {"core/toml/reader.hpp"}


@dataclasses.dataclass(frozen=True)
class Include:
    line: int
    is_quoted: bool
    path: str

    @property
    def folder(self) -> str:
        return self.path.split("/")[0] if "/" in self.path else ""


def includes_of(text: str) -> list[Include]:
    return [Include(text.count("\n", 0, match.start()) + 1, match[1] == '"', match[2])
            for match in INCLUDE.finditer(text)]


def is_tomlplusplus(include: Include) -> bool:
    return include.folder == "toml++" or include.path in {"toml.hpp", *TOMLPLUSPLUS_HEADERS}


def is_sdbus(include: Include) -> bool:
    return include.folder == "sdbus-c++"


def breach_of_core(include: Include, file: str) -> str | None:
    """What the core may not reach for, whether the header is quoted or not."""
    if include.path in BANNED_IN_CORE:
        return "the core has no threads, locks, files or terminals"
    if include.is_quoted:
        return None
    if STANDARD.match(include.path) or include.folder == "fmt" or include.path == "tl/expected.hpp":
        return None
    if is_tomlplusplus(include) and file.startswith(TOMLPLUSPLUS_FOLDERS):
        return None
    return "src/core includes the standard library, fmt and tl/expected.hpp only"


def breach(include: Include, file: str) -> str | None:
    """Why `file` (a path below src/) may not have this include; None when it may."""
    layer = file.split("/")[0]
    if layer not in MAY_INCLUDE:
        return None
    if include.is_quoted and include.path.startswith("."):
        return "includes are written from src/: \"folder/file.hpp\""
    if include.is_quoted and include.folder in FOLDERS - MAY_INCLUDE[layer]:
        return f"src/{layer} may include from {', '.join(sorted(MAY_INCLUDE[layer]))} only"
    if include.is_quoted and layer == "core" and include.folder != "core":
        return "includes are written from src/: \"core/file.hpp\""
    if is_sdbus(include) and layer != "bus":
        return "sdbus-c++ stays in src/bus"
    if is_tomlplusplus(include) and not file.startswith(TOMLPLUSPLUS_FOLDERS):
        return f"toml++ stays below {' and '.join('src/' + folder for folder in TOMLPLUSPLUS_FOLDERS)}"
    if layer == "core":
        return breach_of_core(include, file)
    return None


def script_head_breaches(text: str) -> list[tuple[int, str]]:
    lines = text.splitlines() + ["", "", ""]
    first = 1 if lines[0].startswith("#!") else 0
    if lines[first] != SCRIPT_LICENCE_LINE:
        return [(first + 1, f"the first line after #! has to be: {SCRIPT_LICENCE_LINE}")]
    if not lines[first + 1].startswith("# "):
        return [(first + 2, "the next line has to say the script's purpose: # ...")]
    return []


def head_breaches(text: str, has_header: bool) -> list[tuple[int, str]]:
    """`has_header`: the file's purpose stands in the header of the same name."""
    lines = text.splitlines() + ["", ""]
    found = []
    if lines[0] != LICENCE_LINE:
        found.append((1, f"the first line has to be: {LICENCE_LINE}"))
    if not lines[1].startswith("/// ") and not has_header:
        found.append((2, "the second line has to say the file's purpose: /// ..."))
    return found


def check(root: pathlib.Path) -> list[str]:
    """All breaches below root, as FILE:LINE: what."""
    found = []
    for top in ("src", "tests"):
        for path in sorted([*root.glob(f"{top}/**/*.cpp"), *root.glob(f"{top}/**/*.hpp")]):
            text = path.read_text(encoding="utf-8")
            shown = path.relative_to(root).as_posix()
            has_header = path.suffix == ".cpp" and path.with_suffix(".hpp").exists()
            found += [f"{shown}:{line}: {what}" for line, what in head_breaches(text, has_header)]
            if top == "src":
                file = path.relative_to(root / "src").as_posix()
                found += [f"{shown}:{include.line}: \"{include.path}\": {what}" for include in includes_of(text)
                          if (what := breach(include, file))]
    for path in sorted(path for top in ("tests", "packaging", "docs", ".ci") for path in root.glob(f"{top}/**/*")):
        if path.suffix in (".sh", ".py") or path.parent.name == ".ci":
            shown = path.relative_to(root).as_posix()
            found += [f"{shown}:{line}: {what}"
                      for line, what in script_head_breaches(path.read_text(encoding="utf-8"))]
    return found


GOOD_TREE = {
    "src/core/a.hpp": "#include <vector>\n#include <fmt/format.h>\n#include <tl/expected.hpp>\n#include \"core/b.hpp\"\n",
    "src/core/toml/a.cpp": "#include <toml++/toml.h>\n#include \"core/a.hpp\"\n#include \"core/toml/reader.hpp\"\n",
    "src/core/toml/reader.hpp": "#include <toml++/toml.h>\n",
    "src/kernel/a.cpp": "#include <unistd.h>\n#include <sys/socket.h>\n#include \"kernel/a.hpp\"\n#include \"core/a.hpp\"\n",
    "src/bus/a.cpp": "#include <sdbus-c++/sdbus-c++.h>\n#include \"bus/a.hpp\"\n#include \"core/a.hpp\"\n",
    "src/engines/x/settings.cpp": "#include <toml++/toml.h>\n#include \"core/toml/reader.hpp\"\n#include \"daemon/a.hpp\"\n",
    "src/daemon/main.cpp": "#include \"kernel/a.hpp\"\n#include \"bus/a.hpp\"\n",
    "tests/core/a.cpp": "#include <fstream>\n#include \"kernel/a.hpp\"\n",
}
# One include (or head) that each must be reported, with a word of the report.
WRONG = [
    ("src/core/x.cpp", "#include <unistd.h>\n", "core"),
    ("src/core/x.cpp", "#include <sys/types.h>\n", "src/core includes"),
    ("src/core/x.cpp", "#include <linux/cn_proc.h>\n", "src/core includes"),
    ("src/core/x.cpp", "#include <thread>\n", "no threads"),
    ("src/core/x.cpp", "#include <mutex>\n", "no threads"),
    ("src/core/x.cpp", "#include <iostream>\n", "no threads"),
    ("src/core/x.cpp", "#include <fstream>\n", "no threads"),
    ("src/core/x.cpp", "  # include <filesystem>\n", "no threads"),
    ("src/core/x.cpp", "#include <systemd/sd-event.h>\n", "src/core includes"),
    ("src/core/x.cpp", "#include <nlohmann/json.hpp>\n", "src/core includes"),
    ("src/core/x.cpp", "#include \"kernel/procfs.hpp\"\n", "may include from core only"),
    ("src/core/x.cpp", "#include \"bus/a.hpp\"\n", "may include from core only"),
    ("src/core/x.cpp", "#include \"names.hpp\"\n", "written from src/"),
    ("src/core/x.cpp", "#include \"../core/names.hpp\"\n", "written from src/"),
    ("src/core/x.cpp", "#include <toml++/toml.h>\n", "toml++ stays"),
    ("src/core/toml.cpp", "#include <toml++/toml.h>\n", "toml++ stays"),
    ("src/core/x.cpp", "#include \"core/toml/reader.hpp\"\n", "toml++ stays"),
    ("src/daemon/x.cpp", "#include \"core/toml/reader.hpp\"\n", "toml++ stays"),
    ("src/core/toml/x.cpp", "#include <unistd.h>\n", "no threads"),
    ("src/core/toml/x.cpp", "#include \"daemon/a.hpp\"\n", "may include from core only"),
    ("src/core/x.hpp", "#include <sdbus-c++/sdbus-c++.h>\n", "sdbus-c++ stays"),
    ("src/kernel/x.cpp", "#include \"bus/a.hpp\"\n", "may include from core, kernel only"),
    ("src/kernel/x.cpp", "#include \"daemon/a.hpp\"\n", "may include from core, kernel only"),
    ("src/kernel/x.cpp", "#include \"cli/a.hpp\"\n", "may include from core, kernel only"),
    ("src/kernel/x.cpp", "#include <sdbus-c++/sdbus-c++.h>\n", "sdbus-c++ stays"),
    ("src/kernel/x.cpp", "#include <toml++/toml.h>\n", "toml++ stays"),
    ("src/bus/x.cpp", "#include \"kernel/procfs.hpp\"\n", "may include from bus, core only"),
    ("src/bus/x.cpp", "#include \"daemon/a.hpp\"\n", "may include from bus, core only"),
    ("src/daemon/x.cpp", "#include \"cli/a.hpp\"\n", "may include from"),
    ("src/daemon/x.cpp", "#include <sdbus-c++/sdbus-c++.h>\n", "sdbus-c++ stays"),
    ("src/cli/x.cpp", "#include \"daemon/a.hpp\"\n", "may include from"),
    ("src/engines/x/x.cpp", "#include \"cli/a.hpp\"\n", "may include from"),
    ("src/engines/x/x.cpp", "#include <sdbus-c++/sdbus-c++.h>\n", "sdbus-c++ stays"),
    ("src/daemon/x.cpp", "#include \"engines/x/a.hpp\"\n", "may include from"),
    ("src/cli/x.cpp", "#include <sdbus-c++/sdbus-c++.h>\n", "sdbus-c++ stays"),
]
WRONG_HEADS = [
    ("src/core/x.hpp", "/// Has no licence.\n", "first line"),
    ("tests/core/x.cpp", "/// Has no licence.\n", "first line"),
    ("src/core/x.hpp", LICENCE_LINE + "\n#pragma once\n", "purpose"),
    ("tests/core/x.cpp", LICENCE_LINE + "\n\n/// Comes too late.\n", "purpose"),
    ("src/core/x.hpp", LICENCE_LINE + "\n// Two strokes.\n", "purpose"),
    ("src/core/x.hpp", "", "first line"),
    ("tests/x.py", "#!/usr/bin/env python3\nimport sys\n", "first line after"),
    ("packaging/x.sh", "# Has no licence.\n", "first line after"),
    ("docs/man/x.py", "# Has no licence.\n", "first line after"),
    (".ci/run", "#!/bin/sh\n" + SCRIPT_LICENCE_LINE + "\n\n", "purpose"),
]


def breaches_in(files: dict[str, str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(root)


def self_test() -> list[str]:
    """What the rule got wrong about trees whose answer is known."""
    head = LICENCE_LINE + "\n/// A purpose.\n"
    right = {name: head + text for name, text in GOOD_TREE.items()}
    right["src/core/a.cpp"] = LICENCE_LINE + '\n#include "core/a.hpp"\n'
    right["tests/x.py"] = f"#!/usr/bin/env python3\n{SCRIPT_LICENCE_LINE}\n# A purpose.\n"
    wrong = [f"reported in a right tree: {what}" for what in breaches_in(right)]
    for file, text, word in [(f, head + t, w) for f, t, w in WRONG] + WRONG_HEADS:
        found = breaches_in({file: text})
        if not any(what.startswith(file + ":") and word in what for what in found):
            wrong.append(f"not reported as {word!r}: {file}: {text.splitlines()[-1:]}; reported: {found}")
    return wrong


def main(arguments: list[str]) -> int:
    if arguments == ["--self-test"]:
        found = self_test()
    elif len(arguments) == 1 and (pathlib.Path(arguments[0]) / "src").is_dir():
        found = check(pathlib.Path(arguments[0]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
