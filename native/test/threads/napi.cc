// Node-API where no JavaScript is: references are null, and everything else ends the program (see CMakeLists.txt).
#include <node_api.h>

extern "C" {

napi_status napi_delete_reference(node_api_basic_env, napi_ref reference) {
  return reference == nullptr ? napi_ok : napi_invalid_arg;
}

napi_status napi_get_reference_value(napi_env, napi_ref, napi_value* value) {
  *value = nullptr;
  return napi_ok;
}

napi_status napi_open_handle_scope(napi_env, napi_handle_scope* scope) {
  *scope = nullptr;
  return napi_ok;
}

napi_status napi_close_handle_scope(napi_env, napi_handle_scope) { return napi_ok; }

napi_status napi_adjust_external_memory(node_api_basic_env, int64_t, int64_t* adjusted) {
  *adjusted = 0;
  return napi_ok;
}
}
