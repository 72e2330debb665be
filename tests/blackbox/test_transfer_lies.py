"""Transfers between servers that answer whole and valid, and wrong."""
import json
import random
import shutil
import unittest

import harness
import transfer_fixture as fixture
from test_transfer import BetweenServers


class Answers(BetweenServers):
    unit_count = 9  # so that an answer comes in pieces
    takes_seconds = 15

    def rows_left_out(self, numbers):
        def alter(method, number, answer):
            if method == "GET" and number in numbers:
                document = json.loads(answer.body)
                document["dataValues"] = document["dataValues"][:len(document["dataValues"]) // 2]
                answer.body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()  # up to there the same bytes
        return alter

    def test_rows_are_left_out_of_a_reading(self):
        for name, numbers in (("source", (1,)), ("source", (2, 5)), ("source", (1, 3)), ("target", (1,)), ("target", (2,)), ("target", (3,)), ("target", (3, 5))):
            with self.subTest(server=name, readings=numbers):
                self.between[name].seen.clear()
                self.between[name].alter = self.rows_left_out(numbers)
                self.transfer()
                self.check_whole()
                self.between[name].alter = None
                self.transfer("--undo")
                shutil.rmtree(self.folder / "journal")

    def test_rows_in_another_order(self):
        """The same values are the same however they are ordered, at both servers: nothing is asked for a third time."""
        chance = random.Random(5)

        def alter(method, number, answer):
            if method == "GET":
                document = json.loads(answer.body)
                chance.shuffle(document.get("dataValues", []))
                answer.body = json.dumps(document).encode()
        for between in self.between.values():
            between.alter = alter
        self.transfer()
        self.check_whole()
        self.assertEqual([self.between[n].seen["GET"] for n in ("source", "target")], [3 * len(fixture.PERIODS), 4 * len(fixture.PERIODS)])  # the second time in halves

    def test_an_answer_that_is_cut_each_time(self):
        """Whole and valid JSON up to where the server failed, at the same row or at the same share of them: what is asked for in parts is cut elsewhere. Of neither server is that believed, and nothing is sent."""
        for name in ("source", "target"):
            for cut in (lambda n: n // 2, lambda n: n - 1, lambda n: min(n, 40)):
                def alter(method, number, answer, cut=cut):
                    if method == "GET":
                        document = json.loads(answer.body)
                        document["dataValues"] = document["dataValues"][:cut(len(document["dataValues"]))]
                        answer.body = json.dumps(document).encode()
                with self.subTest(server=name):
                    if name == "target" and not self.stored("target"):
                        self.transfer()
                        shutil.rmtree(self.folder / "journal")
                        self.fill("source", self.source, {key: "7" for key in self.stored("source") if key[0] == self.source.elements["stock"]})
                    before = self.stored("target")
                    self.between[name].alter = alter
                    self.transfer(expect=3)
                    self.between[name].alter = None
                    self.assertEqual((self.report["problem"]["code"], self.stored("target")), ("upstream_broken", before))
                    shutil.rmtree(self.folder / "journal")
        self.transfer()
        self.check_whole()

    def test_two_texts_in_one_answer(self):
        def alter(method, number, answer):
            if method == "GET" and number == 2:
                answer.body += b'{"httpStatus": "Conflict"}'
        self.between["source"].alter = alter
        self.transfer()
        self.check_whole()

    def lose_posts(self, count):
        """As 2.43 answers a POST whose SQL failed: SUCCESS, all ignored."""
        real, self.lose = self.between["target"].forward, count

        def lost(method, path, headers, body):
            if method == "POST" and self.lose and path.startswith("/api/dataValueSets"):
                self.lose -= 1
                count = len(json.loads(body)["dataValues"])
                summary = {"responseType": "ImportSummary", "status": "SUCCESS", "importCount": {"imported": 0, "updated": 0, "ignored": count, "deleted": 0}, "conflicts": [], "rejectedIndexes": []}
                return harness.Answer(200, [("Content-Type", "application/json")], json.dumps({"httpStatus": "OK", "httpStatusCode": 200, "status": "OK", "response": summary}).encode())
            return real(method, path, headers, body)
        self.between["target"].forward = lost

    def test_a_success_of_which_nothing_was_stored(self):
        self.lose_posts(1)
        self.transfer()
        self.check_whole()
        self.transfer("--undo")
        shutil.rmtree(self.folder / "journal")
        self.lose = 1000
        self.transfer(expect=1)
        self.lose = 0
        self.assertEqual(self.report["outcome"], "differs")
        self.assertEqual([c["code"] for c in self.report["conflicts"]], ["unaccounted"])
        self.assertEqual(self.counts["differing"], self.counts["cells"] - self.counts["unchanged"])

    def test_what_is_not_told_is_not_gone(self):
        """Values were not deleted, and the reading after it leaves rows out: that they are missing there is no proof, one such answer is not believed."""
        self.transfer()
        self.lose_posts(1)

        def none_after_a_lost_post(method, number, answer):
            if method == "GET" and self.lose == 0:
                self.lose = None
                answer.body = json.dumps({**json.loads(answer.body), "dataValues": []}).encode()
        self.between["target"].alter = none_after_a_lost_post
        self.transfer("--undo", expect=1)
        self.assertIsNone(self.lose)
        left = self.stored("target")
        self.assertEqual((self.report["outcome"], self.counts["differing"]), ("differs", len(left)))
        self.assertGreater(len(left), 0)
        self.transfer("--undo")
        self.assertEqual(self.stored("target"), {})

    def test_a_job_in_place_of_a_summary(self):
        """Where a server makes a job of a POST its summary is waited for; it is empty at first, then the server is too busy to tell. Nothing is sent beside it."""
        real, summaries, asked = self.between["target"].forward, {}, []

        def by_job(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets"):
                job = f"TfJob{len(summaries):06d}"
                summaries[job] = json.dumps(real(method, path, headers, body).json["response"]).encode()
                answer = {"httpStatus": "OK", "httpStatusCode": 200, "status": "OK", "message": "Initiated inMemoryDataValueImport",
                          "response": {"responseType": "JobConfigurationWebMessageResponse", "name": "inMemoryDataValueImport", "id": job, "jobType": "DATAVALUE_IMPORT", "jobStatus": "RUNNING"}}
                return harness.Answer(200, [("Content-Type", "application/json")], json.dumps(answer).encode())
            if "/api/system/taskSummaries/" in path:
                asked.append(path)
                if asked.count(path) == 2:
                    return harness.Answer(503, [("Content-Type", "application/json")], b'{"httpStatusCode":503,"status":"ERROR","message":"Busy"}')
                return harness.Answer(200, [("Content-Type", "application/json")], summaries[path.rsplit("/", 1)[1]] if asked.count(path) > 2 else b"")
            return real(method, path, headers, body)
        self.between["target"].forward = by_job
        self.transfer()
        self.check_whole()
        self.assertEqual((len(asked), len(summaries)), (3 * len(fixture.PERIODS), len(fixture.PERIODS)))

    def test_a_poisoned_value_does_not_lose_the_rest(self):
        """One value on which the server fails with 500, whatever comes with it."""
        real, wanted = self.between["target"].forward, self.wanted()
        poison = sorted(wanted)[7]

        def failing(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets") and poison in fixture.cells_of(json.loads(body)["dataValues"]):
                return harness.Answer(500, [("Content-Type", "application/json")], b'{"httpStatus":"Internal Server Error","httpStatusCode":500,"status":"ERROR","message":"Cannot read the array length"}')
            return real(method, path, headers, body)
        self.between["target"].forward = failing
        self.transfer(expect=1)
        del wanted[poison]
        self.assertEqual(self.stored("target"), wanted)
        self.assertEqual(self.counts["ignored"], {"http_500": 1})


class OldAnswers(BetweenServers):
    versions, unit_count, takes_seconds = ("2.43", "2.41"), 3, 10

    def test_an_import_that_failed_and_stored_it(self):
        """A value with which the whole import fails, by what the server says, though it is stored; and one that is not. Also where they are taken out again."""
        stored, refused = sorted(self.wanted())[3:5]
        real = self.between["target"].forward

        def failing(method, path, headers, body):
            if method == "POST" and path.startswith("/api/dataValueSets"):
                cells = fixture.cells_of([{"value": None, **row} for row in json.loads(body)["dataValues"]])
                if stored in cells or refused in cells:
                    if refused not in cells:
                        real(method, path, headers, body)
                    summary = {"responseType": "ImportSummary", "status": "ERROR", "description": "The import process failed: null", "importCount": {"imported": 0, "updated": 0, "ignored": 0, "deleted": 0}, "conflicts": [], "rejectedIndexes": []}
                    return harness.Answer(409, [("Content-Type", "application/json")], json.dumps({"httpStatus": "Conflict", "httpStatusCode": 409, "status": "ERROR", "response": summary}).encode())
            return real(method, path, headers, body)
        self.between["target"].forward = failing
        wanted = self.wanted()
        self.transfer(expect=1)
        del wanted[refused]
        self.assertEqual(self.stored("target"), wanted)
        self.assertEqual((self.counts["ignored"], self.counts["sent"], self.counts["verified"]), ({"refused": 1}, len(wanted), len(wanted)))
        self.transfer("--undo")
        self.assertEqual((self.stored("target"), self.counts["ignored"], self.counts["removed"]), ({}, {}, len(wanted)))


if __name__ == "__main__":
    unittest.main()
