#!/usr/bin/env python3
"""Independent judges of drawbridge's HTTPS and HTTP/2: h2spec (built with Go where there is one), sslscan and testssl.sh. Closes with `N passed, N failed, N skipped`."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@latest"
# In clear the same port speaks HTTP/1.1, so that what begins as neither is answered with its 400 and not with an end without a word.
IN_CLEAR = {"Sends invalid connection preface"}
# What testssl.sh says of a certificate that was made for this run and signs itself, of a name without DNS, and of itself.
NOT_OURS = re.compile(r"^(cert_|DNS_CAA|engine_problem|scanTime|service|HTTP_status_code|OCSP|overall_grade|grade_cap|final_score)")


def h2spec(folder):
    """The program; None: it cannot be had here."""
    program = folder / "h2spec"
    if not program.exists():
        if not shutil.which("go"):
            print("h2spec: there is no Go to build it with", flush=True)
            return None
        subprocess.run(["go", "install", H2SPEC], env={**os.environ, "GOBIN": str(folder)}, check=True)
    return program


def run_h2spec(program, folder, port, words, host, allowed):
    report = folder / "h2spec.xml"
    report.unlink(missing_ok=True)
    subprocess.run([program, "-h", host, "-p", str(port), "-S", "-j", report, *words], stdout=subprocess.DEVNULL, check=False, timeout=600)
    cases = list(xml.etree.ElementTree.parse(report).getroot().iter("testcase"))
    failed = [f"{c.get('package')}: {c.get('classname')}" for c in cases if (c.find("failure") is not None or c.find("error") is not None) and c.get("classname") not in allowed]
    return (f"{len(cases)} cases", failed) if len(cases) > 100 else ("", [f"only {len(cases)} cases ran"])


def run_sslscan(port):
    text = subprocess.run(["sslscan", "--no-colour", "--no-check-certificate", f"localhost:{port}"], capture_output=True, text=True, check=True).stdout
    ciphers = re.findall(r"^(?:Preferred|Accepted)\s+\S+\s+\d+ bits\s+(\S+)", text, re.M)
    wrong = [f"offers {name}" for name in re.findall(r"^(\S+)\s+enabled$", text, re.M) if name not in ("TLSv1.2", "TLSv1.3")]
    wrong += [f"offers {name}" for name in ciphers if not re.match(r"TLS_(AES|CHACHA20)|ECDHE-\w+-(AES\d+-GCM|CHACHA20)", name)]
    wrong += [] if "Session renegotiation not supported" in text else ["renegotiation"]
    wrong += ["compression"] if "Compression enabled" in text else []
    wrong += [line for line in text.splitlines() if re.search(r"(?<!not )vulnerable", line)]
    return f"{len(ciphers)} ciphers", wrong if ciphers else ["no cipher was found"]


def run_testssl(folder, port):
    report = folder / "testssl.json"
    report.unlink(missing_ok=True)
    name = shutil.which("testssl") or shutil.which("testssl.sh")
    subprocess.run([name, "--quiet", "--color", "0", "--warnings", "off", "--jsonfile", report, "-p", "-s", "-f", "-P", "-S", "-h", "-U", f"localhost:{port}"], stdout=subprocess.DEVNULL, check=False, timeout=1200)
    findings = json.loads(report.read_text())
    wrong = [f"{f['id']}: {f['severity']}: {f['finding']}" for f in findings if f["severity"] not in ("OK", "INFO") and not NOT_OURS.match(f["id"])]
    return f"{len(findings)} findings", wrong if len(findings) > 60 else ["it ended too early"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="where h2spec is built and reports are left")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DRAWBRIDGE_BUILD"] = str(options.build.resolve())
    sys.path.insert(0, str(ROOT / "tests/blackbox"))
    import certificates
    import harness

    certificate, key = certificates.make(folder, days=90)
    plain, tls = harness.free_port(), harness.free_port()
    config = folder / "drawbridge.yaml"
    config.write_text(f"public_url: https://localhost:{tls}\nlisten: [127.0.0.1:{plain}]\ntls: {{listen: [127.0.0.1:{tls}], certificate: {certificate}, key: {key}}}\n"
                      f"store: sqlite:{folder}/state.db\nkeys: {folder}/keys\nservers: [{{id: a, url: 'https://dhis2.example.org'}}]\n")
    program = harness.Program("drawbridge", ["drawbridge", "serve", "--config", config], tls)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    try:
        judge = h2spec(folder)
        for name, run in (("h2spec over TLS", judge and (lambda: run_h2spec(judge, folder, tls, ["-t", "-k"], "localhost", set()))),
                          ("h2spec in clear", judge and (lambda: run_h2spec(judge, folder, plain, [], "127.0.0.1", IN_CLEAR))),
                          ("sslscan", lambda: run_sslscan(tls)), ("testssl.sh", lambda: run_testssl(folder, tls))):
            if not run:
                counts["skipped"] += 1
                continue
            what, wrong = run()
            counts["failed" if wrong else "passed"] += 1
            print(f"{name}: {'FAILED' if wrong else 'ok'}, {what}", *wrong, sep="\n  ", flush=True)
    finally:
        program.stop()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
