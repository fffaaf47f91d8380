"""A YAML file of settings, read strictly: plain values alone, each key once, no aliases."""

from pathlib import Path
from typing import Any

import yaml

LARGEST = 1_000_000
"""Bytes that a file of settings may have: reading more takes minutes."""
LONGEST_NUMBER = 1000
"""Digits that a number may have: Python cannot print much more."""
PLAIN = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float")}


class Loader(yaml.SafeLoader):
    """Reads null, true, numbers, texts, lists and mappings; a date is a text."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag in PLAIN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """One value; an alias may stand for many, and a few lines of them for billions."""
        event = self.peek_event()
        tag = None if isinstance(event, yaml.AliasEvent) else event.tag
        if tag or isinstance(event, yaml.AliasEvent):
            problem = f"the tag {tag} is not accepted" if tag else "an alias (*) is not accepted"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        """A word or number."""
        assert isinstance(node, yaml.ScalarNode)  # a tag could say otherwise
        if node.tag in PLAIN and len(node.value) > LONGEST_NUMBER:
            raise yaml.MarkedYAMLError(
                problem=f"a number of {len(node.value):,} digits is not accepted", problem_mark=node.start_mark
            )
        node.value.encode()  # half a character cannot be written again
        return super().construct_scalar(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping; of a key given twice, all but the last value would be lost without a word."""
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict) or key in found:
                problem = "a list or mapping is no key" if isinstance(key, list | dict) else f"{key!r} stands twice"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=deep)
        return found


def read(path: Path) -> Any:
    """What the file at `path` holds.

    Raises:
        ValueError: it cannot be read; the message is one line.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader)
    except RecursionError as error:
        raise ValueError("its lists and mappings stand too deep in one another") from error
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(" ".join(f"{error.problem or error.context}{line}".split())) from error
    except (yaml.YAMLError, OSError, ValueError, OverflowError) as error:
        raise ValueError(" ".join(str(error).split())) from error
