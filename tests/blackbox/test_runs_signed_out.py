"""A server takes the sign-in no more in the middle of a run: the session says so as soon as the run does, without one more call; where that is the person's own sign-in, and dead."""
import harness
import test_unattended

BOTH = ("source", "target")
LOGIN = harness.Answer(302, [("Location", "/dhis-web-login/")], b"")
REFUSED = harness.Answer(401, [("Content-Type", "application/json")], b'{"httpStatus":"Unauthorized","httpStatusCode":401,"status":"ERROR","message":"Unauthorized"}')
PAGE = harness.Answer(200, [("Content-Type", "text/html")], b"<!DOCTYPE html><title>Sign in</title>")


class Signed(test_unattended.Unattended):
    def from_now_on(self, server, answer):
        """`answer` of the path, where it gives one, is the server's, from the first question about values on."""
        between, begun = self.between[server], []
        real = between.forward

        def forward(method, path, headers, body):
            if path.startswith("/api/dataValueSets"):
                begun.append(path)
            return begun and answer(path) or real(method, path, headers, body)
        between.forward = forward

    def as_before(self, server):
        del self.between[server].forward

    def delete_tokens(self, server, kept=()):
        for token in self.tokens(server) - set(kept):
            self.delete_token(server, token)

    def run_refused_by(self, server, **more):
        run = self.ended(self.begin(**more))
        self.assertEqual((run["state"], run["problem"]["code"], run["problem"]["server"]), ("failed", "reauth_required", server), run)
        return run

    def states(self):
        return {c["server"]: c["state"] for c in self.browser.call("GET", "/v1/session").json["connections"]}

    def check_states(self, **others):
        self.assertEqual(self.states(), {**dict.fromkeys(BOTH, "ok"), **others})

    def audited(self):
        return self.program.log().count('"event":"credential_refused"')


class Pasted(Signed):
    kind = None
    takes_seconds = 15

    def deleted_at(self, server):
        self.from_now_on(server, lambda path: self.delete_tokens(server))
        run = self.run_refused_by(server)
        self.check_states(**{server: "reauth_required"})
        self.assertEqual(self.audited(), 1)
        self.program.stop()
        self.serve()
        self.check_states(**{server: "reauth_required"})  # that was kept
        refused = self.browser.call("POST", f"/v1/runs/{run['id']}/resume")
        self.assertEqual(self.ended(refused.json)["problem"]["code"], "reauth_required")

    def test_deleted_at_the_source(self):
        self.deleted_at("source")

    def test_deleted_at_the_target(self):
        self.deleted_at("target")

    def test_taken_back(self):
        """An undo, and the check of one, are no other."""
        run = self.ended(self.begin())
        self.from_now_on("target", lambda path: self.delete_tokens("target"))
        undo = self.ended(self.browser.call("POST", f"/v1/runs/{run['id']}/undo", body={"dry_run": True}).json)
        self.assertEqual((undo["state"], undo["problem"]["code"]), ("failed", "reauth_required"))
        self.check_states(target="reauth_required")

    def test_a_token_that_is_good_for_other_calls(self):
        """As by a proxied call: the server is asked before anything is given up."""
        self.from_now_on("target", lambda path: REFUSED if path.startswith("/api/dataValueSets") else None)
        self.run_refused_by("target")
        self.check_states()
        self.assertEqual(self.audited(), 0)


class OfServers(Signed):
    """Sessions of the servers' own, which a password has opened."""
    takes_seconds = 15

    def serve(self):
        text = self.config.read_text()
        if "mint" not in text:
            self.config.write_text(text.replace("addresses: [127.0.0.0/8]", "addresses: [127.0.0.0/8], mint: never"))
        super().serve()

    def test_over_at_the_source(self):
        self.from_now_on("source", lambda path: LOGIN)
        self.run_refused_by("source")
        self.check_states(source="reauth_required")

    def test_over_at_the_target(self):
        self.from_now_on("target", lambda path: REFUSED)
        run = self.run_refused_by("target")
        self.check_states(target="reauth_required")
        self.as_before("target")
        self.browser.call("POST", "/v1/servers/target/connection", body=self.kind)
        self.check_states()
        self.assertEqual(self.browser.call("POST", f"/v1/runs/{run['id']}/resume").status, 200)
        self.check_run(self.ended(run))

    def test_a_page_in_place_of_data(self):
        self.from_now_on("source", lambda path: PAGE)
        self.run_refused_by("source")
        self.check_states(source="reauth_required")


class Lent(Signed):
    takes_seconds = 5

    def test_what_was_lent_to_the_run_is_not_the_person_s(self):
        own = self.tokens("target")
        self.from_now_on("target", lambda path: self.delete_tokens("target", own))
        self.run_refused_by("target", unattended_until=test_unattended.after(hours=3))
        self.check_states()
        self.assertEqual(self.browser.call("GET", "/s/target/api/me").status, 200)
