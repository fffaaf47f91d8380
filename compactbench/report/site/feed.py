"""The feed of changes: each finding that the README had, which a test holds to the reference runs of its commit."""

import functools
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from compactbench.report.text.words import Html, html

FEED = "feed.xml"
FINDING = re.compile(r"<!-- finding:.*?-->\n(.*?)<!-- end of finding -->", re.DOTALL)
ENTRIES = 20
HEAD = Html(
    '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title>'
    '<id>{site}</id><link href="{site}" /><link rel="self" href="{site}{feed}" /><updated>{updated}</updated>'
    "<author><name>{title}</name></author>"
)
ENTRY = Html(
    '<entry><title>{what}</title><id>{site}{feed}#{commit}</id><link href="{site}" /><updated>{updated}</updated>'
    '<content type="text">{text}</content></entry>'
)


@dataclass(frozen=True)
class Finding:
    """What the reference runs said from a commit on, until the next finding."""

    commit: str
    updated: str
    text: str

    @property
    def what(self) -> str:
        """Its first sentence, which is in bold type."""
        return self.text.partition("**")[2].partition("**")[0] or self.text

    def entry(self, site: str, before: "Finding | None") -> Html:
        """Its entry of the feed, with what had been said before."""
        text = self.text + (" Before, it was: " + before.text if before else "")
        told = {"what": html(self.what), "text": html(text.replace("**", ""))}
        return ENTRY.format(site=html(site), feed=FEED, commit=self.commit, updated=self.updated, **told)


@functools.cache
def findings(root: Path) -> list[Finding]:
    """The last findings, the newest first; none where the repository's history is not there, or not whole."""
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return []
    found: list[Finding] = []
    for commit in _git(root, "log", "--format=%H %cI", "--", "README.md").splitlines():
        name, _, updated = commit.partition(" ")
        told = FINDING.search(_git(root, "show", name + ":README.md"))
        text = " ".join(told[1].split()) if told else ""
        if found and found[-1].text == text:
            found.pop()  # it was there already
        if len(found) > ENTRIES:
            break
        found.append(Finding(name, updated, text))
    return [one for one in found if one.text]


def announce_feed(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Name the feed in the head of the page, where there is one."""
    if app.config.html_baseurl and findings(Path(app.srcdir).parent):
        link = Html('<link rel="alternate" type="application/atom+xml" href="{}{}" />')
        context["metatags"] = context.get("metatags", "") + str(link.format(html(app.config.html_baseurl), FEED))


def write_feed(app: Sphinx, error: Exception | None) -> None:
    """Write the feed, where there is one."""
    site, found = app.config.html_baseurl, findings(Path(app.srcdir).parent)
    if error is not None or app.builder.format != "html" or not site or not found:
        return
    title = html(app.config.project + ": what the reference runs say")
    head = HEAD.format(title=title, site=html(site), feed=FEED, updated=found[0].updated)
    entries = [one.entry(site, before) for one, before in zip(found, [*found[1:], None], strict=True)]
    Path(app.outdir, FEED).write_text("\n".join([head, *entries[:ENTRIES], "</feed>\n"]), "utf-8")


def _git(root: Path, *asked: str) -> str:
    """What git says; nothing where there is no git, or where it knows of no such thing."""
    try:
        done = subprocess.run(["git", *asked], cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""
