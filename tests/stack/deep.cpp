// Takes as many KiB of stack as the first argument says, on a thread where there is a second one.
#include <cstdlib>
#include <thread>

namespace {

int take(int num_kib) {
  volatile char piece[1024];
  piece[0] = static_cast<char>(num_kib);
  return num_kib <= 1 ? piece[0] : take(num_kib - 1) + piece[0] - piece[0];
}

}  // namespace

int main(int argc, char** argv) {
  const int num_kib = argc > 1 ? std::atoi(argv[1]) : 0;
  int last = 0;
  if (argc > 2) {
    std::thread([&] { last = take(num_kib); }).join();
  } else {
    last = take(num_kib);
  }
  return last == 1 ? 0 : 1;
}
