"""A few of the runs of ./dev faults, and that they would see what they look for."""
import faults
import harness


class Faults(harness.Case):
    takes_seconds = 30

    def test_a_fault_at_a_step_changes_nothing(self):
        said = []
        passed, failed, struck = faults.run(26, "short", 2, said.append, 2)
        self.assertEqual((passed, failed), (26, 0), said)
        self.assertGreater(struck, 18)

    def test_a_difference_is_seen(self):
        world = faults.World(("2.41", "2.43"), "seen")
        self.addCleanup(world.doCleanups)
        world.open()
        right = world.stored
        with self.subTest("a value that is not there"):
            world.stored = lambda name, periods: dict(list(right(name, periods=periods).items())[name == "target":])
            self.assertRaisesRegex(AssertionError, r"^\{\('", world.go)
        world.stored = right
        with self.subTest("a value that is sent twice"):
            front = world.fronts["target"]
            real = harness.call

            def twice(port, method, target, *rest):
                if port == front.behind and method == "POST" and target.startswith("/api/dataValueSets"):
                    front.written += front.written[:1] or [("again",)] * 2
                return real(port, method, target, *rest)
            self.addCleanup(setattr, harness, "call", real)
            harness.call = twice
            self.assertRaisesRegex(AssertionError, r"\('again',\)", world.go)
