// What an inbox needs of libuv's loop, without Node: a call that any thread may make, and the end of a handle.
#include <uv.h>

extern "C" {

int uv_async_init(uv_loop_t* loop, uv_async_t* async, uv_async_cb callback) {
  *async = {};
  async->loop = loop;
  async->async_cb = callback;
  return 0;
}

int uv_async_send(uv_async_t* async) {
  __atomic_store_n(&async->pending, 1, __ATOMIC_RELEASE);
  return 0;
}

void uv_unref(uv_handle_t*) {}

void uv_close(uv_handle_t* handle, uv_close_cb closed) { closed(handle); }
}
