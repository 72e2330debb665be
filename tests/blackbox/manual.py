"""The manual as something that can be run and held against the program: pages, blocks of code, words in backticks, links.

A block in `sh` is a command that a person types; it is run as it stands, unless the line above says why not: `<!-- not run: REASON -->`, or `<!-- needs: TOOL -->` where that tool is not here. `text` is a form of words or what a program
says. Called as a program it lists what is not run.
"""
import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "sdk/README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "packaging/fronts/README.md", ROOT / "examples/two-servers/README.md"]
LANGUAGES = {"sh", "text", "yaml", "json", "js", "jsx", "html", "properties"}
FENCE = re.compile(r"^(?:<!-- (not run|needs): (.*?) -->\n)?```(\w*)\n(.*?)^```$", re.M | re.S)


class Block:
    def __init__(self, page, match):
        mark, reason, self.language, self.text = match.groups()
        self.page, self.line = page, page.read_text()[: match.start()].count("\n") + 1
        self.not_run = reason if mark == "not run" or (mark == "needs" and not shutil.which(reason)) else None

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language=None):
    return [block for page in PAGES for match in FENCE.finditer(page.read_text()) if (block := Block(page, match)).language == language or not language]


def prose(page):
    return FENCE.sub("", page.read_text())


def words(page):
    """What the page has in backticks, and each logical line of its blocks."""
    for text in re.findall(r"`([^`\n]+)`", prose(page)):
        yield text
    for match in FENCE.finditer(page.read_text()):
        if match[3] in ("sh", "text"):
            yield from match[4].replace("\\\n", " ").splitlines()


def anchor(heading):
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")


def anchors(page):
    return {anchor(heading) for heading in re.findall(r"^#+ +(.*)$", prose(page), re.M)}


if __name__ == "__main__":
    commands = blocks("sh")
    for block in commands:
        if block.not_run:
            print(f"{block}: not run: {block.not_run}")
    print(f"{len(commands)} blocks of commands, {sum(1 for block in commands if block.not_run)} not run")
