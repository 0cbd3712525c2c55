#include "harness/cli/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "harness/engine/errors.hpp"

namespace harness::cli {
namespace {

constexpr std::size_t largest_input = std::size_t{1} << 30;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  // Some file systems tell of a full disk only here.
  bool closed_well() { return close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string reason() { return std::strerror(errno); }

std::string write_in_place(const std::string& path, std::string_view text) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_TRUNC));
  if (file.number() < 0) return reason();
  return write_all(file.number(), text);
}

std::string write_beside_and_rename(const std::string& path, std::string_view text) {
  const std::filesystem::path target(path);
  const std::string pattern =
      (target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string();
  std::vector<char> name(pattern.c_str(), pattern.c_str() + pattern.size() + 1);
  Descriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (file.number() < 0) return reason();
  const mode_t mask = umask(0);
  umask(mask);
  std::string problem = write_all(file.number(), text);
  if (problem.empty() && fchmod(file.number(), 0666 & ~mask) != 0) problem = reason();
  if (problem.empty() && fsync(file.number()) != 0) problem = reason();
  if (!file.closed_well() && problem.empty()) problem = reason();
  if (problem.empty() && rename(name.data(), path.c_str()) != 0) problem = reason();
  if (!problem.empty()) unlink(name.data());
  return problem;
}

}  // namespace

std::string read_file(const std::string& path, std::string_view origin) {
  const auto refuse = [&](const std::string& why) {
    throw UsageError(fmt::format("{}: '{}' cannot be read: {}", origin, path, why));
  };
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) refuse(reason());
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (true) {
    const ssize_t got = read(file.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(reason());
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > largest_input) refuse("it is larger than 1 GiB");
  }
}

void keep_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one: those below are open by now.
    static_cast<void>(open(number == STDIN_FILENO ? "/dev/null" : "/dev/full", O_RDWR));
  }
}

std::string write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = write(descriptor, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return reason();
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

std::string write_file(const std::string& path, std::string_view text) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) return "it is a directory";
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    return write_in_place(path, text);
  const auto target = std::filesystem::weakly_canonical(path, error);
  return write_beside_and_rename(error ? path : target.string(), text);
}

std::string make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return error.message();
  return std::filesystem::is_directory(path, error) ? "" : "it is no directory";
}

}  // namespace harness::cli
