"""The demo's last table: each operation, what the clients saw of it, and where its report lies.

Reads "operation|run|report" lines from standard input; the one argument is the folder with load.json
(the load client's report) and loss.json (`switchback run loss RUN --json`).
"""
import json
import sys

folder = sys.argv[1]
with open(f"{folder}/load.json", encoding="utf-8") as file:
    moves = json.load(file)["moves"]
with open(f"{folder}/loss.json", encoding="utf-8") as file:
    items = [item for part in json.load(file)["components"] for item in part["items"]]
files = sum("file" in item for item in items)
salvaged = f"{len(items) - files} and {files} files"
print(f"{'operation':<12} {'run':>4}  {'outage seen by clients':>22}  {'salvaged transactions':>22}  report")
for row in sys.stdin.read().split():
    operation, run, report = row.split("|")
    outage = "none"
    if operation != "reprotect" and moves:
        outage = f"{moves.pop(0)['outage_seconds']:.2f} s"
    saved = salvaged if operation == "reprotect" else "-"
    print(f"{operation:<12} {run:>4}  {outage:>22}  {saved:>22}  {report}")
