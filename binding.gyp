{
  'targets': [
    # libuv's header lies beside the headers of Node's own OpenSSL: the one file that needs it is compiled apart from
    # all that includes OpenSSL's.
    {
      'target_name': 'sslctx_loop',
      'type': 'static_library',
      'sources': ['native/net/loop.cc'],
      'cflags': ['-fPIC', '-fvisibility=hidden'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++20', '-O2'],
    },
    {
      'target_name': 'sslctx',
      'dependencies': ['sslctx_loop'],
      # One translation unit per C type: a new file is found, not listed.
      'sources': ["<!@(node scripts/openssl.mjs sources)"],

      'include_dirs': [
        "<!(node -p \"require('node-api-headers').include_dir\")",
        "<!(node -p \"require('node-addon-api').include_dir\")",
        "<!@(node scripts/openssl.mjs includes)",
      ],
      # node-gyp puts Node's headers first, and beside them lie the headers of Node's own OpenSSL, which would win over
      # the system's without a word. All of the places that node-gyp knows are taken out again: an installed Node, and
      # the layouts of Node's source tree (nodedir). native/openssl.h fails the build should one come back.
      'include_dirs!': [
        '<(node_root_dir)/include/node',
        '<(node_root_dir)/src',
        '<(node_root_dir)/deps/openssl/config',
        '<(node_root_dir)/deps/openssl/openssl/include',
        '<(node_root_dir)/deps/uv/include',
        '<(node_root_dir)/deps/zlib',
        '<(node_root_dir)/<(node_engine_include_dir)',
      ],

      'defines': [
        'NAPI_VERSION=9',  # Node 20's
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',  # a worker that is being terminated cannot throw
        # What node-addon-api's target node_addon_api_except_all defines. That target is not used because it lowers the
        # macOS deployment target below what C++20's library needs.
        'NAPI_CPP_EXCEPTIONS',
        'NODE_ADDON_API_CPP_EXCEPTIONS_ALL',
        "SSLCTX_OPENSSL_VERSION=\"<!(node scripts/openssl.mjs version)\"",
      ],
      # They describe the V8, libuv and OpenSSL inside Node, none of which this addon touches.
      'defines!': [
        'OPENSSL_NO_PINSHARED',
        'OPENSSL_THREADS',
        'USING_UV_SHARED=1',
        'USING_V8_SHARED=1',
        'V8_DEPRECATION_WARNINGS=1',
      ],

      'cflags': ['-fvisibility=hidden'],
      'cflags_cc!': ['-fno-exceptions', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++20', '-fexceptions', '-fvisibility-inlines-hidden'],
      'libraries': ["<!@(node scripts/openssl.mjs libraries)"],

      'configurations': {
        'Release': {
          'cflags_cc': ['-O2'],
          'xcode_settings': { 'GCC_OPTIMIZATION_LEVEL': '2' },
        },
      },

      'conditions': [
        # ELF, glibc and musl alike. libssl keeps the addresses of our callbacks (ex_data indexes cannot be given back)
        # for as long as the process lives, and Node unloads an addon with the last thread that used it: so it is made
        # not unloadable. All symbols are bound at load time: a missing function is an error then, not a crash later.
        # Under musl there is no RTLD_DEEPBIND: the loader refuses a Node that exports an OpenSSL of its own; Alpine's
        # own nodejs package shares the system's libssl and is fine.
        ['OS in "linux freebsd openbsd solaris"', {
          'ldflags': ['-Wl,-z,nodelete', '-Wl,-z,relro', '-Wl,-z,now'],
        }],
        # Mach-O binds each symbol to the library it was linked with (two-level namespace): no DEEPBIND is needed, and
        # `-undefined dynamic_lookup`, which node-gyp adds, concerns only napi_*, found nowhere else. There is no
        # linker option against unloading: the loader passes RTLD_NODELETE.
        ['OS=="mac"', {
          'xcode_settings': {
            'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
            'CLANG_CXX_LIBRARY': 'libc++',
            'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
            'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
            'MACOSX_DEPLOYMENT_TARGET': '11.0',
          },
        }],
      ],
    },
  ],
}
