"""`python -m engine doctor`: what is well on this machine and what is not, each with its mend."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine import doctor
from engine.cli.options import add_shared
from engine.cli.output import write_json
from engine.errors import Ailing
from engine.home import home
from engine.store import beginning

MARKS: dict[doctor.State, str] = {"ok": "ok     ", "warning": "WARNING", "broken": "BROKEN "}


def add_options(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add(
        "--mend",
        action="store_true",
        help="do what cannot do harm: permissions, leftover and damaged folders of weights",
    )
    add("--new-ledger", action="store_true", help="begin a new ledger where the old one is lost; what is left is kept")
    add_shared(command, "--json", help="write all findings there")


def run(options: argparse.Namespace) -> None:
    """Raises Ailing (exit code 1) where something is broken; warnings alone are no failure."""
    if options.new_ledger:
        aside = beginning.begin_anew(home() / "ledger.db")
        print(f"What was left is in {aside}." if aside else "Nothing was left of the old one.")
    findings = _told(options)
    if options.mend and any(finding.safe for finding in findings):
        print(*doctor.mend(findings), sep="\n")
        print("Looked at again:")
        findings = _told(options)
    broken = sum(finding.state == "broken" for finding in findings)
    if broken:
        raise Ailing(f"{broken} of {len(findings)} things looked at {'is' if broken == 1 else 'are'} broken.")


def _told(options: argparse.Namespace) -> Sequence[doctor.Finding]:
    """All findings, printed as they come: hashing gigabytes takes a while."""
    findings = []
    for finding in doctor.examine():
        findings.append(finding)
        print(f"{MARKS[finding.state]} {finding.subject}: {finding.says}", flush=True)
        if finding.mend:
            print(f"        {finding.mend}", flush=True)
    if options.json:
        fields = ("subject", "state", "says", "mend")
        write_json(options.json, {"findings": [{name: getattr(found, name) for name in fields} for found in findings]})
    return findings
