// SPDX-License-Identifier: GPL-3.0-or-later
/// A folder of state whose files are only ever replaced whole: a crash at any instant leaves the old one or the new
/// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

/// Who may read what is put into a folder.
enum class Readers : std::uint8_t { owner, everybody };

/// Names are those of files in the folder itself, without a slash. Links are never followed. What is const may be
/// called from any thread, for different names at the same time.
class DurableFolder {
public:
    /// Makes it, mode 0700 or 0755, if need be; not the folders above. Errors: those of mkdir(2) and open(2).
    [[nodiscard]] static Result<DurableFolder> open(const std::filesystem::path& path,
                                                    Readers readers = Readers::owner);

    /// For messages.
    [[nodiscard]] std::string path_of(std::string_view name) const { return (path_ / name).string(); }

    /// In no order. Errors: those of opendir(3).
    [[nodiscard]] Result<std::vector<std::string>> names() const;
    /// Errors: ELOOP for a link; code 0 for what is no file; EFBIG when it is longer than `most` bytes; those of
    /// open(2) and read(2).
    [[nodiscard]] Result<std::string> read(const std::string& name, std::size_t most) const;

    /// Mode 0600 or 0644. When it returns, the file is on disk. Waits for the disk. Errors: those of write(2), fsync(2)
    /// and rename(2); then the folder is as it was, unless the disk itself has failed after the replacing: then the
    /// file is gone.
    [[nodiscard]] Result<void> write(const std::string& name, std::string_view text) const;
    /// When it returns, the file is gone from the disk, or was not there. Waits for the disk. Errors: those of
    /// unlink(2) and fsync(2).
    [[nodiscard]] Result<void> remove(const std::string& name) const;
    /// The same without waiting for the disk: a crash of the machine may bring the file back.
    [[nodiscard]] Result<void> drop(const std::string& name) const;
    /// Renames it to NAME.corrupt, or NAME.corrupt.2 and so on when that is taken, and tells the new name. Errors:
    /// those of rename(2).
    [[nodiscard]] Result<std::string> set_aside(const std::string& name) const;

    /// An empty file, of that mode, open for reading and writing, that nobody sees before it is put in place.
    [[nodiscard]] Result<kernel::UniqueFd> draft(const std::string& name) const;
    /// Replaces the file by its draft, without waiting for the disk.
    [[nodiscard]] Result<void> put_in_place(const std::string& name) const;
    /// Waits until that is on the disk. Errors: those of fsync(2).
    [[nodiscard]] Result<void> sync() const;
    void discard_draft(const std::string& name) const;
    /// Those that a crash has left.
    void discard_drafts() const;

private:
    DurableFolder(std::filesystem::path path, kernel::UniqueFd folder, Readers readers)
        : path_{std::move(path)}, folder_{std::move(folder)}, readers_{readers}
    {
    }
    [[nodiscard]] Result<kernel::UniqueFd> open_file(const std::string& name) const;
    [[nodiscard]] Result<void> write_draft(const std::string& name, std::string_view text) const;

    std::filesystem::path path_;
    kernel::UniqueFd folder_;
    Readers readers_;
};

/// Whether the machine lacked something for a moment, rather than the file being at fault.
[[nodiscard]] bool is_passing(const Error& error);

/// Writes all of it at the file's present position. Errors: those of write(2); a part may have been written.
[[nodiscard]] Result<void> write_all(int file, std::string_view text);

}  // namespace priorityd::daemon
