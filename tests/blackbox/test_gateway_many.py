"""Many people at once, all of whose tokens end in the same moment: each gets what is theirs."""
import concurrent.futures
import random

import harness
from gateway import Gateway


class Many(Gateway):
    takes_seconds = 20
    PEOPLE, CALLS = 200, 3

    def test_nobody_gets_what_is_anothers(self):
        """[A12, R-D2, R-D3, R-E13] Storms of renewals at a server that changes refresh tokens with each: every answer is of the person who asked, each person's tokens are renewed once a storm, and nobody is signed out."""
        self.start([("one", "2.43"), ("two", "2.41")], sim_words=("--set", "rotate=on"))
        names = [f"person{i:03d}" for i in range(self.PEOPLE)]
        cookies, ids = {}, {}
        for name in names:
            ids[name] = {server: people.add(name) for server, people in self.people.items()}
            browser = self.browser()
            self.authorize(browser, "one", name)
            self.with_password(browser, "two", name)
            cookies[name] = self.cookie(browser)

        def ask(job):
            name, server = job
            answer = harness.call(self.port, "GET", f"/s/{server}/api/me?fields=id", [("X-Drawbridge", "1"), ("Cookie", f"drawbridge={cookies[name]}")])
            return name, server, answer.status, answer.json.get("id")
        for storm in (1, 2):
            self.people["one"].control("restart")
            jobs = [(name, server) for name in names for server in ["one"] * self.CALLS + ["two"]]
            random.Random(storm).shuffle(jobs)
            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                for name, server, status, found in pool.map(ask, jobs):
                    self.assertEqual((status, found), (200, ids[name][server]), (name, server))
            metrics = harness.call(self.admin, "GET", "/metrics").body.decode()
            self.assertIn(f'drawbridge_renewals_total{{server="one",outcome="ok"}} {self.PEOPLE * storm}\n', metrics)


if __name__ == "__main__":
    import unittest
    unittest.main()
