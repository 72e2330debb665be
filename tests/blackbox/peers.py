"""nginx, haproxy and Apache of Debian as reverse proxies in front of a back end that writes down what it was asked: what each of them takes the bytes for that drawbridge sends."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading

from harness import PATIENCE, answers, free_port, wait_for
from wire import Wire

NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  large_client_header_buffers 8 128k; client_max_body_size 0;
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{back}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection ""; proxy_request_buffering off; }} }}
}}"""
HAPROXY = """
global
  tune.bufsize 131072
  tune.http.maxhdr 256
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 10s
listen it
  bind 127.0.0.1:{port}
  server back 127.0.0.1:{back}
"""
APACHE = """
ServerName peer
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LimitRequestLine 131072
LimitRequestFieldSize 131072
LimitRequestFields 256
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyAddHeaders Off
ProxyPass / http://127.0.0.1:{back}/ nocanon
"""
PROGRAMS = {"nginx": (NGINX, ["nginx", "-e", "{folder}/nginx.log", "-c"]), "haproxy": (HAPROXY, ["haproxy", "-db", "-f"]), "apache2": (APACHE, ["apache2", "-DFOREGROUND", "-f"])}


class Seen:
    """One request, as far as it matters. Raw: its bytes as they came."""
    HOPS = {"connection", "content-length", "transfer-encoding", "via", "keep-alive", "expect", "trailer"}

    def __init__(self, head, body, raw=b""):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ")
        self.body, self.raw = body, raw
        self.fields = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            if name.lower() not in self.HOPS:  # lists: empty elements mean nothing, lines of one name are one list (RFC 9110 section 5.6.1)
                self.fields.setdefault(name.lower(), []).extend(part.strip(" \t") for part in value.split(",") if part.strip(" \t"))

    def key(self):
        return self.method, self.target, self.fields, self.body


class Recorder:
    """Reads requests by the letter of RFC 9112 and answers each with its number; what is not whole is no request."""

    def __init__(self):
        self.seen = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        wire = Wire.__new__(Wire)
        connection.settimeout(PATIENCE)
        wire.socket, wire.read = connection, b""
        with contextlib.suppress(OSError), connection:
            while (head := wire.until(b"\r\n\r\n")) is not None:
                lines = head.decode("latin-1").lower().split("\r\n")
                raw = head + b"\r\n\r\n"
                if "transfer-encoding: chunked" in lines:
                    body, whole = wire.chunks()
                    raw += b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
                else:
                    length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
                    body = wire.exactly(length)
                    whole, raw = len(body) == length, raw + body
                if not whole:
                    return
                self.seen.append(Seen(head, body, raw))
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Seen: %d\r\nContent-Length: 0\r\n\r\n" % (len(self.seen) - 1))

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Peer:
    """One of PROGRAMS, on a free port, in front of a Recorder."""

    def __init__(self, name):
        self.name, self.back, self.port = name, Recorder(), free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"drawbridge-{name}-"))
        text, command = PROGRAMS[name]
        config = self.folder / "conf"
        config.write_text(text.format(folder=self.folder, port=self.port, back=self.back.port))
        self.log = (self.folder / "out").open("wb")
        self.process = subprocess.Popen([word.format(folder=self.folder) for word in command] + [str(config)], stdout=self.log, stderr=self.log)
        wait_for(lambda: self.process.poll() is not None or answers(self.port), f"{name} on its port")
        if self.process.poll() is not None:
            raise AssertionError(f"{name} ended at once: {(self.folder / 'out').read_text()}")

    def ask(self, data, methods):
        """What the back end was asked, in order, when these bytes came: None for each request that the peer answered itself."""
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), PATIENCE)) as connection:
            wire = Wire.__new__(Wire)
            wire.socket, wire.read = connection, b""
            with contextlib.suppress(OSError):
                connection.sendall(data)
            seen = []
            for method in methods:
                answer = wire.answer(method == "HEAD")
                if not answer:
                    break
                number = answer.header("x-seen")
                seen.append(self.back.seen[int(number)] if number else None)
            return seen, wire.closed()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        self.back.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def missing():
    return [name for name in PROGRAMS if not shutil.which(name) and not pathlib.Path("/usr/sbin", name).exists()]
