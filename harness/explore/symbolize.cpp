// Which module an address lies in, and a memory of every answer given. The loader itself is asked
// for the modules (dl_iterate_phdr), so that a plugin loaded later is found on the first miss.
#include "harness/explore/symbolize.hpp"

#include <link.h>
#include <unistd.h>

#include <memory>
#include <unordered_map>

#include "harness/explore/symbolize_module.hpp"

namespace harness {
namespace {

constexpr std::size_t most_remembered = 1 << 16;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string path_of_program() {
  std::string path(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return path;
}

struct Loader {
  unsigned long long loads = 0;
  unsigned long long unloads = 0;
  std::vector<LoadedModule> modules;
};

int count_loads(dl_phdr_info* info, std::size_t, void* out) {
  auto& loader = *static_cast<Loader*>(out);
  loader.loads = info->dlpi_adds;
  loader.unloads = info->dlpi_subs;
  return 1;
}

int add_module(dl_phdr_info* info, std::size_t, void* out) {
  auto& loader = *static_cast<Loader*>(out);
  loader.loads = info->dlpi_adds;
  loader.unloads = info->dlpi_subs;
  LoadedModule module;
  const std::string given = info->dlpi_name ? info->dlpi_name : "";
  // The program itself comes first and has no name.
  const bool program = loader.modules.empty() && given.empty();
  module.path = program ? "/proc/self/exe" : given;
  module.name = file_name(program ? path_of_program() : given);
  module.bias = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    module.segments.emplace_back(begin, begin + segment.p_memsz);
  }
  loader.modules.push_back(std::move(module));
  return 0;
}

class Symbolizer {
 public:
  const std::vector<reports::Frame>& frames_at(std::uintptr_t return_address) {
    refresh();
    const auto known = frames_.find(return_address);
    if (known != frames_.end()) return known->second;
    if (frames_.size() >= most_remembered) frames_.clear();
    std::vector<reports::Frame> frames{{"", "", 0, "(no module)"}};
    // The address after a call may belong to the next line, or even to the next function.
    ModuleSymbols* module = module_at(return_address - 1);
    if (module) frames = module->frames(return_address - 1);
    return frames_.emplace(return_address, std::move(frames)).first->second;
  }

  std::string data_symbol(std::uintptr_t address) {
    refresh();
    ModuleSymbols* module = module_at(address);
    return module ? module->data_symbol(address) : std::string();
  }

 private:
  ModuleSymbols* module_at(std::uintptr_t address) {
    for (const auto& module : modules_) {
      if (module->contains(address)) return module.get();
    }
    return nullptr;
  }

  // Costs a call and no more while nothing was loaded or unloaded.
  void refresh() {
    Loader now;
    dl_iterate_phdr(count_loads, &now);
    if (!modules_.empty() && now.loads == loads_ && now.unloads == unloads_) return;
    if (now.unloads != unloads_) {
      // Another module may stand where the old one was.
      modules_.clear();
      frames_.clear();
    }
    Loader all;
    dl_iterate_phdr(add_module, &all);
    for (LoadedModule& module : all.modules) {
      if (module.segments.empty() || module_at(module.segments.front().first)) continue;
      modules_.push_back(std::make_unique<ModuleSymbols>(std::move(module)));
    }
    if (now.loads != loads_) frames_.clear();
    loads_ = all.loads;
    unloads_ = all.unloads;
  }

  unsigned long long loads_ = 0;
  unsigned long long unloads_ = 0;
  std::vector<std::unique_ptr<ModuleSymbols>> modules_;
  std::unordered_map<std::uintptr_t, std::vector<reports::Frame>> frames_;
};

Symbolizer& symbolizer() {
  static Symbolizer instance;
  return instance;
}

}  // namespace

std::vector<reports::Frame> frames_at(std::uintptr_t return_address) {
  return symbolizer().frames_at(return_address);
}

std::string data_symbol(std::uintptr_t address) { return symbolizer().data_symbol(address); }

}  // namespace harness
