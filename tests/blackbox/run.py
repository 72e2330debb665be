#!/usr/bin/env python3
"""Runs tests/blackbox/test_*.py (or those named) and closes with `N passed, N failed, N skipped`.

Classes run side by side, six more at once than there are cores: most of the time a test waits for a program, and some wait ten seconds for what is to be forgotten. What a class says is printed when it is done. The long ones begin first, so that none is left over at the end:
those with many tests, and those that say about how long they take (`takes_seconds`).
"""
import collections
import concurrent.futures
import io
import multiprocessing
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def tests_of(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from tests_of(one)
        else:
            yield one


def run(ids):
    """(what it said, passed, failed, skipped)"""
    said = io.StringIO()
    result = unittest.TextTestRunner(stream=said, verbosity=2, buffer=True).run(unittest.TestLoader().loadTestsFromNames(ids))
    fallen = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}  # a test of many parts may fall in several
    failed, skipped = len(fallen) + len(result.unexpectedSuccesses), len(result.skipped)
    return said.getvalue(), result.testsRun - failed - skipped, failed, skipped


def main():
    sys.path.insert(0, str(HERE))
    classes, kinds = collections.defaultdict(list), {}
    for test in tests_of(unittest.TestLoader().loadTestsFromNames(sys.argv[1:] or sorted(p.stem for p in HERE.glob("test_*.py")))):
        classes[type(test)].append(test.id())
        kinds[test.id()] = type(test)
    total = [0, 0, 0]
    with concurrent.futures.ProcessPoolExecutor((os.cpu_count() or 1) + 6, multiprocessing.get_context("fork")) as pool:
        runs = [pool.submit(run, ids) for ids in sorted(classes.values(), key=lambda ids: getattr(kinds[ids[0]], "takes_seconds", len(ids)), reverse=True)]
        for done in concurrent.futures.as_completed(runs):
            said, *counts = done.result()
            print(said, end="", flush=True)
            total = [a + b for a, b in zip(total, counts)]
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
