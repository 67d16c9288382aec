"""What every command's parser is: complaints are one sentence, and nothing is guessed."""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

from rebal_core.cli.arguments import words
from rebal_core.wording import UserError

_COMMANDS = "rebal_core.cli"


class Parser(argparse.ArgumentParser):
    """argparse that raises its complaint as one sentence and never guesses abbreviations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Raise the complaint."""
        raise UserError(
            "{program}: {complaint}; `{program} --help` tells more.",
            program=self.prog,
            complaint=message.rstrip("."),
        )


class _Once(argparse.Action):
    """An option of one value, which a second would push aside without a word."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: Any = None
    ) -> None:
        given = vars(namespace).setdefault("given", set())
        if option in given:
            several = ", with commas between the names" if self.type is words else ""
            raise argparse.ArgumentError(self, f"given twice; give it once{several}")
        given.update(self.option_strings)
        setattr(namespace, self.dest, values)


class Version(argparse.Action):
    """``--version``, read from the installed package only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        """Print the version and stop."""
        from importlib.metadata import version

        sys.stdout.write(f"rebal {version('rebal')}\n")
        parser.exit(0)


def add_command(commands: Any, name: str, address: str, about: str, example: str = "") -> Parser:
    """Add a command; ``address`` is ``module:function`` of what it calls."""
    p: Parser = commands.add_parser(
        name,
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog=f"example:\n  {example}" if example else None,
    )
    p.set_defaults(command=f"{_COMMANDS}.{address}")
    return p
