"""Certificates that sign themselves, made with openssl for one test each."""
import subprocess


def make(folder, name="server", names="DNS:localhost,IP:127.0.0.1", days=2):
    """The files (certificate, key) in `folder`; `days` below 0: expired. Made again under the same name it is another one."""
    certificate, key = folder / f"{name}-certificate.pem", folder / f"{name}-key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", certificate, "-days", str(max(days, 1)),
                    "-subj", "/CN=localhost", "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
    if days < 0:  # the command above takes no such number
        subprocess.run(["openssl", "x509", "-in", certificate, "-signkey", key, "-days", str(days), "-out", certificate], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key
