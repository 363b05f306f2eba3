"""The client of python.ts. The one argument says what to do, standard error what was seen; both in JSON."""

import io
import json
import socket
import ssl
import sys

options = json.loads(sys.argv[1])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(cafile=options["ca"])
version = ssl.TLSVersion[options["protocol"].replace(".", "_")]
context.minimum_version = context.maximum_version = version
if "cert" in options:
    context.load_cert_chain(options["cert"], options["key"])
if "alpn" in options:
    context.set_alpn_protocols([options["alpn"]])

sights = []
session = None
for _ in range(options["connections"]):
    # Without a request: all of standard input.
    source = io.BytesIO(options["request"].encode()) if "request" in options else sys.stdin.buffer
    with socket.create_connection(("127.0.0.1", options["port"])) as raw:
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
            while data := source.read(65536):
                tls.sendall(data)
            while data := tls.recv(65536):
                sys.stdout.buffer.write(data)
            # TLS 1.3 has one only now.
            session = tls.session
            alpn = tls.selected_alpn_protocol()
            sights.append({"resumed": tls.session_reused, "protocol": tls.version(), "alpn": alpn})
json.dump(sights, sys.stderr)
