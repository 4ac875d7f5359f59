// The main function of every doctest executable.
//
// TEST_LOCALE names a locale to run in, for C and C++ alike: nothing may depend on it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <locale>
#include <stdexcept>

int main(int argc, char** argv) {
  if (const char* name = std::getenv("TEST_LOCALE")) {
    try {
      std::locale::global(std::locale(name));  // sets C's too
    } catch (const std::runtime_error&) {
      std::printf("there is no locale %s\n", name);
      return 1;
    }
  }
  return doctest::Context(argc, argv).run();
}
