"""Three processes on one PostgreSQL behind nginx, which sends each call to any of them; people who sign in, work, review and transfer; and somebody who kills, freezes and restarts the parts."""
import random
import signal
import subprocess
import threading
import time

import harness
import postgres
import test_transfer
import transfer_fixture as fixture
from gateway import Gateway
from people import PASSWORD

REPLICAS = 3
NGINX = """daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 32m;
  upstream drawbridge {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://drawbridge; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_connect_timeout 1s; proxy_read_timeout 12s; proxy_next_upstream error timeout; }}
  }}
}}
"""
# What may be told while parts are away. All else is a failure.
AWAY = {"store_unavailable", "busy", "refresh_failed", "server_unreachable", "upstream_timeout", "upstream_broken", "too_many"}


class Trouble(Exception):
    """For now: the call is repeated."""


class Person(threading.Thread):
    """One browser, one user; what it is told is checked at once, and the first thing that is wrong is kept."""

    def __init__(self, chaos, name):
        super().__init__(daemon=True)
        self.chaos, self.name_, self.browser, self.wrong, self.good, self.away = chaos, name, chaos.browser(), None, 0, 0
        self.chance = random.Random(name)

    def call(self, method, target, body=None, headers=None, fine=(200, 201, 204)):
        try:
            answer = self.browser.call(method, target, headers, body)
        except OSError as error:
            raise Trouble(str(error)) from error
        if answer.status in fine:
            self.good += 1
            return answer
        code = answer.header("X-Drawbridge-Error")
        if (answer.status in (502, 503, 504) and code is None) or code in AWAY:
            self.away += 1
            if code == "store_unavailable" and not answer.header("Retry-After"):
                raise AssertionError(f"no Retry-After: {answer}")
            raise Trouble(f"{answer.status} {code}")
        raise AssertionError(f"{self.name_}: {method} {target}: {answer}")

    def until(self, act):
        while True:
            try:
                return act()
            except Trouble:
                if self.chaos.over.is_set() and time.monotonic() > self.chaos.deadline:
                    raise AssertionError(f"{self.name_}: still in trouble long after the end") from None
                time.sleep(0.3)

    def run(self):
        try:
            self.begin()
            while not self.chaos.over.is_set():
                self.work()
            self.end()
        except Exception as error:  # told by the test
            self.wrong = f"{type(error).__name__}: {error}"

    def end(self):
        """After the storm."""


class Reader(Person):
    def begin(self):
        self.until(lambda: self.call("POST", "/v1/servers/one/connection", {"kind": "password", "username": self.name_, "password": PASSWORD}))

    def work(self):
        answer = self.until(lambda: self.call("GET", "/s/one/api/me?fields=username"))
        if answer.json["username"] != self.name_:
            raise AssertionError(f"{self.name_} was given what belongs to {answer.json['username']}")
        told = self.until(lambda: self.call("GET", "/v1/session")).json["connections"]
        if [c["user"]["username"] for c in told] != [self.name_]:
            raise AssertionError(f"{self.name_} is told to be {told}")
        if self.chance.random() < 0.02:
            self.until(lambda: self.call("DELETE", "/v1/session", fine=(204, 401)))
            self.browser.cookies.clear()
            self.begin()
        time.sleep(self.chance.random() * self.chaos.pause)

    end = work


class Renewer(Person):
    """With tokens that end all the time. What one process has asked for and could not tell any more is lost with it: then one signs in again."""

    def begin(self):
        while True:
            try:
                answer = self.chaos.authorize(self.browser, "two", self.name_)
            except (OSError, KeyError, TypeError, AttributeError, AssertionError):  # a step of it met what is away
                answer = None
            if answer is not None and answer.status == 303 and self.chaos.cookie(self.browser):
                return
            if self.chaos.over.is_set() and time.monotonic() > self.chaos.deadline:
                raise AssertionError(f"{self.name_}: cannot sign in")
            self.browser.cookies.clear()
            time.sleep(0.5)

    def work(self):
        answer = self.until(lambda: self.call("GET", "/s/two/api/me?fields=username", fine=(200, 401)))
        if answer.status == 200 and answer.json["username"] != self.name_:
            raise AssertionError(f"{self.name_} was given what belongs to {answer.json['username']}")
        if answer.status == 401:
            if answer.json["code"] not in ("reauth_required", "not_connected", "no_session"):
                raise AssertionError(f"{self.name_}: {answer}")
            self.chaos.again += 1
            self.begin()
        time.sleep(self.chance.random() * self.chaos.pause)

    end = work


