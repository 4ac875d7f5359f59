// What numbers and letters look like in the locale TEST_LOCALE names, to see that it is in force.
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <locale>
#include <stdexcept>

int main() {
  try {
    std::locale::global(std::locale(std::getenv("TEST_LOCALE")));
  } catch (const std::runtime_error&) {
    return 1;
  }
  std::cout.imbue(std::locale());
  std::printf("%.1f ", 1.5);
  std::fflush(stdout);
  std::cout << 1000 << ' ' << (std::toupper('i') == 'I' ? 'I' : 'i') << std::endl;
}
