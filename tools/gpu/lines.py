"""The lines of prove.jsonl, written by Python as GpuProof writes them in Java."""
import json
import os
import threading
import time

ENDS = ("done", "failed", "limit", "skipped", "ended")


def read(file):
    """The whole lines; a cut-off run may leave a half one."""
    lines = []
    if os.path.exists(file):
        for line in open(file, encoding="utf-8"):
            try:
                lines.append(json.loads(line))
            except ValueError:
                pass
    return lines


class Log:
    def __init__(self, file, side):
        self.file, self.side, self.start = file, side, time.monotonic()

    def write(self, name, state, **fields):
        line = dict(name=name, side=self.side, state=state, **fields, at=round(time.monotonic() - self.start, 2))
        with open(self.file, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
            out.flush()
            os.fsync(out.fileno())

    def found(self, name, value, unit):
        self.write(name, "found", value=value, unit=unit)

    def names(self, *states):
        return {line["name"] for line in read(self.file) if line["side"] == self.side and line["state"] in states}

    def run(self, name, limit, body):
        """Runs an item that has not begun before; ends the process with 75 when it takes longer than its limit."""
        if name in self.names("begun"):
            return
        self.write(name, "begun", limit=limit)
        watch = threading.Timer(limit, self.stop, (name, limit))
        watch.daemon = True
        watch.start()
        try:
            body()
            self.write(name, "done")
        except Exception as e:
            self.write(name, "failed", text=f"{type(e).__name__}: {(str(e).splitlines() or [''])[0]}")
        finally:
            watch.cancel()

    def stop(self, name, limit):
        self.write(name, "limit", text=f"took longer than {limit} s")
        os._exit(75)

    def close_interrupted(self):
        for name in sorted(self.names("begun") - self.names(*ENDS)):
            self.write(name, "ended", text="the process ended in the middle of this item")
