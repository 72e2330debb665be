"""An upstream that answers as a test wants it to: for what no stand-in of DHIS2 does, but proxies, portals and broken networks do."""
import contextlib
import http.server
import threading


def signed_in(path):
    """What a DHIS2 server answers to a sign-in by token: who it is, and its version at any other path."""
    body = '{"id":"abcdefghijk","username":"ada","name":"Ada"}' if path.startswith("/api/me") else '{"apiVersion":"2.41.9","version":"2.41.9"}'
    return 200, {"Content-Type": "application/json"}, body


class Scripted:
    """`answer(method, path, headers, body)` gives (status, headers, body), or a bytes object that is sent as it is and the connection cut, or "hang"."""

    def __init__(self, answer, context=None, host="127.0.0.1"):
        self.seen, self.go_on = [], threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_all(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.seen.append((self.command, self.path, dict(self.headers.items()), body))
                given = answer(self.command, self.path, self.headers, body)
                with contextlib.suppress(ConnectionError):  # who asked may have had enough
                    self.give(given)

            def give(self, given):
                if given == "hang":
                    outer.go_on.wait(60)
                    self.close_connection = True
                elif isinstance(given, bytes):
                    self.wfile.write(given)
                    self.close_connection = True
                else:
                    status, headers, content = given
                    content = content.encode() if isinstance(content, str) else content
                    self.send_response_only(status)
                    for name, value in headers.items() if isinstance(headers, dict) else headers:
                        self.send_header(name, value)
                    if not any(name.lower() == "content-length" for name in dict(headers)):
                        self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_all

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.server.daemon_threads = True
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self):
        self.go_on.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
