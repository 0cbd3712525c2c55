// xz's multi-threaded encoder (liblzma), without instrumentation.
#include <lzma.h>

#include <cassert>
#include <cstdint>
#include <string>

int main() {
  std::string text;
  for (int i = 0; text.size() < (40u << 10); ++i) text += std::to_string(i * 7919 % 1000);
  lzma_options_lzma small;
  lzma_lzma_preset(&small, 0);
  small.dict_size = LZMA_DICT_SIZE_MIN;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &small}, {LZMA_VLI_UNKNOWN, nullptr}};
  lzma_mt options{};
  options.threads = 2;
  options.block_size = 16 << 10;
  options.filters = filters;
  options.check = LZMA_CHECK_CRC32;
  lzma_stream stream = LZMA_STREAM_INIT;
  assert(lzma_stream_encoder_mt(&stream, &options) == LZMA_OK);
  std::string packed(text.size() * 2 + 1024, 0);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(text.data());
  stream.avail_in = text.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data());
  stream.avail_out = packed.size();
  lzma_ret result;
  while ((result = lzma_code(&stream, LZMA_FINISH)) == LZMA_OK) {
  }
  assert(result == LZMA_STREAM_END);
  const std::size_t bytes = stream.total_out;
  lzma_end(&stream);

  std::string unpacked(text.size(), 0);
  std::uint64_t limit = UINT64_MAX;
  std::size_t in = 0;
  std::size_t out = 0;
  assert(lzma_stream_buffer_decode(
             &limit, 0, nullptr, reinterpret_cast<const std::uint8_t*>(packed.data()), &in, bytes,
             reinterpret_cast<std::uint8_t*>(unpacked.data()), &out, unpacked.size()) == LZMA_OK);
  assert(unpacked == text);
}
