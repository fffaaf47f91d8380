"""The pages' content security policy: a browser runs the site's own scripts and no other, whatever a page's text holds.

Inline scripts are allowed one by one, by their hashes, and only those that the theme and its extensions write: what
stands in a page's text is never asked. Styles may stand inline, because plotly and the theme write them so.
"""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from sphinx.application import Sphinx
from sphinx.config import Config

INLINE = re.compile(r"<script(?![^>]*src=)[^>]*>(.*?)</script>", re.DOTALL)
TEMPLATES = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme"
HANDLERS = ["toggleFullScreen()", "window.print()"]
"""What the theme's buttons call from their `onclick`."""
RULES = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-hashes'",  # which allows the handlers, by their hashes
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",  # blob: plotly's download of a chart as an image
    "font-src": "'self'",
    "connect-src": "'self'",  # search fetches the pages that it quotes
    "base-uri": "'none'",
    "form-action": "'self'",
}


def without_thebe(app: Sphinx, config: Config) -> None:
    """Take out what Jupyter Book adds for live code: it writes a kernel's name, as a page has it, into a script."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        listeners = app.events.listeners[event]
        listeners[:] = [one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")]


def inline_scripts(context: dict[str, Any]) -> list[str | None]:
    """The body of each script of a page; None of one that is a file."""
    return [getattr(script, "attributes", {}).get("body") for script in context.get("script_files", [])]


def add_policy(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Put the policy into the head of the page, before its first script."""
    bodies = inline_scripts(context)
    for name in ("layout.html", "search.html"):
        written = INLINE.findall((TEMPLATES / name).read_text("utf-8"))
        bodies += [app.builder.templates.render_string(body, context) for body in written]
    hashes = " ".join(sha256(body) for body in dict.fromkeys([*bodies, *HANDLERS]) if body)
    rules = RULES | {"script-src": f"{RULES['script-src']} {hashes}"}
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    context["metatags"] = (
        f'<meta http-equiv="Content-Security-Policy" content="{policy}" />{context.get("metatags", "")}'
    )


def sha256(script: str) -> str:
    """The source expression that allows this script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
