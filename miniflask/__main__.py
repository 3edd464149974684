"""``python -m miniflask``, and the program ``miniflask``: the command line, if Click is there."""

from __future__ import annotations

import sys

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
    from miniflask.lens.command import add_lens_option, lens_command

    for command in (compare_command, eras_command, lens_command):
        cli.cli.add_command(command)
    add_lens_option(cli.run_command, cli)
    cli.main()


if __name__ == "__main__":
    main()
