"""What real servers did when they were asked, on the stand-ins, and what a transfer makes of it. docs/transfer.md lists each with its tests; what has a test elsewhere is not repeated here."""
import base64
import json

import harness
import transfer_fixture as fixture
from test_transfer import BetweenServers, api

OPTIONS, REASONS = fixture.uid("Os", 1), fixture.uid("Os", 2)


def option_sets(side):
    """A set for values and one for comments."""
    side.objects["optionSets"] = [{"id": s, "name": f"{side.kind} options {n}", "valueType": "TEXT", "options": [{"id": fixture.uid("Oo", n, i)} for i in range(3)]} for n, s in ((1, OPTIONS), (2, REASONS))]
    side.objects["options"] = [{"id": fixture.uid("Oo", n, i), "code": f"CODE{n}{i}", "name": f"Option {n} {i}", "sortOrder": i + 1, "optionSet": {"id": s}} for n, s in ((1, OPTIONS), (2, REASONS)) for i in range(3)]


def element(side, name):
    return next(e for e in side.objects["dataElements"] if e["id"] == side.elements[name])


class Measured(BetweenServers):
    unit_count = 3

    def prepare(self):
        """Before the servers start."""

    def start(self, **more):
        self.prepare()
        super().start(**more)

    def setUp(self):
        super().setUp()
        self.told = []  # what a transfer sent to the target, and what that answered
        for name, between in self.between.items():
            between.forward = self.listening(name, between.forward)

    def listening(self, name, forward):
        def listen(method, path, headers, body):
            answer = forward(method, path, headers, body)
            self.lie(name, method, path, answer)
            if name == "target" and method == "POST" and path.startswith("/api/dataValueSets"):
                self.told.append((answer.status, json.loads(body)))
            return answer
        return listen

    def lie(self, name, method, path, answer):
        """Changes what a server answers to a transfer."""

    def cell(self, name, period="202401", unit=0):
        data_element, coc = self.target.cell(name)
        return {"dataElement": data_element, "categoryOptionCombo": coc, "attributeOptionCombo": fixture.DEFAULT, "period": period, "orgUnit": self.target.units[unit]}

    def post(self, *rows, query="", side="target"):
        return api(self.sims[side].port, "POST", "/api/dataValueSets", {"dataSet": getattr(self, side).data_set, "dataValues": list(rows)}, query)


