// H19: what a session shows of itself.
#include "pair.h"

int main(void) {
  limit(5, 50);
  SSL_SESSION* session = new_session(1, TLS1_2_VERSION);
  BIO* out = BIO_new(BIO_s_mem());
  REQUIRE(SSL_SESSION_print(out, session) == 1);
  char* text;
  const long length = BIO_get_mem_data(out, &text);
  char* copy = strndup(text, (size_t)length);
  // The master key that new_session sets begins with 07 00 00.
  say("masterKey", strstr(copy, "Master-Key: 070000") != NULL);
  return 0;
}
