"""Times whole processes from a small one, so that the price of starting them is theirs: posix_spawn, output read to its end."""
import json
import os
import sys
import time

task = json.load(sys.stdin)
times = {name: [] for name in task["ways"]}
for _ in range(task["rounds"]):
    for name, way in task["ways"].items():
        out, into = os.pipe()
        started = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, into, 1), (os.POSIX_SPAWN_CLOSE, out), (os.POSIX_SPAWN_OPEN, 0, "/dev/null", 0, 0)]
        child = os.posix_spawn(way["program"], [way["program"], *way["arguments"]], way["environment"], file_actions=actions)
        os.close(into)
        while os.read(out, 65536):
            pass
        os.waitpid(child, 0)
        times[name].append((time.perf_counter() - started) * 1000)
        os.close(out)
json.dump(times, sys.stdout)
