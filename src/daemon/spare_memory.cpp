// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/spare_memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace priorityd::daemon {
namespace {

/// A file's bytes as they are, which nothing is lost of: segments that are never written, not even by the linker.
bool is_as_in_file(const ElfW(Phdr) & segment)
{
    return segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0;
}

/// Relocations in code, which hardly any object has, would be lost.
bool has_written_code(const dl_phdr_info& object)
{
    for (int i = 0; i < object.dlpi_phnum; ++i) {
        if (object.dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr)
        const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + object.dlpi_phdr[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; ++entry) {
            if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
                return true;
        }
    }
    return false;
}

void unmap_pages(std::uintptr_t begin, std::uintptr_t end)
{
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    begin = (begin + page - 1) / page * page;
    end = end / page * page;
    if (begin < end)  // it stays mapped, so that a touch brings it back
        ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
}

int unmap_object(dl_phdr_info* object, std::size_t /*size*/, void* /*unused*/)
{
    if (has_written_code(*object))
        return 0;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (is_as_in_file(segment))
            unmap_pages(object->dlpi_addr + segment.p_vaddr, object->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    return 0;
}

}  // namespace

void give_back_spare_memory()
{
    ::malloc_trim(0);
    ::dl_iterate_phdr(unmap_object, nullptr);
}

}  // namespace priorityd::daemon
