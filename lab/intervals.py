"""Accept intervals: when a site was certainly taking writes, from the [send, ack] of each write.

A write was accepted somewhere between its send and its ack. Of a run of accepted writes it is thus
certain that the site was accepting from the first one's ack to the last one's send. Two sites
overlap when these certain intervals meet; a single write counts as a run whose ack comes after its
send, so it overlaps only when its whole window lies inside the other side's certain interval. The
rule therefore never accuses falsely, and sees every overlap longer than two beats.
"""


def runs(writes, longest_gap_seconds):
    """writes: (send, ack, accepted), of one site. A refusal or a longer gap ends a run.
    Returns [(first ack, last send, count)]."""
    result, current = [], None
    for send, ack, accepted in sorted(writes):
        if not accepted:
            current = None
            continue
        if current is not None and send - current[1] <= longest_gap_seconds:
            current[0], current[1], current[2] = min(current[0], ack), max(current[1], send), \
                current[2] + 1
        else:
            current = [ack, send, 1]
            result.append(current)
    return [tuple(run) for run in result]


def overlaps(one, other):
    """Every pair of runs that certainly accepted at the same time, as (from, to)."""
    found = []
    for a in one:
        for b in other:
            if a[0] <= b[1] and b[0] <= a[1]:
                found.append((max(a[0], b[0]), max(min(a[1], b[1]), max(a[0], b[0]))))
    return found
