// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "core/glob.hpp"

namespace priorityd {
namespace {

/// How an interpreter's command line names what it runs.
struct Interpreter {
    std::string_view program;      ///< Glob on the base name of exe.
    std::string_view takes_value;  ///< Short options whose value is the next argument unless it is attached.
    std::string_view is_code;      ///< Short options after which no script is named: the code itself follows.
    char module_option;            ///< The option that names a module; 0 where there is none.
    std::string_view file_option;  ///< The option whose value is the program file; empty where it is the first operand.
};
/// Sources: the manual page of each program, section on options.
constexpr std::array kInterpreters{
    Interpreter{"python*", "WXQ", "c", 'm', ""}, Interpreter{"pypy*", "WXQ", "c", 'm', ""},
    Interpreter{"perl*", "", "eE", 0, ""},       Interpreter{"ruby*", "rIEC", "e", 0, ""},
    Interpreter{"node", "r", "ep", 0, ""},       Interpreter{"nodejs", "r", "ep", 0, ""},
    Interpreter{"bash", "oO", "c", 0, ""},       Interpreter{"dash", "o", "c", 0, ""},
    Interpreter{"sh", "o", "c", 0, ""},          Interpreter{"zsh", "o", "c", 0, ""},
    Interpreter{"ksh*", "o", "c", 0, ""},        Interpreter{"fish", "CdDof", "c", 0, ""},
    Interpreter{"lua*", "l", "e", 0, ""},        Interpreter{"php*", "dczfB", "r", 0, ""},
    Interpreter{"java", "", "", 0, "-jar"},      Interpreter{"mono*", "", "", 0, ""},
    Interpreter{"wine*", "", "", 0, ""},         Interpreter{"guile*", "LCx", "ce", 0, ""},
    Interpreter{"tclsh*", "", "", 0, ""},        Interpreter{"gjs*", "I", "c", 0, ""},
};

const Interpreter* find_interpreter(std::string_view program)
{
    const auto* found = std::ranges::find_if(kInterpreters, [&](const Interpreter& interpreter) {
        return glob_matches(interpreter.program, program, Case::sensitive);
    });
    return found == kInterpreters.end() ? nullptr : found;
}

/// The program's name stands in `text`: a path of a script, or the dotted name of a module.
struct Operand {
    std::string_view text;
    bool is_module;
};

/// What the options at the start of `args` lead to; empty when no file or module is named.
std::optional<Operand> find_operand(const Interpreter& interpreter, std::span<const std::string> args)
{
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string_view arg = args[i];
        const bool has_next = i + 1 < args.size();
        if (!interpreter.file_option.empty()) {
            if (arg == interpreter.file_option)
                return has_next ? std::optional{Operand{args[i + 1], false}} : std::nullopt;
            continue;
        }
        if (arg == "--")
            return has_next ? std::optional{Operand{args[i + 1], false}} : std::nullopt;
        if (arg.size() < 2 || arg[0] != '-')
            return arg.empty() || arg == "-" ? std::nullopt : std::optional{Operand{arg, false}};
        if (arg[1] == '-')
            continue;
        const char last = arg.back();
        if (interpreter.module_option != 0 && arg[1] == interpreter.module_option && arg.size() > 2)
            return Operand{arg.substr(2), true};  // -mMODULE
        if (interpreter.module_option != 0 && last == interpreter.module_option)
            return has_next ? std::optional{Operand{args[i + 1], true}} : std::nullopt;
        if (interpreter.is_code.find(last) != std::string_view::npos)
            return std::nullopt;
        if (arg.size() == 2 && interpreter.takes_value.find(last) != std::string_view::npos)
            ++i;
    }
    return std::nullopt;
}

void add(Names& names, std::string_view name)
{
    if (!name.empty() && std::ranges::find(names, name) == names.end())
        names.emplace_back(name);
}

void add_operand(Names& names, const Operand& operand)
{
    if (!operand.is_module) {
        add(names, base_name(operand.text));
        return;
    }
    add(names, operand.text);
    add(names, operand.text.substr(operand.text.rfind('.') + 1));
}

}  // namespace

std::string_view base_name(std::string_view path)
{
    return path.substr(path.find_last_of("/\\") + 1);
}

Names names_of(const Snapshot& process)
{
    Names names;
    const std::string_view program = base_name(process.exe);
    const auto* interpreter = process.argv.empty() ? nullptr : find_interpreter(program);
    if (interpreter) {
        if (const auto operand = find_operand(*interpreter, std::span{process.argv}.subspan(1)))
            add_operand(names, *operand);
    }
    add(names, program);
    if (!process.argv.empty())
        add(names, base_name(process.argv.front()));
    add(names, process.comm);
    return names;
}

std::string_view public_name(const Snapshot& process)
{
    const std::string_view shown = process.shown_name();
    return shown == base_name(process.exe) ? shown : std::string_view{process.comm};
}

}  // namespace priorityd
