"""Fine-tune, measure and compare compact transformers for text classification."""

import argparse
import importlib
import pkgutil
import re
import sys

from compactbench import commands
from compactbench.settings import SettingsError, nearest


def main() -> int:
    """Run the subcommand that was asked for; what cannot work is one sentence and exit code 2."""
    given = _given()
    try:
        return given.run(given)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Finished runs stay; `make report` goes on with the others.", file=sys.stderr)
        return 130


def _given() -> argparse.Namespace:
    """The command line, read by the options that the file of its subcommand declares."""
    parser = argparse.ArgumentParser(prog="compactbench", description=__doc__, allow_abbrev=False)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    asked = [name for name in names if name.replace("_", "-") in sys.argv[1:2]]
    for name in asked or names:  # the libraries of the others take seconds to load
        command = importlib.import_module(f"{commands.__name__}.{name}")
        summary = (command.__doc__ or "").splitlines()[0]
        own = subparsers.add_parser(name.replace("_", "-"), help=summary, description=summary, allow_abbrev=False)
        command.add_options(own)
        own.set_defaults(run=command.run, own=own)
    given, unknown = parser.parse_known_args()
    if unknown:
        options = re.findall(r"--\w+", given.own.format_usage())
        hint = nearest(unknown[0].partition("=")[0], options)
        given.own.error(f"{unknown[0]!r} is not known{hint}; accepted: {', '.join(options) or 'no option'}.")
    return given


if __name__ == "__main__":
    sys.exit(main())
