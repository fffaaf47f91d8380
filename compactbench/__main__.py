"""The command line: `python -m compactbench check`, `report`, `site`, `export` and `new-model`."""

import argparse
import sys

from compactbench.settings import DEFAULT_SUITE, SettingsError


def main() -> int:
    """Run the command that was asked for; a setting that cannot work is one sentence and exit code 2."""
    parser = argparse.ArgumentParser(prog="compactbench", description=__doc__)
    parser.add_argument(
        "command",
        choices=["check", "report", "site", "export", "new-model"],
        help="check the settings; measure and build the site; build the site alone; make an artefact again; "
        "write a contender's file",
    )
    parser.add_argument("--suite", default=DEFAULT_SUITE, help="a file in params/suites/ (default: %(default)s)")
    parser.add_argument("--models", default="", help="files in params/models/ (default: the suite's)")
    parser.add_argument(
        "--machine", default=None, help="name of this machine's folder (default: made from its hardware)"
    )
    parser.add_argument("--id", default="", help="for new-model: a model's id on the hub, or a folder")
    given = parser.parse_args()
    try:
        if given.command == "check":
            from compactbench.commands.check import check

            plan = check(given.suite, given.models.split())
            print(f"{given.suite}: {', '.join(model.model for model in plan.models)} can run.")
            return 0
        if given.command == "export":
            from compactbench.commands.export import export

            return export(given.suite, given.models, given.machine or None)
        if given.command == "new-model":
            from compactbench.commands.new_model import new_model

            return new_model(given.models, given.id)
        from compactbench.commands.report import report, site

        if given.command == "site":
            return site()
        return report(given.suite, given.models.split(), given.machine or None)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. Finished runs stay; `make report` goes on with the others.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
