// SPDX-License-Identifier: GPL-3.0-or-later
/// Headers of packages and RPM's database of them, made up.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "kernel/sqlite.hpp"

namespace priorityd::kernel {

/// A number as headers have it.
inline std::string big_endian(std::uint32_t number)
{
    std::string bytes;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        bytes += static_cast<char>(number >> shift & 0xffU);
    return bytes;
}

/// One entry of a header's index, with its data.
struct HeaderEntry {
    std::uint32_t tag;
    std::uint32_t type;
    std::uint32_t count;
    std::string data;
};

inline std::string header_of(const std::vector<HeaderEntry>& entries)
{
    std::string index;
    std::string data;
    for (const auto& entry : entries) {
        index += big_endian(entry.tag) + big_endian(entry.type) + big_endian(static_cast<std::uint32_t>(data.size())) +
                 big_endian(entry.count);
        data += entry.data;
    }
    return big_endian(static_cast<std::uint32_t>(entries.size())) +
           big_endian(static_cast<std::uint32_t>(data.size())) + index + data;
}

/// What RPM's database knows of a package.
struct WrittenPackage {
    std::string group;
    std::string summary;
    std::vector<std::string> files;
};

inline std::string with_end(const std::string& text)
{
    return text + '\0';
}

/// The folder with the `/` at its end, and the name.
inline std::pair<std::string, std::string> parts_of_path(const std::string& path)
{
    const auto name = path.rfind('/') + 1;
    return {path.substr(0, name), path.substr(name)};
}

/// With a folder for each file, be they the same or not.
inline std::string header_of(const WrittenPackage& package)
{
    std::string indices;
    std::string names;
    std::string folders;
    const auto count = static_cast<std::uint32_t>(package.files.size());
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto [folder, name] = parts_of_path(package.files[i]);
        indices += big_endian(i);
        names += with_end(name);
        folders += with_end(folder);
    }
    std::vector<HeaderEntry> entries{{1004, 9, 1, with_end(package.summary)}, {1016, 9, 1, with_end(package.group)}};
    if (count > 0)
        entries.insert(entries.end(), {{1116, 4, count, indices}, {1117, 8, count, names}, {1118, 8, count, folders}});
    return header_of(entries);
}

/// A database with the tables that are read here, as rpm 4.18 makes them.
class RpmWriter {
public:
    explicit RpmWriter(const std::filesystem::path& file) : database_{opened(file)}
    {
        run("PRAGMA journal_mode = WAL");
        run("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)");
        for (const std::string name : {"Basenames", "Dirnames"}) {
            run("CREATE TABLE " + name + " (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)");
            run("CREATE INDEX " + name + "_key_idx ON " + name + "(key ASC)");
            run("CREATE INDEX " + name + "_hnum_idx ON " + name + "(hnum ASC)");
        }
        settle();
    }

    void run(const std::string& sql)
    {
        const auto done = database_.execute(sql.c_str());
        REQUIRE_MESSAGE(done.has_value(), done.error().message());
    }
    /// Into the file itself, as rpm does at the end.
    void settle() { run("PRAGMA wal_checkpoint(TRUNCATE)"); }

    void add(const WrittenPackage& package) { add(package, header_of(package)); }
    /// `header`: what it has in the place of its own.
    void add(const WrittenPackage& package, const std::string& header)
    {
        ++packages_;
        auto statement = prepared("INSERT INTO Packages VALUES (?1, ?2)");
        statement.bind(1, packages_);
        statement.bind(2, header);
        REQUIRE(statement.run());
        std::int64_t index = 0;
        for (const auto& file : package.files) {
            const auto [folder, name] = parts_of_path(file);
            add_key("INSERT INTO Basenames VALUES (CAST(?1 AS TEXT), ?2, ?3)", name, index);
            add_key("INSERT INTO Dirnames VALUES (CAST(?1 AS TEXT), ?2, ?3)", folder, index);
            ++index;
        }
    }

private:
    static Database opened(const std::filesystem::path& file)
    {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream{file};
        auto database = Database::open(file);
        REQUIRE(database.has_value());
        return *std::move(database);
    }
    Statement prepared(const char* sql)
    {
        auto statement = database_.prepare(sql);
        REQUIRE(statement.has_value());
        return *std::move(statement);
    }
    void add_key(const char* sql, const std::string& key, std::int64_t index)
    {
        auto statement = prepared(sql);
        statement.bind(1, key);
        statement.bind(2, packages_);
        statement.bind(3, index);
        REQUIRE(statement.run());
    }

    Database database_;
    std::int64_t packages_ = 0;
};

}  // namespace priorityd::kernel