class New(Measured):
    def prepare(self):
        option_sets(self.target)
        element(self.target, "share")["commentOptionSet"] = {"id": REASONS}

    def test_a_cell_in_two_spellings_loses_the_whole_post(self):
        short = {k: v for k, v in self.cell("tests").items() if k in ("dataElement", "period", "orgUnit")}
        answer = self.post({**self.cell("tests"), "value": "1"}, {**short, "value": "1"}, {**self.cell("stock"), "value": "2"})
        summary = answer.json["response"]
        self.assertEqual((answer.status, summary["status"], summary["importCount"]["ignored"], summary.get("conflicts", [])), (200, "SUCCESS", 3, []))
        self.assertEqual(self.stored("target"), {})
        self.transfer(expect=1)
        self.assertGreater(len(self.told), 0)
        for status, document in self.told:  # so: both combos spelled out, everything a text, no cell twice
            self.assertEqual(status, 200)
            keys = [tuple(row[k] for k in ("dataElement", "categoryOptionCombo", "period", "orgUnit", "attributeOptionCombo")) for row in document["dataValues"]]
            self.assertEqual(len(keys), len(set(keys)))
            self.assertEqual({type(v) for row in document["dataValues"] for k, v in row.items() if k not in ("followUp", "followup", "deleted")}, {str})
            self.assertLessEqual(len(keys), 1000)

    def test_what_ends_in_500_and_loses_the_post(self):
        for bad in ({**self.cell("tests"), "value": 12}, {**self.cell("tests", period="2024-13"), "value": "12"}, {**self.cell("share"), "value": "12"}):
            self.assertEqual(self.post({**self.cell("stock"), "value": "2"}, bad).status, 500, bad)
            self.assertEqual(self.stored("target"), {})
        kept = {**self.cell("share", unit=1), "value": "99", "comment": "CODE21"}
        self.assertEqual(self.post(kept).status, 200)
        self.told.clear()
        self.transfer(expect=1)
        self.assertEqual({status for status, _ in self.told}, {200}, "foreseen, and not tried")
        kinds = {c["code"]: c for c in self.report["conflicts"]}
        self.assertEqual(set(kinds), {"comment_missing"})
        self.assertIn("Option set comment", kinds["comment_missing"]["remedy"])
        wanted, share, stored = self.wanted(), self.target.elements["share"], self.stored("target")
        self.assertEqual({k: v for k, v in stored.items() if k[0] != share}, {k: v for k, v in wanted.items() if k[0] != share})
        there = tuple(kept[k] for k in ("dataElement", "categoryOptionCombo", "period", "orgUnit", "attributeOptionCombo"))
        self.assertEqual({k: v for k, v in stored.items() if k[0] == share}, {there: wanted.get(there, "99")})  # its comment goes along

    def test_last_updated_only_together_with_periods(self):
        query = f"?dataSet={self.target.data_set}&orgUnit={self.target.units[0]}&lastUpdated=2024-01-01"
        answer = api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=query)
        self.assertEqual((answer.status, answer.json["errorCode"]), (409, "E2002"))
        self.assertEqual(api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=query + "&period=202401").status, 200)

    def test_an_error_in_the_middle_of_a_list(self):
        self.check_list(lambda answer: (answer.status, answer.json["pager"]["total"], answer.json["dataSets"]), (200, 1, []))

    def check_list(self, read, wanted):
        """As the server itself does it; and a run that is told such a list sends nothing, or asks again."""
        answer = api(self.sims["target"].port, "GET", "/api/dataSets.json", query=f"?filter=id:eq:{self.target.data_set}&fields=id,organisationUnits~size,organisationUnits~rename(x)")
        self.assertEqual(read(answer), wanted, answer)
        for body, times in ((b'{"system":{}}', 1000), (b'{"dataSets":[{"id":"TfTDs010000"}]}{"httpStatus":"Conflict","status":"ERROR"}', 2)):
            left = [times]

            def lie(name, method, path, answer):
                if name == "target" and path.startswith("/api/metadata?dataSets") and left[0]:
                    left[0] -= 1
                    answer.body = body
            self.lie = lie
            self.told.clear()
            self.command(*self.words(journal=f"journal-{times}"), expect=(0, 1) if times < 1000 else 2, environment=self.environment)
            if times == 1000:
                self.assertEqual((self.told, self.stored("target")), ([], {}))


class Slow(Measured):
    """A target whose time grows with the square of the POST, so slow that the machine's own speed counts for nothing."""
    unit_count, more_words = 60, {"target": ["--set", "import-ms=80000"]}

    def test_batches_get_smaller_until_the_target_stands_them(self):
        self.command(*self.words(periods=fixture.PERIODS[:1]), environment=self.environment)
        wanted = {k: v for k, v in fixture.expected(self.made, self.stored("source")).items() if k[2] == fixture.PERIODS[0]}
        self.assertEqual(self.stored("target"), wanted)
        first, *others = [len(document["dataValues"]) for _, document in self.told]
        self.assertEqual(first, 250)
        self.assertLessEqual(max(others), 125)
        self.assertEqual(first + sum(others), len(wanted))


class Options(Measured):
    """Values that must be options at the target."""

    def prepare(self):
        option_sets(self.target)
        element(self.target, "remark")["optionSet"] = {"id": OPTIONS}

    def test_what_is_none_is_held_back(self):
        good = {(*self.source.cell("remark"), "202401", self.source.units[0], fixture.DEFAULT): "CODE11"}
        self.fill("source", self.source, good)
        self.transfer(expect=1)
        self.assertEqual({c["code"] for c in self.report["conflicts"]}, {"option_unknown"})
        self.assertEqual({status for status, _ in self.told}, {200})
        remark = self.target.elements["remark"]
        self.assertEqual({v for k, v in self.stored("target").items() if k[0] == remark}, {"CODE11"})


