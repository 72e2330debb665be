#!/usr/bin/env python3
"""Makes the Debian package of drawbridge: a clean copy of what git knows, with packaging/debian as its debian/ and the page's libraries of npm, given to dpkg-buildpackage.

The same commit gives the same package, byte for byte, whoever makes it, where and when: paths of the copy are not in it, times and permissions are set, and what counts of the environment is set too. --twice shows it.

Whose package it is says the line Maintainer of packaging/debian/control, or DEBFULLNAME and DEBEMAIL in the environment, as with Debian's own tools.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def version():
    """Of the changelog, which must be the program's."""
    of_package = parse("-S", "Version")
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
    sign(target / "debian")
    then = int(parse("-S", "Timestamp"))
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            os.utime(path, (then, then))


def parse(*words):
    return subprocess.run(["dpkg-parsechangelog", "-l", ROOT / "packaging/debian/changelog", *words], check=True, capture_output=True, text=True).stdout.strip()


def sign(debian):
    """Puts the maintainer into the copy's control and into the newest entry of its changelog."""
    control, changelog = (debian / "control").read_text(), (debian / "changelog").read_text()
    who = re.search(r"(?m)^Maintainer: (.*)$", control)[1]
    if os.environ.get("DEBFULLNAME") and os.environ.get("DEBEMAIL"):
        who = f"{os.environ['DEBFULLNAME']} <{os.environ['DEBEMAIL']}>"
    (debian / "control").write_text(re.sub(r"(?m)^Maintainer: .*$", lambda _: f"Maintainer: {who}", control))
    (debian / "changelog").write_text(re.sub(r"(?m)^ -- .*  (?=\w{3}, )", lambda _: f" -- {who}  ", changelog, count=1))


def make(folder, built, environment):
    tree = folder.resolve() / f"drawbridge-{version()}"
    copy(tree)
    environment = {"LC_ALL": "C.UTF-8", "CCACHE_DISABLE": "1", **environment}
    if built:
        environment.update(DRAWBRIDGE_BUILT=str(built.resolve()), DEB_BUILD_OPTIONS="noautodbgsym nocheck")
    log = folder / "build.log"
    with log.open("wb") as out:
        done = subprocess.run(["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-pre-clean", "--no-check-builddeps"], cwd=tree, env={**os.environ, **environment}, stdout=out, stderr=out)
    if done.returncode != 0:
        sys.exit(f"mkpackage: dpkg-buildpackage failed:\n{log.read_text(errors='replace')[-3000:]}")
    return sorted(folder.glob("drawbridge*.deb"))


def make_again(packages, folder, built):
    """Elsewhere, later, as somebody who has set all that he can in another way."""
    folder = folder / "again/at-a-longer-path"
    folder.mkdir(parents=True)
    before = os.umask(0o077)
    others = make(folder, built, {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "fr_FR.UTF-8", "HOME": str(folder.resolve()), "USER": "somebody", "LOGNAME": "somebody"})
    os.umask(before)
    for one, other in zip(packages, others, strict=True):
        if one.name != other.name or one.read_bytes() != other.read_bytes():
            sys.exit(f"mkpackage: {one} and {other} differ: diffoscope says how")
        print(f"the same twice: sha256 {hashlib.sha256(one.read_bytes()).hexdigest()} {one.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="where the copy is made and the package put")
    parser.add_argument("--built", type=pathlib.Path, help="a folder where drawbridge is built already: it is packed as it is")
    parser.add_argument("--twice", action="store_true", help="make it once more, in another place and environment, and compare")
    options = parser.parse_args()
    packages = make(options.folder, options.built, {})
    if options.twice:
        make_again(packages, options.folder, options.built)
    for package in packages:
        if package.name.startswith("drawbridge_"):
            print(package)


if __name__ == "__main__":
    main()
