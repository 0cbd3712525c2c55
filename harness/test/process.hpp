// Runs a program as a user would, without a shell: arguments, environment, directory in; exit code
// and both outputs back.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace harness::test {

struct Ran {
  int code = -1;  // exit code; 128 + signal where it was killed
  std::string out;
  std::string err;
};

struct Command {
  std::vector<std::string> words;
  std::vector<std::string> environment = {};  // added to a small fixed one
  std::string directory = {};
  // Called once, with the process, when something has come on standard output.
  void (*at_first_output)(pid_t) = nullptr;
};

inline std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] inline void become(Command& command, int out, int err) {
  setpgid(0, 0);  // so that a signal can be sent to it and its workers, as a terminal does
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) _exit(126);
  std::vector<std::string> environment{"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TERM=dumb"};
  environment.insert(environment.end(), command.environment.begin(), command.environment.end());
  execve(command.words.front().c_str(), pointers(command.words).data(),
         pointers(environment).data());
  _exit(127);
}

inline Ran run(Command command) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) become(command, out[1], err[1]);
  close(out[1]);
  close(err[1]);
  Ran ran;
  std::array<pollfd, 2> wanted{pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  std::array<std::string*, 2> texts{&ran.out, &ran.err};
  for (int open_ends = 2; open_ends > 0;) {
    if (poll(wanted.data(), wanted.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].fd < 0 || wanted[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t got = read(wanted[i].fd, buffer.data(), buffer.size());
      if (got <= 0) {
        close(wanted[i].fd);
        wanted[i].fd = -1;
        --open_ends;
        continue;
      }
      texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
      if (i == 0 && command.at_first_output) std::exchange(command.at_first_output, nullptr)(child);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

// A directory of its own for a test, removed afterwards.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "harness-test-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace harness::test
