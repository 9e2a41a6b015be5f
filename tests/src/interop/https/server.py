"""http.server behind TLS. The first part of a path is the shape of the answer, the second a file with its body."""

import pathlib
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, ODD_TYPE, LONG_VALUE, MANY = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
FILES = pathlib.Path("files")
CHUNK = 700


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        shape, _, name = self.path.split("?")[0].strip("/").partition("/")
        body = (FILES / name).read_bytes() if name else b""
        status, content_type, more = 200, "text/plain", []
        if shape == "length" and "Range" in self.headers:
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            more.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
            status, body = 206, body[first : last + 1]
        elif shape in ("last", "until-close"):
            self.close_connection = True
            more.append(("Connection", "close"))
        elif shape == "untyped":
            content_type = None
        elif shape == "odd-type":
            content_type = ODD_TYPE
        elif shape == "long-header":
            more.append(("X-Long", "x" * LONG_VALUE))
        elif shape == "many-headers":
            more += [(f"X-Header-{n}", str(n)) for n in range(MANY)]
        elif shape == "same-headers":
            more += [("Set-Cookie", cookie) for cookie in ("a=1", "b=2", "c=3")]
        elif shape in ("100", "103", "103-often"):
            for _ in range(20 if shape == "103-often" else 1):
                self.send_response_only(int(shape[:3]))
                self.send_header("Link", "</style.css>; rel=preload")
                self.end_headers()
        elif shape == "echo":
            body, content_type = sent, self.headers.get("Content-Type")
        elif shape.isdigit():
            status = int(shape)
            if status == 301:
                more.append(("Location", "/length/1"))
        self.reply(shape, status, content_type, more, body)

    def reply(self, shape, status, content_type, more, body):
        bodiless = status in (204, 304)
        self.send_response(status)
        if content_type is not None and not bodiless:
            self.send_header("Content-Type", content_type)
        for name, value in more:
            self.send_header(name, value)
        if shape == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif shape != "until-close" and not bodiless:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD" or bodiless:
            return
        if shape == "chunked":
            pieces = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        self.wfile.write(body)

    do_GET = do_HEAD = do_DELETE = do_POST = do_PUT = do_PATCH = do_OPTIONS = answer


class Server(ThreadingHTTPServer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def finish_request(self, request, client_address):
        # In the thread of the connection: nobody else waits for its handshake.
        secured = self.context.wrap_socket(request, server_side=True)
        super().finish_request(secured, client_address)
        secured.unwrap()

    def handle_error(self, request, client_address):
        # Who looks whether the port is open makes no handshake.
        print("ended:", sys.exc_info()[1], flush=True)


Server.context.load_cert_chain("server.pem", "server.key")
Server(("127.0.0.1", PORT), Handler).serve_forever()