class Worker(Person):
    def begin(self):
        for server in ("source", "target"):
            token = self.chaos.tokens[f"DRAWBRIDGE_{server.upper()}_TOKEN"]
            self.until(lambda server=server, token=token: self.call("POST", f"/v1/servers/{server}/connection", {"kind": "pat", "token": token}))


class Reviewer(Worker):
    """Decides again and again on rows of its own; what was acknowledged must be there in the end."""

    def __init__(self, chaos, name, rows):
        super().__init__(chaos, name)
        self.rows, self.known = rows, {}  # row: what may stand there: the last acknowledged, and what was sent after it and never answered

    def work(self):
        row, note = self.chance.choice(self.rows), f"{self.name_} {time.monotonic_ns()}"
        source, target = row
        body = {"decisions": [{"kind": "data_element", "source_data_element": source, "decision": "accepted", "targets": [{"data_element": target}], "note": note}]}
        version = self.until(lambda: self.call("GET", self.chaos.alignment)).header("ETag")
        self.known.setdefault(row, [None]).append(note)  # None: nothing was acknowledged yet
        try:
            answer = self.call("PATCH", self.chaos.alignment, body, {"If-Match": version}, fine=(200, 412))
        except Trouble:
            return  # perhaps it is there
        if answer.status == 200:
            self.known[row] = [note]
            self.chaos.decided += 1
        else:
            self.known[row].remove(note)
        time.sleep(self.chance.random() * self.chaos.pause)

    def end(self):
        state = self.until(lambda: self.call("GET", self.chaos.alignment)).json
        notes = {d.get("note") for d in decisions_of(state)}
        for row, allowed in self.known.items():
            if None not in allowed and not notes & set(allowed):
                raise AssertionError(f"a decision on {row} was lost: none of {allowed} is there")


def decisions_of(state):
    """Everything in it that is a decision."""
    if isinstance(state, dict):
        if "note" in state:
            yield state
        for value in state.values():
            yield from decisions_of(value)
    elif isinstance(state, list):
        for value in state:
            yield from decisions_of(value)


class Sender(Worker):
    """Transfers, one after the other, each of other values; the target holds them at the end of each."""

    def work(self):
        self.number = getattr(self, "number", 0) + 1
        stored = fixture.values(self.chaos.source, self.number)
        self.chaos.fill("source", self.chaos.source, {key: stored.get(key, value) for key, value in self.chaos.first.items()})
        order = {"mapping": fixture.mapping(self.chaos.source, self.chaos.target), "from": "source", "to": "target", "periods": list(fixture.PERIODS), "org_units": self.chaos.source.units}
        key = f"chaos-{self.number}"
        run = self.until(lambda: self.call("POST", "/v1/runs", order, {"Idempotency-Key": key}, fine=(200, 201))).json
        states = []
        while run["state"] not in ("done",):
            if run["state"] in ("interrupted", "failed", "cancelled"):
                self.until(lambda: self.call("POST", f"/v1/runs/{run['id']}/resume", fine=(200, 409)))
            elif run["state"] in ("differs", "refused"):
                raise AssertionError(f"the run ended as {run['state']} after {states}: {run}")
            if not states or states[-1] != run["state"]:
                states.append(run["state"])
            time.sleep(0.3)
            run = self.until(lambda: self.call("GET", f"/v1/runs/{run['id']}")).json
        there, wanted = self.chaos.stored("target"), self.chaos.wanted()
        differs = [(key, there.get(key), value) for key, value in wanted.items() if there.get(key) != value]  # what the source has no more stays at the target
        if differs:
            raise AssertionError(f"transfer {self.number}, after {states}: {len(differs)} cells are not what they are to be: {differs[:5]}; conflicts {run['conflicts'][:3]}")
        self.chaos.sent += 1


