#include "transport_bio.h"

#include <new>

namespace sslctx {

namespace {

Transport* Of(BIO* bio) { return static_cast<Transport*>(BIO_get_data(bio)); }

int Read(BIO* bio, char* data, int length) noexcept {
  BIO_clear_retry_flags(bio);
  Transport* const transport = Of(bio);
  if (transport == nullptr) return 0;
  const int count = transport->ReadCiphertext(data, length);
  if (count == Transport::kRetry) BIO_set_retry_read(bio);
  return count;
}

int Write(BIO* bio, const char* data, int length) noexcept {
  BIO_clear_retry_flags(bio);
  Transport* const transport = Of(bio);
  return transport != nullptr && transport->WriteCiphertext(data, length) ? length : -1;
}

long Control(BIO* bio, int command, long, void*) noexcept {
  if (command == BIO_CTRL_FLUSH) return 1;
  Transport* const transport = Of(bio);
  return command == BIO_CTRL_EOF && (transport == nullptr || transport->AtEnd()) ? 1 : 0;
}

// A table of constants, which OpenSSL wants to be made by its own functions.
const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sslctx channel");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(made, Read);
    BIO_meth_set_write(made, Write);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

}  // namespace

OwnedBio NewTransportBio(Transport* transport) {
  OwnedBio bio(BIO_new(Method()));
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio.get(), transport);
  BIO_set_init(bio.get(), 1);
  return bio;
}

void DetachTransport(BIO* bio) { BIO_set_data(bio, nullptr); }

}  // namespace sslctx
