"""One row of interop/run."""

import datetime
import traceback

from checks import Check, Skipped
from record import FAILED, OK


def run(check: Check) -> tuple[dict, str | None]:
    """What came of it, and the trace where it failed. A row that can't say its version has failed,
    and leaves the others running."""
    trace, version = None, ""
    try:
        check.run()
        result = OK
    except Skipped as why:
        result = f"skipped: {why}"
    except Exception:
        result, trace = FAILED, traceback.format_exc()
    try:
        version = check.version()
    except Exception:
        # Of what is skipped, what would tell it may not be here.
        if result == OK:
            result, trace = FAILED, f"its version is not known\n{traceback.format_exc()}"
    row = {
        "client": check.client,
        "version": version,
        "flow": check.flow,
        "date": str(datetime.date.today()),
        "result": result,
        "shows": sorted(check.shows),
    }
    return row, trace
