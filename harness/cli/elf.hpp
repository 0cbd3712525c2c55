// A look into a shared object before it is loaded: what it is, which symbols it wants from others,
// which libraries it names. Every offset is checked against the size of the file, so that any bytes
// whatever may be given to it.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace harness::cli {

struct SharedObject {
  std::string problem;  // "" or why it is no loadable shared object: "is no ELF file"
  std::vector<std::string> undefined;  // names of symbols that others must define
  std::vector<std::string> libraries;  // DT_NEEDED
};

// The same for a program that is to be run.
struct Executable {
  std::string problem;                 // "" or why it cannot be run here
  std::vector<std::string> undefined;  // names of symbols that shared objects must define
  std::vector<std::string> defined;    // names of those it defines itself, as far as it says
  std::vector<std::string> libraries;  // DT_NEEDED
  std::string rpath;                   // DT_RPATH, which stands before LD_LIBRARY_PATH
};

SharedObject read_shared_object(std::span<const unsigned char> file);
// The same for a file, mapped; a file that cannot be opened is a problem like the others.
SharedObject read_shared_object(const std::string& path);
Executable read_executable(std::span<const unsigned char> file);
Executable read_executable(const std::string& path);

}  // namespace harness::cli
