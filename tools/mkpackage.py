#!/usr/bin/env python3
"""Makes the Debian package of drawbridge: a clean copy of what git knows, with packaging/debian as its debian/ and the page's libraries of npm, given to dpkg-buildpackage.

So that the same tree can give the same package, paths of the copy are not in it, and its times are those of the changelog.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def version():
    """Of the changelog, which must be the program's."""
    of_package = subprocess.run(["dpkg-parsechangelog", "-l", ROOT / "packaging/debian/changelog", "-S", "Version"], check=True, capture_output=True, text=True).stdout.strip()
    if f"version: '{of_package}'" not in (ROOT / "meson.build").read_text():
        sys.exit(f"mkpackage: packaging/debian/changelog begins with {of_package}, which is not the version of meson.build")
    return of_package


def copy(target):
    shutil.rmtree(target, ignore_errors=True)
    for name in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / name)
    shutil.copytree(ROOT / "web/node_modules", target / "web/node_modules")
    shutil.copytree(target / "packaging/debian", target / "debian")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="where the copy is made and the package put")
    parser.add_argument("--built", type=pathlib.Path, help="a folder where drawbridge is built already: it is packed as it is")
    options = parser.parse_args()
    tree = options.folder.resolve() / f"drawbridge-{version()}"
    copy(tree)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    if options.built:
        environment.update(DRAWBRIDGE_BUILT=str(options.built.resolve()), DEB_BUILD_OPTIONS="noautodbgsym nocheck")
    log = options.folder / "build.log"
    with log.open("wb") as out:
        done = subprocess.run(["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-pre-clean", "--no-check-builddeps"], cwd=tree, env=environment, stdout=out, stderr=out)
    if done.returncode != 0:
        sys.exit(f"mkpackage: dpkg-buildpackage failed:\n{log.read_text(errors='replace')[-3000:]}")
    for package in sorted(options.folder.glob("drawbridge_*.deb")):
        print(package)


if __name__ == "__main__":
    main()
