// zstd's multi-threaded compression, without instrumentation: its pool of workers, jobs and buffers
// under every order of their locks and conditions.
#include <zstd.h>

#include <cassert>
#include <string>

int main() {
  std::string text;
  for (int i = 0; text.size() < (1u << 20); ++i) text += std::to_string(i * 7919 % 1000);
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  assert(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, 2)));
  assert(!ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_jobSize, 512 << 10)));
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1);
  std::string packed(ZSTD_compressBound(text.size()), 0);
  const std::size_t bytes =
      ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size());
  assert(!ZSTD_isError(bytes));
  ZSTD_freeCCtx(context);
  std::string unpacked(text.size(), 0);
  assert(ZSTD_decompress(unpacked.data(), unpacked.size(), packed.data(), bytes) == text.size() &&
         unpacked == text);
}
