"""The peers: how each of them is set up to pass on to the same upstream, one worker or thread, access log on, in clear and by HTTPS with the same certificate. Each gives a Target."""
import os
import pathlib
import urllib.parse

import harness

NGINX = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000000; keepalive_timeout 75s;
"""
PEER = NGINX + """
  access_log {folder}/access.log combined;
  upstream back {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen 127.0.0.1:{secure} ssl http2 backlog=4096;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    location / {{ proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""
HAPROXY = """\
global
  nbthread 1
  maxconn 8192
  log 127.0.0.1:{sink} local0
defaults
  mode http
  option httplog
  log global
  timeout connect 5s
  timeout client 75s
  timeout server 60s
frontend in
  bind 127.0.0.1:{port} backlog 4096
  bind 127.0.0.1:{secure} backlog 4096 ssl crt {both} alpn h2,http/1.1
  default_backend out
backend out
  http-reuse always
  server up 127.0.0.1:{upstream} pool-max-conn 64
"""
MODULES = "mpm_event authn_core authz_core authz_user proxy proxy_http socache_shmcb ssl http2 auth_openidc"
APACHE = """\
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
{modules}
{owner}
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{secure}
StartServers 1
ServerLimit 17
ThreadsPerChild 64
MaxRequestWorkers 1088
MinSpareThreads 1
MaxSpareThreads 1088
MaxKeepAliveRequests 0
KeepAliveTimeout 75
Protocols h2 http/1.1
ErrorLog {folder}/error.log
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog {folder}/access.log common
OIDCProviderMetadataURL http://127.0.0.1:{sim}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCRedirectURI http://127.0.0.1:{port}/oidc/callback
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid"
OIDCPKCEMethod S256
OIDCSessionInactivityTimeout 36000
OIDCCookie apache_session
<Location />
  AuthType openid-connect
  Require valid-user
  ProxyPass http://127.0.0.1:{upstream}/ keepalive=On
</Location>
<VirtualHost 127.0.0.1:{secure}>
  SSLEngine on
  SSLCertificateFile {certificate}
  SSLCertificateKeyFile {key}
</VirtualHost>
"""


class Target:
    """What a load is pointed at: addresses in clear and by HTTPS, request headers, and the processes whose CPU and memory count."""

    def __init__(self, name, port, secure, headers, process):
        self.name, self.headers, self.process = name, headers, process
        self.bases = {"plain": f"http://127.0.0.1:{port}", "tls": f"https://127.0.0.1:{secure}", "h2": f"https://127.0.0.1:{secure}"}

    def pids(self):
        return [self.process.pid, *map(int, pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())]


def nginx(rig):
    port, secure = harness.free_port(), harness.free_port()
    process = rig.spawn_nginx("peer", rig.proxy_core, PEER, port, secure=secure, upstream=rig.upstream, certificate=rig.certificate, key=rig.key)
    return Target("nginx", port, secure, {}, process)


def haproxy(rig):
    port, secure = harness.free_port(), harness.free_port()
    both, path = rig.folder / "both.pem", rig.folder / "haproxy.cfg"
    both.write_text(rig.certificate.read_text() + rig.key.read_text())
    path.write_text(HAPROXY.format(port=port, secure=secure, both=both, upstream=rig.upstream, sink=harness.free_port()))
    return Target("haproxy", port, secure, {}, rig.spawn(rig.proxy_core, ["haproxy", "-db", "-f", path], port, "haproxy"))


def apache(rig):
    """With mod_auth_openidc, and a person who has signed in at the stand-in server's own page: each call finds the session in the cache in memory."""
    port, secure = rig.apache_port, harness.free_port()
    folder = rig.folder / "apache"
    folder.mkdir()
    owner = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    modules = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES.split())
    (folder / "apache.conf").write_text(APACHE.format(folder=folder, modules=modules, owner=owner, port=port, secure=secure, sim=rig.sim_port, upstream=rig.upstream, client=rig.client, secret=rig.secret,
                                                      passphrase=os.urandom(16).hex(), certificate=rig.certificate, key=rig.key))
    process = rig.spawn(rig.proxy_core, ["apache2", "-f", folder / "apache.conf", "-DFOREGROUND"], port, "apache")
    leaving = harness.call(port, "GET", "/api/small", {"Accept": "text/html"})
    state = "; ".join(line.partition(";")[0] for line in leaving.all("Set-Cookie"))
    query = rig.people.agree(leaving.header("Location"), "ada")
    back = harness.call(port, "GET", f"/oidc/callback?{query}", {"Accept": "text/html", "Cookie": state})
    pairs = dict(line.partition(";")[0].split("=", 1) for line in back.all("Set-Cookie"))
    cookie = f"apache_session={pairs['apache_session']}"
    answer = harness.call(port, "GET", "/api/small", {"Cookie": cookie})
    if answer.status != 200 or urllib.parse.urlsplit(back.header("Location")).path != "/api/small":
        raise SystemExit(f"bench: the sign-in at Apache failed: {back} {answer}")
    return Target("apache", port, secure, {"Cookie": cookie}, process)


PEERS = {"nginx": (nginx, "nginx"), "haproxy": (haproxy, "haproxy"), "apache": (apache, "apache2")}