class Chaos(Gateway, test_transfer.Servers):
    seconds, readers, renewers, pause = 60, 24, 4, 0.5
    unit_count = 3

    def setUp(self):
        Gateway.setUp(self)
        if not postgres.programs():
            self.skipTest("PostgreSQL is not installed (package postgresql)")
        test_transfer.Servers.setUp(self)
        test_transfer.Servers.start(self)
        self.first = self.stored("source")
        transfers, self.tokens = self.sims, self.environment
        self.database = postgres.Postgres().make()
        self.addCleanup(self.database.drop)
        self.store = self.database.address()
        self.programs = [None] * REPLICAS
        self.over, self.again, self.decided, self.sent, self.done = threading.Event(), 0, 0, 0, []
        allowed = "    addresses: [127.0.0.0/8]"
        Gateway.start(self, [("one", "2.41"), ("two", "2.43"), *((name, None, f"name: {name}\n{allowed}\n    url: http://127.0.0.1:{sim.port}") for name, sim in transfers.items())],
                      more="limits: {sign_ins: 100}")
        self.sims.update(transfers)
        self.secrets.update(self.tokens.values())

    # The parts.

    def serve(self):
        self.ports = [(harness.free_port(), harness.free_port()) for _ in range(REPLICAS)]
        for number in range(REPLICAS):
            self.start_replica(number)
        self.program = self.programs[0]
        folder = self.directory()
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=self.port, servers=" ".join(f"server 127.0.0.1:{port} max_fails=0;" for port, _ in self.ports)))
        nginx = subprocess.Popen(["nginx", "-e", folder / "nginx.log", "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(nginx.wait)
        self.addCleanup(nginx.terminate)
        harness.wait_for(lambda: harness.answers(self.port), "nginx")

    def start_replica(self, number):
        self.programs[number] = self.another(f"replica-{number}", *self.ports[number])

    # The storm.

    def kill(self, chance):
        number = chance.randrange(REPLICAS)
        self.programs[number].kill()
        time.sleep(chance.random() * 2)
        self.start_replica(number)

    def stop(self, chance):
        number = chance.randrange(REPLICAS)
        self.programs[number].stop()
        self.start_replica(number)

    def freeze(self, chance):
        process = self.programs[chance.randrange(REPLICAS)].process
        process.send_signal(signal.SIGSTOP)
        self.over.wait(min(30, self.seconds / 2) if chance.random() < 0.5 else 5)
        process.send_signal(signal.SIGCONT)

    def restart_database(self, chance):
        self.database.stop(chance.choice([signal.SIGINT, signal.SIGQUIT]))
        time.sleep(chance.random() * 2)
        self.database.start()

    def freeze_database(self, chance):
        self.database.freeze()
        time.sleep(1 + 3 * chance.random())
        self.database.freeze(False)

    def end_tokens(self, chance):
        self.people["two"].control("restart")

    def storm(self, seed):
        chance, until = random.Random(seed), time.monotonic() + self.seconds
        acts = [self.kill, self.freeze, self.restart_database, self.freeze_database, self.stop, self.end_tokens]
        queue = []
        while time.monotonic() < until:
            queue = queue or chance.sample(acts, len(acts))
            act = queue.pop()
            self.done.append(act.__name__)
            act(chance)
            time.sleep(1 + 2 * chance.random())

    def run_storm(self):
        names = [f"reader{n}" for n in range(self.readers)], [f"renewer{n}" for n in range(self.renewers)]
        for server, listed in zip(("one", "two"), names):
            for name in listed:
                self.people[server].add(name)
        rows = [(self.source.elements[n], self.target.elements[n]) for n in ("stock", "remark", "power", "share")]
        maker = Worker(self, "maker")
        maker.begin()
        sides = {name: {"server": name, "data_set": side.data_set} for name, side in (("source", self.source), ("target", self.target))}
        self.alignment = "/v1/alignments/" + maker.call("POST", "/v1/alignments", sides).json["id"]
        people = [*(Reader(self, n) for n in names[0]), *(Renewer(self, n) for n in names[1]), Reviewer(self, "anna", rows[:2]), Reviewer(self, "ben", rows[2:]), Sender(self, "sender")]
        for person in people:
            person.start()
        seed = time.time_ns()
        self.storm(seed)
        self.deadline = time.monotonic() + 300
        self.over.set()
        for person in people:
            person.join(600)
        alive = [p.name_ for p in people if p.is_alive()]
        wrong = [p.wrong for p in people if p.wrong]
        told = (f"seed {seed}: {len(people)} people, {sum(p.good for p in people)} good answers, {sum(p.away for p in people)} told to come again, {self.decided} decisions, {self.sent} transfers, "
                f"{self.again} sign-ins anew; {len(self.done)} blows: {', '.join(self.done)}")
        print(told, flush=True)
        self.assertEqual((wrong, alive), ([], []), told)
        self.assertGreater(self.decided, 0)
        self.assertGreater(self.sent, 0)
