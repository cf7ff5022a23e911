// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/rpm_header.hpp"

#include <algorithm>

namespace priorityd::kernel {
namespace {

enum class Tag : std::uint32_t {
    summary = 1004,
    group = 1016,
    folder_indices = 1116,
    base_names = 1117,
    folders = 1118,
};

enum class Type : std::uint32_t {
    int32 = 4,
    text = 6,
    texts = 8,
    translated = 9,  ///< Texts of one meaning, the first of them in the language C.
};

constexpr std::size_t kNumberBytes = 4;
/// Tag, type, offset, count.
constexpr std::size_t kEntryBytes = 4 * kNumberBytes;
/// As long as a field of dpkg may be.
constexpr std::size_t kLongestText = 64UL << 10U;
/// Which builders write for packages that have none.
constexpr std::string_view kNoGroup = "Unspecified";

/// The number that the bytes begin with, which are enough.
std::uint32_t number_in(std::string_view bytes)
{
    constexpr unsigned kByteBits = 8;
    std::uint32_t number = 0;
    for (const char byte : bytes.substr(0, kNumberBytes))
        number = number << kByteBits | static_cast<std::uint8_t>(byte);
    return number;
}

/// So many texts that the bytes begin with, each with its NUL; empty where there are fewer.
std::optional<std::string_view> texts_in(std::string_view bytes, std::uint32_t count)
{
    std::size_t size = 0;
    for (; count > 0; --count) {
        const auto end = bytes.find('\0', size);
        if (end == std::string_view::npos)
            return std::nullopt;
        size = end + 1;
    }
    return bytes.substr(0, size);
}

/// Which is there: the texts are counted.
std::string_view text_at(std::string_view texts, std::uint32_t number)
{
    for (; number > 0; --number)
        texts.remove_prefix(texts.find('\0') + 1);
    return texts.substr(0, texts.find('\0'));
}

struct Entry {
    Type type;
    std::uint32_t count;
    std::string_view bytes;  ///< What it is about, and all that follows it.
};

/// A header cut into its index and its data. Of entries with one tag the first counts.
class Index {
public:
    [[nodiscard]] static std::optional<Index> parse(std::string_view bytes)
    {
        constexpr std::size_t kLead = 2 * kNumberBytes;
        if (bytes.size() < kLead)
            return std::nullopt;
        const std::uint64_t entry_bytes = std::uint64_t{number_in(bytes)} * kEntryBytes;
        const std::uint64_t data_bytes = number_in(bytes.substr(kNumberBytes));
        if (kLead + entry_bytes + data_bytes != bytes.size())
            return std::nullopt;
        return Index{bytes.substr(kLead, entry_bytes), bytes.substr(kLead + entry_bytes)};
    }

    /// The entry's data begin within the data. Empty where there is no such entry.
    [[nodiscard]] std::optional<Entry> find(Tag tag)
    {
        for (auto rest = entries_; !rest.empty(); rest.remove_prefix(kEntryBytes)) {
            if (number_in(rest) != static_cast<std::uint32_t>(tag))
                continue;
            const auto offset = number_in(rest.substr(2 * kNumberBytes));
            is_sound_ = is_sound_ && offset <= data_.size();
            return Entry{.type = static_cast<Type>(number_in(rest.substr(kNumberBytes))),
                         .count = number_in(rest.substr(3 * kNumberBytes)),
                         .bytes = data_.substr(std::min<std::size_t>(offset, data_.size()))};
        }
        return std::nullopt;
    }

    /// One line. Empty where there is none.
    std::string_view line(Tag tag)
    {
        const auto entry = find(tag);
        if (!entry)
            return {};
        const bool is_one = entry->type == Type::text && entry->count == 1;
        const auto text = texts_in(entry->bytes.substr(0, kLongestText), 1);
        is_sound_ = is_sound_ && text && entry->count > 0 && (is_one || entry->type == Type::translated);
        if (!is_sound_)
            return {};
        const auto whole = text_at(*text, 0);
        return whole.substr(0, whole.find('\n'));
    }

    /// How many texts, and they.
    std::string_view texts(Tag tag, std::uint32_t& count)
    {
        const auto entry = find(tag);
        if (!entry)
            return {};
        const auto texts = texts_in(entry->bytes, entry->count);
        is_sound_ = is_sound_ && texts && entry->type == Type::texts;
        count = entry->count;
        return texts.value_or(std::string_view{});
    }

    /// Numbers below `below`, so many as there are.
    std::string_view numbers(Tag tag, std::uint32_t wanted, std::uint32_t below)
    {
        const auto entry = find(tag);
        is_sound_ = is_sound_ && entry.has_value() == (wanted > 0);
        if (!entry || !is_sound_)
            return {};
        is_sound_ =
            entry->type == Type::int32 && entry->count == wanted && wanted <= entry->bytes.size() / kNumberBytes;
        if (!is_sound_)
            return {};
        const auto numbers = entry->bytes.substr(0, wanted * kNumberBytes);
        for (auto rest = numbers; !rest.empty(); rest.remove_prefix(kNumberBytes))
            is_sound_ = is_sound_ && number_in(rest) < below;
        return numbers;
    }

    /// Whether all was well-formed that has been read so far.
    [[nodiscard]] bool is_sound() const { return is_sound_; }

private:
    Index(std::string_view entries, std::string_view data) : entries_{entries}, data_{data} {}

    std::string_view entries_;
    std::string_view data_;
    bool is_sound_ = true;
};

}  // namespace

std::optional<RpmHeader> RpmHeader::parse(std::string_view bytes)
{
    auto index = Index::parse(bytes);
    if (!index)
        return std::nullopt;
    RpmHeader header;
    header.summary_ = index->line(Tag::summary);
    header.group_ = index->line(Tag::group);
    if (header.group_ == kNoGroup)
        header.group_ = {};
    std::uint32_t folder_count = 0;
    header.base_names_ = index->texts(Tag::base_names, header.file_count_);
    header.folders_ = index->texts(Tag::folders, folder_count);
    header.folder_indices_ = index->numbers(Tag::folder_indices, header.file_count_, folder_count);
    return index->is_sound() ? std::optional{header} : std::nullopt;
}

std::string RpmHeader::file(std::uint32_t number) const
{
    if (number >= file_count_)
        return {};
    const auto folder = number_in(folder_indices_.substr(number * kNumberBytes));
    return std::string{text_at(folders_, folder)}.append(text_at(base_names_, number));
}

}  // namespace priorityd::kernel
