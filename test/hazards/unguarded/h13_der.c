// H13: what d2i_SSL_SESSION takes, and how it says no.
#include "pair.h"

int main(void) {
  limit(5, 50);
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  unsigned char der[1024] = {0};
  unsigned char* out = der;
  const int length = i2d_SSL_SESSION(session, &out);
  REQUIRE(length > 0);
  const unsigned char* in = der;
  say("trailing", d2i_SSL_SESSION(NULL, &in, length + 7) != NULL);
  say("consumed", (long)(in - der) == length);
  // SEQUENCE, version 1, ssl_version 0x0303, then the two bytes of the cipher.
  int cipher = -1;
  for (int i = 0; i < 16; i++) {
    if (der[i] == 0x04 && der[i + 1] == 2) cipher = i + 2;
  }
  REQUIRE(cipher > 0);
  der[cipher] = der[cipher + 1] = 0xee;
  in = der;
  ERR_clear_error();
  say("unknownCipher", d2i_SSL_SESSION(NULL, &in, length) != NULL);
  say("queued", ERR_peek_error() != 0);
  return 0;
}
