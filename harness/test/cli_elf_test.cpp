// The look into shared objects: real ones are understood, damaged ones are refused and never
// overrun.
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "harness/cli/elf.hpp"
#include "harness/test/process.hpp"

namespace harness::cli {
namespace {

std::vector<unsigned char> bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string plugin(const std::string& name) {
  return std::string(HARNESS_PLUGINS) + "/" + name + "/" + name + ".so";
}

bool has(const std::vector<std::string>& texts, const std::string& wanted) {
  return std::find(texts.begin(), texts.end(), wanted) != texts.end();
}

TEST(CliElf, APluginTellsWhatItWants) {
  const SharedObject object = read_shared_object(plugin("good"));
  EXPECT_EQ(object.problem, "");
  EXPECT_TRUE(has(object.undefined, "harness_point"));
  EXPECT_TRUE(has(object.undefined, "harness_observe"));
  EXPECT_TRUE(has(object.libraries, "libc.so.6"));
  const bool address = std::string(HARNESS_SANITIZER) == "address";
  EXPECT_TRUE(has(object.undefined, address ? "__asan_init" : "__tsan_init"));
}

TEST(CliElf, WhatIsNoSharedObject) {
  const test::Folder folder;
  std::ofstream(folder.file("text.so")) << "#!/bin/sh\n";
  std::ofstream(folder.file("empty.so")) << "";
  std::ofstream(folder.file("short.so")) << "\x7f"
                                            "ELF";
  EXPECT_EQ(read_shared_object(folder.file("text.so")).problem,
            "is no ELF file, so no shared object");
  EXPECT_EQ(read_shared_object(folder.file("empty.so")).problem, "is empty");
  EXPECT_NE(read_shared_object(folder.file("short.so")).problem, "");
  EXPECT_NE(read_shared_object(folder.file("absent.so")).problem, "");
  EXPECT_EQ(read_shared_object(folder.path().string()).problem, "is no regular file");
  EXPECT_EQ(read_shared_object(std::string(HARNESS_BINARY)).problem,
            "is an executable; link it with -shared");
}

TEST(CliElf, AnotherMachine) {
  auto bytes = bytes_of(plugin("good"));
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.e_machine = EM_AARCH64;
  std::memcpy(bytes.data(), &header, sizeof header);
  EXPECT_EQ(read_shared_object(std::span<const unsigned char>(bytes)).problem,
            "was built for another machine; x86-64 is wanted");
}

TEST(CliElf, CutOffAnywhere) {
  const auto whole = bytes_of(plugin("empty"));
  ASSERT_GT(whole.size(), 1000u);
  for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 97) {
    // A copy of exactly that size, so that a read past its end is seen by AddressSanitizer.
    const std::vector<unsigned char> cut(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(read_shared_object(std::span<const unsigned char>(cut)).problem, "") << size;
  }
}

TEST(CliElf, DamagedAnywhere) {
  const auto whole = bytes_of(plugin("empty"));
  Elf64_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof header);
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
  };
  // Most of the damage where the offsets are: the header and the section headers.
  for (int round = 0; round < 2000; ++round) {
    auto damaged = whole;
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t at =
          draw(2) ? draw(sizeof header) : header.e_shoff + draw(whole.size() - header.e_shoff);
      damaged[at] = static_cast<unsigned char>(draw(3) ? draw(256) : 255);
    }
    const SharedObject object = read_shared_object(std::span<const unsigned char>(damaged));
    for (const std::string& name : object.undefined) EXPECT_LT(name.size(), whole.size());
  }
}

}  // namespace
}  // namespace harness::cli
