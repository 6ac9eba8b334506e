#include "harness/run/build_info.h"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "harness/record/provenance.h"
#include "kernels/api/error.h"
#include "kernels/api/format.h"
#include "kernels/api/process_isa.h"

namespace roofgap {
namespace {

// The build id among the notes of a segment, 16 hex digits of it; empty where it is not there.
std::string BuildId(const char* notes, size_t bytes) {
  const auto padded = [](size_t size) { return (size + 3) & ~size_t{3}; };
  ElfW(Nhdr) note;
  for (size_t at = 0; at + sizeof note <= bytes; at += sizeof note + padded(note.n_namesz) + padded(note.n_descsz)) {
    std::memcpy(&note, notes + at, sizeof note);
    const char* const name = notes + at + sizeof note;
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || std::memcmp(name, "GNU", 4) != 0) continue;
    std::string digits;
    for (size_t i = 0; i < std::min<size_t>(note.n_descsz, 8); ++i) {
      digits += Format("%02x", static_cast<unsigned char>(name[4 + i]));
    }
    return digits;
  }
  return "";
}

// Called for the first of the objects in memory, which is the program.
int ReadBuildId(dl_phdr_info* program, size_t, void* id) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const char*>(program->dlpi_addr + segment.p_vaddr);
    *static_cast<std::string*>(id) += BuildId(notes, segment.p_memsz);
  }
  return 1;  // no other object
}

// What the linker called the program that runs, as it lies in memory: the same for the stripped one, where the file
// that runs is a loader, and without /proc. Empty where the linker wrote none.
std::string ProgramFingerprint() {
  std::string id;
  dl_iterate_phdr(ReadBuildId, &id);
  return id;
}

}  // namespace

std::string Version() { return ROOFGAP_VERSION; }

std::filesystem::path Shipped(const std::filesystem::path& path) {
  if (path.is_absolute() || std::filesystem::exists(path)) return path;
  std::vector<std::filesystem::path> homes;
  if (const char* const home = std::getenv("ROOFGAP_HOME")) homes.push_back(home);
  std::error_code unknown;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  for (; program.has_relative_path(); program = program.parent_path()) homes.push_back(program.parent_path());
  for (const std::filesystem::path& home : homes) {
    if (std::filesystem::exists(home / path)) return home / path;
  }
  return path;
}

std::filesystem::path ShippedOrNamed(const std::filesystem::path& path, const std::string& option) {
  const std::filesystem::path found = Shipped(path);
  if (std::filesystem::exists(found)) return found;
  throw Error(path.string() + ": there is no such file, neither from here nor beside the program; allowed is " +
              option + " with the name of one");
}

RunInfo NewRunInfo() {
  RunInfo info;
  info.utc = UtcNow();
  info.roofgap_version = Version();
  info.compiler = Compiler();
  info.build_type = ROOFGAP_BUILD_TYPE;
  static const std::string program = ProgramFingerprint();
  info.program = program;
  if (const std::string library = ProcessLibrary(); !library.empty()) info.libraries.push_back(library);
  return info;
}

}  // namespace roofgap
