"""The configuration file: every key of the program's own table, with every kind of value that it must not take. What is refused by check-config is refused by serve, since both load it by one call."""
import copy
import re
import subprocess

import yaml

import harness

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
SECRET = "8d1f6a02-77c9-4b35-9e3e-55a0c1b7d9f4"
PLACEHOLDERS = ["changeme", "ChangeMe", "change-me", "secret", "password", "placeholder", "example", "your-secret", "todo", "district", "xxxxxxxxxxxx", "<secret>", "$SECRET_FROM_ENV", "short", ""]
# For each type of value, what it never is. The bounds come on top.
LISTS = ["one word", {"a": 1}, [["nested"]], [{"a": 1}]]
WRONG = {
    "text": [["a"], {"a": 1}, "", "a\x07b", "x" * 2000],
    "id": [["a"], "", "Capital", "under_score", "a/b", "é", "x" * 33, "a b"],
    "address": [["a"], "", "no-scheme.example.org", "ftp://a.example.org", "https://", "https://a.example.org/?q=1", "https://a.example.org/#f", "https://user@a.example.org", "javascript:alert(1)"],
    "path": [["a"], "", "no-slash", "https://a.example.org/x", "/a b", "/../x", "/%2e%2e/x", "/a\\b"],
    "header": [["a"], "", "Cookie", "host", "X Key", "X_Key", "X-Key:", "X-Key\r\nEvil"],
    "file": [["a"], {"a": 1}, "", "a\nb"],
    "address:port": [["a"], "", "8080", "localhost:8080", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1", "256.0.0.1:80"],
    "store": [["a"], "", "mysql://x", "sqlite:relative.db", "redis:6379"],
    "number": [["1"], "", "many", "-1", "1.5", "0x10", "1e3", "99999999999999999999"],
    "size": [["1K"], "", "large", "-1K", "1T", "1.5M", "99999999999999999G"],
    "duration": [["1s"], "", "soon", "5", "0s", "-1s", "1.5h", "1d", "1w", "99999999999999999h"],
    "true or false": [["true"], "", "yes", "1", "TRUE", "on"],
    "one word": [["a"], "", "nonsense", "AUTO"],
    "list of words": [*LISTS, [], ["nonsense"], ["PAT"], ["pat", "nonsense"]],
    "list of texts": [*LISTS, [""]],
    "list of origins": [*LISTS, [""], ["https://a.example.org/"], ["https://A.example.org"], ["*"], ["null"], ["https://a.example.org/path"], ["a.example.org"]],
    "list of addresses": [*LISTS, [""], ["nowhere"], ["//a.example.org"], ["https://elsewhere.example.org/after"]],
    "list of address:port": [*LISTS, [""], ["8080"], ["localhost:1"]],
    "list of ranges": [*LISTS, [""], ["10.0.0.0/33"], ["10.0.0"], ["everything"], ["fd00::/129"]],
    "list of methods": [*LISTS, [""], ["get"], ["TRACE"], ["CONNECT"], ["*"]],
    "list of patterns": [*LISTS, [""], ["api"], ["/api/**/x"], ["/a?b"], ["/../x"]],
    "secret": ["written here", ["a"], {}, {"file": ["x"]}, {"vault": "x"}, {"file": "/x", "env": "X"}, {"env": "DRAWBRIDGE_NO_SUCH_VARIABLE"}, {"file": "/nowhere/at/all"}, {"credential": "none"}],
    "group": ["one word", ["a"]],
    "list of groups": ["one word", {"a": 1}, ["a"], [{}]],
}


class Configuration(harness.Case):
    def setUp(self):
        self.folder = self.directory()
        self.secret = self.put("secret", SECRET)

    def put(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def good(self):
        return {"public_url": "https://gw.example.org", "listen": ["127.0.0.1:8080"], "store": f"sqlite:{self.folder}/s.db", "keys": f"{self.folder}/keys",
                "session": {"idle": "1h"}, "apps": [{"id": "app", "origins": ["https://a.example.org"]}],
                "servers": [{"id": "one", "url": "https://one.example.org", "oauth": {"client_id": "gw", "client_secret": {"file": str(self.secret)}}}]}

    def run_with(self, config, command="check-config", environment=None):
        path = self.folder / "c.yaml"
        path.write_text(config if isinstance(config, str) else yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
        return subprocess.run([harness.BUILD / "drawbridge", command, "--config", path], capture_output=True, text=True, timeout=harness.PATIENCE,
                              env={"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0", **(environment or {})})

    def refused(self, config, says=None, command="check-config", environment=None):
        run = self.run_with(config, command, environment)
        return self.judge(config, run.returncode, [line for line in run.stderr.splitlines() if not line.startswith("{")], says)

    def judge(self, config, code, lines, says=None):
        self.assertEqual((code, bool(lines)), (2, True), (config, lines))
        for line in lines:
            self.assertRegex(line, r"^(drawbridge serve: )?/\S+/c\.yaml:\d+:\d+: .+")
            self.assertNotIn(SECRET, line)
        if says:
            self.assertTrue(any(says in line for line in lines), (says, lines))
        return lines

    def refused_each(self, configs):
        """The lines of refused() for each of many, loaded by one process."""
        paths = [self.folder / str(n) / "c.yaml" for n in range(len(configs))]
        for path, config in zip(paths, configs):
            path.parent.mkdir()
            path.write_text(yaml.dump(config, Dumper=DUMPER, allow_unicode=True, sort_keys=False))
        run = subprocess.run([harness.BUILD / "tests/unit/gateway/driver_config"], input="".join(f"{path}\n" for path in paths), capture_output=True, text=True, timeout=harness.PATIENCE, env={"PATH": "/usr/bin:/bin"})
        said = re.findall(r"((?:(?!= ).*\n)*)= (\d+)\n", run.stdout)
        self.assertEqual((run.returncode, run.stderr, len(said)), (0, "", len(configs)))
        return [self.judge(config, int(code), text.splitlines()) for config, (text, code) in zip(configs, said)]

    def keys(self):
        """(path, type, range) of every key, from the program's own table."""
        out, _ = self.command("check-config", "--keys")
        rows = [re.match(r"\| `(\S+)` \| ([^|]+) \| ([^|]*) \| ([^|]*) \|", line) for line in out.splitlines()[2:]]
        self.assertNotIn(None, rows)
        self.assertGreater(len(rows), 55)
        return [(row[1].split("."), row[2].strip(), row[4].strip()) for row in rows]

    def put_at(self, config, path, value, name=None):
        """Writes the value where the key stands; the groups on the way are made."""
        at = config
        for step in path[:-1]:
            step, _, is_list = step.partition("[]")
            at = at.setdefault(step, [{}] if f"{step}[]" in path else {})
            at = at[0] if isinstance(at, list) else at
        at[name or path[-1]] = value
        return config


class EveryKey(Configuration):
    takes_seconds = 12

    def test_the_good_one_is_good(self):
        run = self.run_with(self.good())
        self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_values_of_the_wrong_kind(self):
        """[R-H3, A26] Each key refuses each value that is of another type, unknown, or out of its range, and the message has line, column and the key's name."""
        tried = []
        for path, kind, bounds in self.keys():
            wrong = list(WRONG[kind])
            if found := re.fullmatch(r"(\d+)(\w?) to (\d+)(\w?)", bounds):
                low, high = int(found[1]), int(found[3])
                wrong += [f"{high + 1}{found[4]}", *([f"{low - 1}{found[2]}"] if low > 0 else [])]
            tried += [(path, kind, value) for value in wrong]
        for (path, kind, value), lines in zip(tried, self.refused_each([self.put_at(self.good(), path, value) for path, _, value in tried])):
            says = path[-1] if kind not in ("secret", "group", "list of groups") else ""
            self.assertTrue(any(says in line for line in lines), (path, value, lines))

    def test_misspelt(self):
        """[R-H3, A26] The nearest key is told; nothing that nobody knows is passed over."""
        tried = [(path, slip) for path, _, _ in self.keys() for name in path[-1:] for slip in sorted({name + "x", name[:-1] + "_" + name[-1:], name[:1] + name, name.upper()})]
        for (path, slip), lines in zip(tried, self.refused_each([self.put_at(self.good(), path, "x", slip) for path, slip in tried])):
            self.assertTrue(any(f"there is no key '{slip}' here" in line for line in lines), (path, slip, lines))
            if slip == path[-1] + "x":
                self.assertTrue(any(f"the nearest is '{path[-1]}'" in line for line in lines), (path, slip, lines))

    def test_serve_refuses_it_too(self):
        """[R-H3, A26] One value for each key: serve does not start, and check-config says the same."""
        for path, kind, _ in self.keys():
            with self.subTest(key=".".join(path)):
                config = self.put_at(self.good(), path, WRONG[kind][0])
                told = self.refused(config)
                self.assertEqual([line.removeprefix("drawbridge serve: ") for line in self.refused(config, command="serve")], told)

    def test_what_is_missing(self):
        for path, _, _ in self.keys():
            if path[0] in ("public_url", "store"):
                self.refused({k: v for k, v in self.good().items() if k != path[0]}, f"'{path[0]}' is missing")
        self.refused({k: v for k, v in self.good().items() if k != "keys"}, "'keys' is missing")
        self.refused({k: v for k, v in self.good().items() if k != "listen"}, "'listen'")

    def test_the_place_is_told(self):
        """What no single value shows is told where it stands, too."""
        text = yaml.safe_dump(self.good(), sort_keys=False)
        number = {line.split(":")[0].strip(" -"): i for i, line in enumerate(text.splitlines(), 1)}
        for change, key in ((lambda c: c["session"].update(idle="100h"), "session"), (lambda c: c["servers"][0].update(url="http://one.example.org"), "url"),
                            (lambda c: c["servers"][0].update(url="https://10.1.2.3"), "url"), (lambda c: c["apps"][0].update(origins=[]), "origins")):
            config = copy.deepcopy(self.good())
            change(config)
            self.assertIn(int(self.refused(config)[0].split(":")[1]) - number[key], (0, 1), key)


class Secrets(Configuration):
    takes_seconds = 20

    def holders(self):
        return [path for path, kind, _ in self.keys() if kind == "secret"]

    def test_placeholders(self):
        """[R-H1, R-H3, A26] From a file, from the environment, as a credential: a placeholder is no secret."""
        for path in self.holders():
            for i, word in enumerate(PLACEHOLDERS):
                with self.subTest(key=".".join(path), word=word):
                    file = self.put(f"placeholder-{i}", word + "\n")
                    self.refused(self.put_at(self.good(), path, {"file": str(file)}), "secret")
                    self.refused(self.put_at(self.good(), path, {"env": "WORD"}), "secret", environment={"WORD": word})
                    self.refused(self.put_at(self.good(), path, {"credential": file.name}), "secret", environment={"CREDENTIALS_DIRECTORY": str(self.folder)})

    def test_files_that_others_may_read(self):
        """[R-H1, A26]"""
        for path in self.holders():
            for mode in (0o604, 0o644, 0o666, 0o602):
                with self.subTest(key=".".join(path), mode=oct(mode)):
                    self.refused(self.put_at(self.good(), path, {"file": str(self.put("open", SECRET, mode))}), "chmod 600")
        self.put("keys", "# keys\n", 0o644)
        self.refused(self.good(), "chmod 600")
        self.refused(self.good(), "chmod 600", command="serve")

    def test_files_that_hold_something_else(self):
        """An authority's file without a certificate, a key that cannot sign: told at the start, and not at the first sign-in."""
        def openssl(*words):
            return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
        good = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        bad = [SECRET, openssl("genpkey", "-algorithm", "ED25519"), openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
               openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), openssl("genpkey", "-algorithm", "RSA", "-aes128", "-pass", "pass:horse"), good.replace("M", "A", 1)]
        path = ["servers[]", "oauth", "private_key"]
        for i, text in enumerate(bad):
            with self.subTest(key=i):
                self.refused(self.put_at(self.good(), path, {"file": str(self.put(f"key-{i}", text))}), "'private_key' cannot sign")
        self.assertEqual(self.run_with(self.put_at(self.good(), path, {"file": str(self.put("key", good))})).returncode, 0)
        for i, authority in enumerate(("/nowhere/ca.pem", str(self.put("empty", "")), str(self.put("key-as-ca", good)), str(self.folder))):
            with self.subTest(ca=i):
                self.refused(self.put_at(self.good(), ["servers[]", "ca"], authority), "'ca'")

    def test_credentials_of_systemd(self):
        """[R-H1] The secret of a server, and the key ring, from $CREDENTIALS_DIRECTORY; a name is no path."""
        credentials = self.folder / "credentials"
        credentials.mkdir()
        (credentials / "client").write_text(SECRET)
        config = self.put_at(self.good(), ["servers[]", "oauth", "client_secret"], {"credential": "client"})
        environment = {"CREDENTIALS_DIRECTORY": str(credentials)}
        (credentials / "client").chmod(0o440)
        run = self.run_with(config, environment=environment)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.refused(config, "LoadCredential=")
        self.refused(self.put_at(config, ["servers[]", "oauth", "client_secret"], {"credential": "../secret"}), "not a path", environment=environment)
        without_keys = {k: v for k, v in self.good().items() if k != "keys"}
        self.refused(without_keys, "no credential", environment=environment)
        keys = self.folder / "keys"
        self.command("keys", "rotate", "--config", self.folder / "good.yaml", expect=2)
        (self.folder / "good.yaml").write_text(yaml.safe_dump(self.good()))
        self.command("keys", "rotate", "--config", self.folder / "good.yaml")
        keys.rename(credentials / "keys")
        run = self.run_with(without_keys, environment=environment)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        # Made and rotated where systemd takes it from, with no configuration that names it.
        source = self.folder / "source"
        for lines in (2, 3):  # one key is made, another is added; then one more
            self.assertIn(f"{source} has a new key", self.command("keys", "rotate", "--file", source)[0])
            self.assertEqual(len([line for line in source.read_text().splitlines() if line.startswith("key ")]), lines)
        self.command("keys", "rotate", "--file", source, "--config", self.folder / "good.yaml", expect=2)


class NoExpressions(Configuration):
    def test_texts_are_texts(self):
        """[A25] What other programs evaluate goes out as it was written: there is no expression, template, format or command in a configuration."""
        name = "${7*7} {{7*7}} #{T(java.lang.Runtime)} $(touch x) `id` %n%s <%= 1 %> ${jndi:ldap://x.example/a}"
        port = harness.free_port()
        config = {**self.good(), "public_url": f"http://127.0.0.1:{port}", "listen": [f"127.0.0.1:{port}"]}
        config["servers"][0]["name"] = name
        self.drawbridge(yaml.safe_dump(config), port)
        self.assertEqual(harness.call(port, "GET", "/v1/servers", {"X-Drawbridge": "1"}).json[0]["name"], name)

    def test_yaml_that_does_something(self):
        """[A25, A26] Anchors, aliases, merges, tags, directives, several documents and keys that stand twice are refused."""
        good = yaml.safe_dump(self.good())
        for more in ("log: &a {level: info}\n", "log: *a\n", "log: {<<: {level: info}}\n", "log: !!python/object:os.system {level: info}\n", "log: !include /etc/passwd\n", "--- \nlog: {level: info}\n",
                     good, "log: {level: info, level: debug}\n", "? [a]\n: b\n", "\tlog: {}\n", "log: {level: info\n", "log: [\n"):
            with self.subTest(more=more[:40]):
                self.refused(good + more)
        self.refused("%YAML 1.1\n---\n" + good)
        self.refused("%TAG ! tag:example.org,2000:\n---\n" + good)
        self.refused("")
        self.refused("[]")
        self.refused("a\x00b: c\n")


del Configuration
