// See gnutls-cli.ts.
#include <stdio.h>

void setbuf(FILE* stream, char* buffer) {
  (void)stream;
  (void)buffer;
}
