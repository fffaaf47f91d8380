"""The role and the directive `fact`: a page names a computed fact, and gets it as Markdown of our own.

No template engine comes near it: texts from records are in it already escaped, so they can name no role or directive.
Nor are quotation marks and dashes in it made typographic: a name is shown as it is spelt.
"""

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective, SphinxRole


class FactDirective(SphinxDirective):
    """A fact that is a block of its own, such as a table."""

    required_arguments = 1

    def run(self) -> list[Node]:
        """Its Markdown, parsed as if the page had it."""
        try:
            found = self.parse_text_to_nodes(_fact(self.config, self.arguments[0]))
        except KeyError as error:
            raise self.error(str(error.args[0])) from error
        for node in found:
            node["support_smartquotes"] = False
        return found


class FactRole(SphinxRole):
    """A fact inside a sentence."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Its Markdown, parsed as a part of the sentence."""
        try:
            found, messages = self.inliner.parse(_fact(self.config, self.text), self.lineno, self.inliner, None)
        except KeyError as error:
            return [], [self.inliner.reporter.error(error.args[0], line=self.lineno)]
        return [nodes.inline("", "", *found, support_smartquotes=False)], messages


def _fact(config: Config, name: str) -> str:
    """The Markdown of the fact.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in config.compactbench_facts:
        raise KeyError(f"no fact is called {name!r}; known: {', '.join(config.compactbench_facts)}")
    return config.compactbench_facts[name]
