"""What others find the site by: a description of each page, a map of all, and a page for addresses that are none."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from compactbench.report.site.card import CARD
from compactbench.report.text.words import Html, html

LONGEST = 160
"""Letters of a description that a search engine shows."""
CARD_SAYS = Html("The recommended model with its accuracy, latency and size, beside a chart of all models.")
NOT_FOUND = Html(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page not found</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"></head>'
    '<body><main><h1>Page not found</h1><p>No page is at this address. <a href="{}">{}</a> has them all.</p>'
    "</main></body></html>\n"
)


def describe(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Give the page a description, its run's numbers or its first paragraph, for search engines and who links to it."""
    paragraph = next(iter(tree.findall(nodes.paragraph)), None) if tree else None
    if paragraph is None:
        return
    told = app.config.compactbench_descriptions.get(page) or " ".join(paragraph.astext().split())
    short = html(told if len(told) <= LONGEST else told[:LONGEST].rpartition(" ")[0] + " …")
    title = html(context.get("pagetitle", ""))
    named = {"description": short, "twitter:card": Html("summary_large_image")}
    properties = {"og:title": title, "og:description": short, "og:type": Html("article")}
    if context.get("pageurl"):  # the site has an address, which these must begin with
        card = html(str(app.config.html_baseurl) + CARD)
        properties |= {"og:url": html(context["pageurl"]), "og:image": card, "og:image:alt": CARD_SAYS}
    tags = [Html('<meta name="{}" content="{}" />').format(name, text) for name, text in named.items()]
    tags += [Html('<meta property="{}" content="{}" />').format(name, text) for name, text in properties.items()]
    context["metatags"] = context.get("metatags", "") + "".join(tags)


def publish_map(app: Sphinx, error: Exception | None) -> None:
    """Write sitemap.xml and 404.html, whose addresses begin with the site's own (`html.baseurl` in _config.yml)."""
    site = str(app.config.html_baseurl)
    if error is not None or app.builder.format != "html" or not site:
        return
    out = Path(app.outdir)
    pages = sorted(page for page in app.env.found_docs if (out / f"{page}.html").is_file())
    addresses = Html("").join(Html("<url><loc>{}{}.html</loc></url>").format(html(site), html(page)) for page in pages)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    (out / "sitemap.xml").write_text(f"{head}{addresses}</urlset>\n", "utf-8")
    (out / "404.html").write_text(NOT_FOUND.format(html(site), html(str(app.config.html_title))), "utf-8")
