/* The smallest C program that needs the library to be found, linked and run. */
#include <gatelet/gatelet.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  gatelet_config *config = NULL;
  gatelet_error error = GATELET_ERROR_INIT;
  gatelet_str key = GATELET_LITERAL("no_such_option");
  gatelet_str value = GATELET_LITERAL("x");
  if (gatelet_config_new(&config) != GATELET_OK) return 1;
  if (gatelet_config_set(config, key, value, &error) != GATELET_E_UNKNOWN_OPTION) return 2;
  gatelet_config_free(config);
  printf("version %u\n", (unsigned)gatelet_version());
  return gatelet_version() == GATELET_EXPECTED ? 0 : 3;
}
