// libFuzzer entry: any bytes as a configuration. From the top of the repository:
//
//   clang++ -std=c++23 -g -O1 -fsanitize=fuzzer,address,undefined -Isrc -Itests
//       tests/fuzz/yaml_fuzz.cc src/model/*.cc src/base/*.cc -lfmt -lyaml-cpp -lcrypto -o yaml_fuzz
//   mkdir corpus && cp examples/*/*.yaml corpus && ./yaml_fuzz -max_total_time=60 corpus
#include <cstdint>
#include <cstdlib>

#include "model/local_types.h"
#include "model/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto result = switchback::read_application(bytes, "fuzz", switchback::local_types::all);
  if (result.application.has_value() != result.errors.empty()) std::abort();
  return 0;
}
