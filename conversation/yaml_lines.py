"""Where in a YAML text a value stands, so that a message can name the line."""

from __future__ import annotations

from collections.abc import Sequence

import yaml


def line_of(text: str, location: Sequence[int | str]) -> int:
    """Line (from 1) of the deepest part of `location` that a valid YAML text has: keys by name, items by number."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
