"""What the theme would load that no page needs, taken out of the built pages."""

import re
from pathlib import Path

from sphinx.application import Sphinx

ICONS = re.compile(r'\s*<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>')


def without_icon_script(app: Sphinx, error: Exception | None) -> None:
    """Take out the theme's script of icons, half a megabyte packed: its style sheet has the same icons as fonts."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for page in out.rglob("*.html"):
        text = page.read_text("utf-8")
        lighter = ICONS.sub("", text)
        if lighter != text:
            page.write_text(lighter, "utf-8")
    for file in (out / "_static" / "scripts").glob("fontawesome.js*"):
        file.unlink()
