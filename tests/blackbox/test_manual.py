"""The manual in docs/ against the program: the page of the configuration's keys is not behind."""
import subprocess

import harness


class Manual(harness.Case):
    def test_the_page_of_keys_is_the_program_s(self):
        done = subprocess.run(["python3", harness.ROOT / "tools/configuration-page.py", "--program", harness.BUILD / "drawbridge"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
