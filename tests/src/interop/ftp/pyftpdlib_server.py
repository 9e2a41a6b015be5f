"""A server of another world: pyftpdlib with TLS everywhere.

Arguments: folder, port, manner.
"""
import logging
import sys

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder, port, manner = sys.argv[1:]
logging.basicConfig(level=logging.DEBUG)
users = DummyAuthorizer()
users.add_user("device", "let-me-in", folder + "/home", perm="elradfmwMT")


class Handler(TLS_FTPHandler):
    authorizer = users
    certfile = folder + "/server-both.pem"
    tls_control_required = True
    tls_data_required = True
    # Its default would let old versions in.
    ssl_protocol = SSL.TLS_METHOD


if manner == "DropsWhoIsIdle":
    Handler.timeout = 1
if manner == "NamesPrivateAddress":
    Handler.masquerade_address = "10.87.65.43"
if manner == "CannotRestart":
    Handler.proto_cmds = {name: about for name, about in Handler.proto_cmds.items() if name != "REST"}

# Idle sessions are looked at when the loop wakes up.
FTPServer(("127.0.0.1", int(port)), Handler).serve_forever(timeout=0.1)
