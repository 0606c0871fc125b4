"""Prints the lab's status: a table, or with `true` as second argument JSON. Input: see status_lines."""

import json
import sys


def main():
    application, as_json = sys.argv[1], sys.argv[2] == "true"
    status = {"application": application, "up": False, "hosts": [], "cuts": []}
    for line in sys.stdin:
        kind, *words = line.split()
        if kind == "lab":
            status["up"] = words[0] == "up"
        elif kind == "host":
            name, site, address, power, pid, link = words
            status["hosts"].append({
                "name": name, "site": site, "address": address,
                "power": None if power == "none" else power,
                "pid": None if pid == "-" else int(pid), "link": link})
        elif kind == "cut":
            status["cuts"].append({"from": words[0], "to": words[1]})
    if as_json:
        print(json.dumps(status, indent=2))
        return
    print(f"lab {application}: {'up' if status['up'] else 'down'}")
    for host in status["hosts"]:
        print(f"  {host['name']:8} {host['site']:6} {host['address']:12} "
              f"{host['power'] or 'netns':7} link {host['link']}")
    for cut in status["cuts"]:
        print(f"  cut {cut['from']} -> {cut['to']}")


main()
