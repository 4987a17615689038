"""Command lines, read by the Azure CLI's own parser; none is carried out and nothing is sent."""

import contextlib
import io
import os
import tempfile

from azure.cli.core import get_default_cli
from knack.events import EVENT_INVOKER_POST_PARSE_ARGS

# Its cached command index and its configuration are not the person's.
FOLDER = tempfile.TemporaryDirectory()


class Parsed(BaseException):
    """The arguments hold; what would come next is the command itself."""


def stop(_, **__):
    raise Parsed


def refusal(arguments: list[str]) -> str | None:
    """Why `az ARGUMENTS` is no command line, or nothing."""
    os.environ |= {"AZURE_CONFIG_DIR": FOLDER.name, "AZURE_CORE_COLLECT_TELEMETRY": "no"}
    cli = get_default_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            status = cli.invoke(arguments)
    except Parsed:
        return None
    except SystemExit as end:
        status = end.code
    return f"az {' '.join(arguments)}: ended with {status}: {said.getvalue()}"
