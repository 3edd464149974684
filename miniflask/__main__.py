"""``python -m miniflask``, and the program ``miniflask``: the command line, if Click is there."""

from __future__ import annotations

import sys
from copy import copy

from miniflask.extras import require


def main() -> None:
    """Run the command line; without Click say how to get it, and exit with status 2."""
    try:
        require("click", needed_by="The miniflask command", install="click")
    except RuntimeError as e:
        print(e, file=sys.stderr)
        sys.exit(2)
    from miniflask import cli
    from miniflask.compare.command import compare_command
    from miniflask.eras.command import eras_command
    from miniflask.lens.command import lens_command, with_lens

    # A copy: `miniflask.cli.cli` stays what Flask has, for programs that use it.
    group = copy(cli.cli)
    group.commands = dict(group.commands)
    for command in (compare_command, eras_command, lens_command, with_lens(cli.run_command, cli)):
        group.add_command(command)
    group.main()


if __name__ == "__main__":
    main()
