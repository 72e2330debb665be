"""The storm of chaos.py: 60 seconds and some thirty sessions; `./dev chaos` has 10 minutes and 200 of them."""
import os

import chaos


class Storm(chaos.Chaos):
    takes_seconds = 80

    if os.environ.get("DRAWBRIDGE_CHAOS_SECONDS"):
        seconds, readers, renewers, pause = int(os.environ["DRAWBRIDGE_CHAOS_SECONDS"]), 170, 27, 4

    def test_nothing_is_lost_mixed_up_or_doubled(self):
        """[R-D3, R-H9] No answer of somebody else's, no acknowledged decision lost, no value lost or doubled, and no error but those that say: come again."""
        self.run_storm()
