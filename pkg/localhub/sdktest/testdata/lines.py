"""What the drivers have in common: each line of stdin is a call, each line of
stdout an answer or an event, all of them JSON."""

import json
import logging
import sys
import threading

logging.disable(logging.WARNING)  # a refusal is one, and so is a date without a time zone
_writing = threading.Lock()


def say(message):
    line = json.dumps(message)
    with _writing:
        print(line, flush=True)


def serve(carry_out):
    """Carries out one call after the other, until there are no more.

    Of an exception only the type is told, and the HTTP status where there is
    one: its text may hold a key.
    """
    for line in sys.stdin:
        call = json.loads(line)
        try:
            say({"result": carry_out(call["call"], call["arguments"])})
        except Exception as error:
            response = getattr(error, "response", None)
            say({"error": type(error).__name__, "status": getattr(response, "status_code", 0)})