class Old(Measured):
    versions = ("2.43", "2.41")

    def prepare(self):
        option_sets(self.source)
        option_sets(self.target)
        for side in (self.source, self.target):
            element(side, "remark")["optionSet"] = {"id": OPTIONS}
        real = fixture.values
        self.addCleanup(setattr, fixture, "values", real)
        remark = self.source.elements["remark"]
        fixture.values = lambda *a, **k: {key: f"CODE1{len(v) % 3}" if key[0] == remark else v for key, v in real(*a, **k).items()}

    def test_deleting_an_option_without_its_value_refuses_the_import(self):
        self.transfer()
        self.check_whole()
        answer = self.post({**self.cell("stock"), "value": "5"}, {**self.cell("remark"), "deleted": True})
        self.assertEqual((answer.status, answer.json["response"]["status"]), (409, "ERROR"))
        self.assertIn("import process failed", answer.json["response"]["description"])
        gone = next(key for key in self.stored("source") if key[0] == self.source.elements["remark"])
        row = dict(zip(("dataElement", "categoryOptionCombo", "period", "orgUnit", "attributeOptionCombo"), gone))
        self.assertEqual(self.post({**row, "value": "CODE10"}, query="?importStrategy=DELETE", side="source").status, 200)
        self.told.clear()
        self.transfer("--deletions", "delete", journal="second")
        self.check_whole()
        self.assertEqual((self.counts["removed"], {status for status, _ in self.told}), (1, {200}))  # the value goes with its deletion

    def test_filters_that_are_not_known_widen_the_answer(self):
        self.transfer()
        query = f"?dataSet={self.target.data_set}&period=202401&period=202402&orgUnit={self.target.units[0]}&orgUnit={self.target.units[1]}"
        get = lambda more="": api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=query + more).json["dataValues"]
        self.assertEqual(get("&attributeOptionCombo=TfNowhere01"), get())

    def test_values_that_nobody_asked_for_count_for_nothing(self):
        def lie(name, method, path, answer):
            if name == "source" and method == "GET" and path.startswith("/api/dataValueSets") and answer.status == 200:
                document = json.loads(answer.body)
                head = {k: document[k] for k in ("period", "orgUnit", "attributeOptionCombo") if k in document}
                foreign = {**head, **document["dataValues"][0], "orgUnit": "TfElsewhere", "value": "7"}
                answer.body = json.dumps({**document, "dataValues": [{**head, **row} for row in document["dataValues"]] + [foreign]}).encode()
        self.lie = lie
        self.transfer()
        self.check_whole()
        self.assertEqual(self.counts["not_asked"], len(fixture.PERIODS))

    def test_a_forbidden_read_is_an_empty_200(self):
        self.assertEqual(api(self.sims["target"].port, "GET", "/api/dataValueSets.json", query=f"?dataSet={self.target.data_set}&period=202401&orgUnit=TfOuNobody1").status, 409)
        stranger = {**self.target.objects["users"][0], "id": fixture.uid("TUs", 7), "username": "stranger", "organisationUnits": [], "dataViewOrganisationUnits": []}
        headers = {"Authorization": "Basic " + base64.b64encode(b"admin:district").decode(), "X-Requested-With": "XMLHttpRequest"}
        self.assertIn(harness.call(self.sims["target"].port, "POST", "/api/users", headers, stranger).status, (200, 201))
        headers["Authorization"] = "Basic " + base64.b64encode(b"stranger:Runner-test-1").decode()
        answer = harness.call(self.sims["target"].port, "GET", f"/api/dataValueSets.json?dataSet={self.target.data_set}&period=202401&orgUnit={self.target.units[0]}", headers)
        self.assertEqual((answer.status, answer.body), (200, b""))

    def test_an_error_in_the_middle_of_a_list(self):
        New.check_list(self, lambda answer: (answer.status, answer.body.count(b"httpStatusCode"), b'"dataSets"' in answer.body), (409, 1, True))
