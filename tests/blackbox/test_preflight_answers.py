"""What a target says about itself decides what is sent: where its answer is whole and valid, and lacks something, nothing goes that it would have held back."""
import json
import unittest

import preflight_world as world
import transfer_fixture as fixture
from preflight_world import ATTRIBUTES, FACILITIES, Target, World
from test_transfer import Between

SETS = "dataSets:fields=id,name,periodType,categoryCombo%5Bid%5D,workflow"
COMBOS = "categoryCombos:fields=id,categories%5Bid,categoryOptions%5Bid,name,startDate"
PERIOD = "202401"
APPROVED = [(PERIOD, FACILITIES[0], a) for a in ATTRIBUTES]


class Answers(World):
    takes_seconds = 25

    def stand_before_target(self, version="2.43", **more):
        """January is approved at the first facility. `self.alter`: (path, body) to another body, or None to leave it."""
        self.build(version, Target(approved=APPROVED, **more), values={(PERIOD, u, a): "5" for u in FACILITIES for a in ATTRIBUTES})
        self.between, self.alter, self.asked = Between(self.sims["target"].port), lambda path, body: None, []
        self.addCleanup(self.between.close)
        real = self.between.forward

        def forward(method, path, headers, body):
            answer = real(method, path, headers, body)
            self.asked.append(path)
            if method == "GET":
                altered = self.alter(path, answer.body)
                answer.body = answer.body if altered is None else altered
            return answer
        self.between.forward = forward
        (self.folder / "config.yaml").write_text(fixture.CONFIG.format(folder=self.folder, source=self.sims["source"].port, target=self.between.port))

    def now(self, where, answer, times=1000):
        """From now on these answers of the target are that."""
        left = [times]

        def alter(path, body):
            if where not in path or left[0] == 0:
                return None
            left[0] -= 1
            return answer
        self.alter = alter

    def sent(self):
        return set(self.values) - set(APPROVED)

    def test_of_some_nothing_is_said_whether_they_are_approved(self):
        """2.43 would overwrite them. To 2.42 the server judges rightly by itself."""
        some = (PERIOD, FACILITIES[0], ATTRIBUTES[0])

        def without(path, body):
            if "dataApprovals/multiple" not in path:
                return None
            return json.dumps([r for r in json.loads(body) if (r["pe"], r["ou"], r["aoc"]) != some]).encode()
        for name, alter, held in (("nothing", lambda path, body: b"[]" if "dataApprovals/multiple" in path else None, set(world.cells([PERIOD]))), ("one left out", without, {some})):
            with self.subTest(name):
                self.stand_before_target()
                self.alter = alter
                self.transfer(expect=1)
                self.assertEqual(self.refused(), {"approval_unknown": len(held), **({"approved": 1} if len(held) == 1 else {})})
                self.assertEqual(self.stored(), self.sent() - held)
        self.stand_before_target("2.41")
        self.now("dataApprovals/multiple", b"[]")
        self.transfer(expect=1)
        self.assertEqual((self.counts["ignored"], self.stored()), ({"E7642": 2}, self.sent()))

    def test_a_period_that_nobody_used_yet(self):
        """Of such a one the list is empty until it is asked about alone; then all of it may go, and what is approved may not."""
        self.stand_before_target()
        self.alter = lambda path, body: b"[]" if "dataApprovals/multiple" in path and not any(p.startswith("/api/dataApprovals?") for p in self.asked) else None
        self.transfer(expect=1)
        self.assertEqual((self.refused(), self.stored()), ({"approved": 2}, self.sent()))
        self.assertEqual(len([p for p in self.asked if p.startswith("/api/dataApprovals")]), 3)

    def test_data_sets_or_their_options_are_left_out(self):
        for where, answer in ((SETS, b'{"system":{}}'), (SETS, b'{"dataSets":[]}'), (COMBOS, b'{"system":{}}'), (COMBOS, b'{"categoryCombos":[]}')):
            with self.subTest(where=where, answer=answer):
                self.stand_before_target()
                self.now(where, answer)
                self.transfer(expect=3)
                self.assertEqual((self.report["outcome"], self.report["problem"]["code"], self.stored()), ("failed", "upstream_broken", set()))
                self.now(where, answer, times=1)
                self.transfer(expect=1)
                self.assertEqual((self.refused(), self.stored()), ({"approved": 2}, self.sent()))

    def test_org_units_and_lock_exceptions_are_left_out(self):
        self.stand_before_target()
        self.now("/api/organisationUnits?paging=false", b"{}", times=1)
        self.transfer("--dry-run", expect=1)
        self.assertEqual(self.refused(), {"approved": 2})
        self.now("/api/organisationUnits?paging=false", b'{"organisationUnits":[]}')
        self.transfer(expect=1)
        self.assertEqual((self.refused(), self.stored()), ({"org_unit_unknown": 6}, set()))
        self.stand_before_target(expiry_days=10, clock="2024-02-20 00:00", exceptions=[(PERIOD, FACILITIES[1])])
        self.now("/api/lockExceptions", b"{}", times=1)
        self.transfer(expect=1)
        self.assertEqual(self.stored(), {c for c in self.sent() if c[1] == FACILITIES[1]})


if __name__ == "__main__":
    unittest.main()
