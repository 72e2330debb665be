#!/usr/bin/env python3
"""Writes drawbridge.yaml(5) from the table of keys that the program itself reads configurations by (`drawbridge check-config --keys`)."""
import argparse
import re
import subprocess

HEAD = r""".TH DRAWBRIDGE.YAML 5 "" "drawbridge {version}" "drawbridge"
.SH NAME
drawbridge.yaml \- configuration of the drawbridge gateway
.SH SYNOPSIS
.I /etc/drawbridge/drawbridge.yaml
.SH DESCRIPTION
A YAML file, read by
.BR drawbridge (1).
Groups are written as mappings, and
.I group.key
below is a key within its group;
.I list[].key
is a key of each entry of a list. Anchors and aliases are refused, and so is a key that is not listed here.
.PP
.B drawbridge check\-config
says whether a file is good, or what is wrong with it, by line. A running drawbridge reads it again at SIGHUP
.RB ( "systemctl reload drawbridge" ).
.PP
A duration is a number with
.BR s ", " m " or " h ;
a size is bytes, or a number with
.BR K ", " M " or " G .
A secret is
.BR "{file: " PATH "}, " "{credential: " NAME "} (of systemd) or " "{env: " NAME "}."
.SH KEYS
"""
TAIL = r""".SH FILES
.TP
.I /var/lib/drawbridge/store
sessions, alignments, runs and their journals
.TP
.I /var/lib/drawbridge/keys
the key ring that credentials are sealed with
.TP
.I /var/log/drawbridge/audit.log
who did what
.SH SEE ALSO
.BR drawbridge (1);
the manual in
.I /usr/share/doc/drawbridge/docs
"""


def roff(text):
    """Nothing in it is a command, and hyphens can be copied."""
    text = text.replace("\\", r"\e").replace("-", r"\-")
    return r"\&" + text if text[:1] in (".", "'") else text


def entry(line):
    name, kind, default, span, meaning, example, when = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:8])
    facts = [kind]
    if default == "required":
        facts.append("required")
    elif default:
        facts.append(f"default {default}")
    if span:
        facts.append(span)
    if when == "restart":
        facts.append("taken over at a start alone")
    shown = f".br\nExample: {roff(example.strip('`'))}\n" if example.strip("`") not in ("", default) else ""
    return f".TP\n.B {roff(name.strip('`'))}\n({roff('; '.join(facts))})\n.br\n{roff(meaning)}\n{shown}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--version", required=True)
    options = parser.parse_args()
    table = subprocess.run([options.program, "check-config", "--keys"], check=True, capture_output=True, text=True).stdout.splitlines()
    print(HEAD.replace("{version}", options.version) + "".join(entry(line) for line in table[2:]) + TAIL, end="")


if __name__ == "__main__":
    main()
