"""Joins the modules that the page needs at once into the few files that it fetches: on a slow line each request costs a round trip, and many small files pack worse than one.

What stays in web/ are plain ES modules; each becomes a function of its own here, which gives what the module exports, so that nothing is renamed. Only what our modules
and the three library files use of `import` and `export` is understood; all else stops the build.
"""

import posixpath
import re
import sys

IMPORT = re.compile(r"""^import\s*(?:\{([^}]*)\}|(\w+))\s*from\s*["']([^"']+)["'];?""")
BARE = re.compile(r"""^import\s*["']([^"']+)["'];?$""")
PASSED_ON = re.compile(r"""^export\s*\{([^}]*)\}\s*from\s*["']([^"']+)["'];?$""")
LIST = re.compile(r"(?:^|(?<=[;}]))export\s*\{([^}]*)\};?$")
DEFAULT = re.compile(r"(?:^|(?<=[;}]))export default function\b")
DECLARED = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)")
LATER = re.compile(r"""\bimport\(["']([^"']+)["']\)""")
WAITS = re.compile(r"^await\b", re.MULTILINE)


def pairs(names):
    """[(name at home, name elsewhere)] of what stands between braces."""
    words = [one.split() for one in names.split(",") if one.strip()]
    return [(one[0], one[-1]) for one in words]


def beside(name, wanted):
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), wanted))


def address(of, at):
    path = posixpath.relpath(of, posixpath.dirname(at) or ".")
    return path if path.startswith(".") else "./" + path


def static_imports(text, name):
    for line in text.split("\n"):
        while found := IMPORT.match(line) or BARE.match(line) or PASSED_ON.match(line):
            yield beside(name, found[found.lastindex])
            line = line[found.end():]


def text_of(lines):
    return ("\n".join(lines) + "\n").encode()


def taken_in(outside, at):
    """The imports for modules that stand in another joined file."""
    for home in sorted({home for home, _ in outside}):
        yield f"import {{ {', '.join(sorted(symbol for one, symbol in outside if one == home))} }} from '{address(home, at)}'"


class Module:
    """One module's text as it stands in the file `at`: without `import` and `export`, which `lines`, `outside` and `exports` tell."""

    def __init__(self, name, text, at, homes):
        self.name, self.at, self.homes = name, at, homes
        self.lines, self.kept, self.outside, self.exports = [], [], set(), []
        for line in text.rstrip("\n").split("\n"):
            self.line(line)

    def fail(self, line):
        sys.exit(f"mkassets: {self.name}: this cannot be joined: {line[:120]}")

    def taken(self, wanted, names):
        """Names out of another module; None where that one stands in no joined file."""
        if wanted not in self.homes:
            return None
        home, symbol = self.homes[wanted]
        if home != self.at:
            self.outside.add((home, symbol))
        return "const { " + ", ".join(a if a == b else f"{a}: {b}" for a, b in names) + f" }} = {symbol}"

    def line(self, line):
        while found := IMPORT.match(line):
            names = pairs(found[1]) if found[1] is not None else [("default", found[2])]
            taken = self.taken(beside(self.name, found[3]), names)
            (self.kept if taken is None else self.lines).append(taken or found[0])
            line = line[found.end():]
            if not line:
                return
        if found := PASSED_ON.match(line):
            taken = self.taken(beside(self.name, found[2]), pairs(found[1]))
            self.exports += [(b, b) for _, b in pairs(found[1])]
            return self.lines.append(taken or self.fail(line))
        if found := LIST.search(line):
            self.exports += pairs(found[1])
            line = line[: found.start()]
        elif found := DEFAULT.search(line):
            self.exports.append(("$default", "default"))
            line = line[: found.start()] + "const $default=function" + line[found.end():]
        elif found := DECLARED.match(line):
            self.exports.append((found[2], found[2]))
            line = line[len("export "):]
        if re.match(r"(export|import)\b(?!\()", line) or ("import.meta" in line and posixpath.dirname(self.name) != posixpath.dirname(self.at)):
            self.fail(line)
        self.lines.append(LATER.sub(lambda one: f'import("{address(beside(self.name, one[1]), self.at)}")', line))

    def as_function(self):
        body = "\n".join(self.lines)
        given = ", ".join(a if a == b else f"{b}: {a}" for a, b in self.exports)  # an object's members, where an export says "a as b"
        begin, end = ("await (async () => {", "})()") if WAITS.search(body) else ("(() => {", "})()")
        return f"{begin}\n{body}\nreturn {{ {given} }}\n{end}"

    def as_module(self):
        given = ", ".join(a if a == b else f"{a} as {b}" for a, b in self.exports)
        return text_of([*taken_in(self.outside, self.at), *self.kept, *self.lines, f"export {{ {given} }}"])


def in_order(files, name, found, under_way=()):
    """What a module needs, each after what it needs itself."""
    if name in found:
        return
    if name in under_way:
        sys.exit("mkassets: these modules import each other: " + ", ".join(under_way))
    for wanted in static_imports(files[name].decode(), name):
        in_order(files, wanted, found, (*under_way, name))
    found.append(name)


def join(files, entries):
    """The files of the page with the modules of each entry joined in it, what an earlier entry has left there; and the names of those that were joined."""
    homes, members = {}, {}
    for entry in entries:
        found = list(homes)
        in_order(files, entry, found)
        members[entry] = found[len(homes):]
        homes.update({name: (entry, f"${len(homes) + i}") for i, name in enumerate(members[entry])})
    result = dict(files)
    for name in files:
        if name.endswith(".js"):
            result[name] = Module(name, files[name].decode(), name, homes).as_module()
    for name in homes:
        del result[name]
    for entry in entries:
        modules = [Module(name, files[name].decode(), entry, homes) for name in members[entry]]
        outside = set().union(*(one.outside for one in modules))
        made = [f"const {homes[one.name][1]} = {one.as_function()}" for one in modules]
        result[entry] = text_of([*taken_in(outside, entry), *made, f"export {{ {', '.join(homes[one.name][1] for one in modules)} }}"])
    return result, members
