#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under creates, updates, resizes, disks, migrations, snapshots, deletes
and restores, and cancels of any of them.

Clients keep a ledger of what was acknowledged to them. After each kill and restart everything is
left to settle, and the ledger is compared with the state and with sim's own truth about guests:
nothing acknowledged is lost, no operation is stuck, no VM is there twice or elsewhere than its
record says, in another state of power, of another size, with other disks, NICs or snapshots, no
two of those that keep apart share a host, allocations are the sum of the VMs. The seed is printed;
NC_SEED (or NC_TEST_SEED) repeats a run as far as threads allow.
"""
import argparse
import collections
import concurrent.futures
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, request  # noqa: E402

# Of a VM that is not in error; any other power, unknown among them, says nothing of its guest.
POWER = {"on": "running", "off": "stopped", "paused": "paused", "suspended": "suspended"}
FINAL = {"succeeded", "failed", "canceled", "abandoned"}
BROKEN = (OSError, http.client.HTTPException, json.JSONDecodeError)


class Ledger:
    """What was acknowledged, and what was asked and never answered (either may be true of that)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.vms = {}                   # id -> name
        self.labels = {}                # id -> acknowledged value
        self.maybe_labels = collections.defaultdict(set)
        self.purged = set()             # a purge was acknowledged
        self.maybe_purged = set()
        self.operations = {}            # id -> vm
        self.keys = {}                  # idempotency key -> (body, operation or None)
        self.counts = collections.Counter()


def client(daemon, ledger, rng, prefix, stop):
    conn = daemon.connection(10)
    mine, n = [], 0
    while not stop.is_set():
        try:
            n += 1
            what = rng.random()
            if what < 0.40 or not mine:
                create(conn, ledger, rng, f"{prefix}-{n}", mine)
            elif what < 0.58:
                label(conn, ledger, rng, mine)
            elif what < 0.66:
                power(conn, ledger, rng, mine)
            elif what < 0.78:
                reshape(conn, ledger, rng, f"{prefix}-{n}")
            elif what < 0.85:
                delete(conn, ledger, rng, mine)
            elif what < 0.92:
                delete_softly(conn, ledger, rng)
            else:
                cancel(conn, ledger, rng)
        except BROKEN:
            return                      # the daemon is gone, as intended


def create(conn, ledger, rng, name, mine):
    key = f"key-{name}"
    body = {"name": name, "vcpus": rng.randint(1, 4), "memory_mib": rng.choice([256, 512, 1024]),
            "disks": [{"size_gib": rng.randint(1, 8)}]}
    if rng.random() < 0.1:              # more than there are hosts: some fit nowhere
        body["vm_group"] = "apart"
    with ledger.lock:
        ledger.keys[key] = (body, None)
    status, doc = request(conn, "POST", "/api/v1/vms", body, {"Idempotency-Key": key})
    with ledger.lock:
        ledger.counts[f"create {status}"] += 1
        if status == 202:
            vm, op = doc["object"]["id"], doc["operation"]["id"]
            ledger.vms[vm] = name
            ledger.operations[op] = vm
            ledger.keys[key] = (body, op)
            mine.append(vm)


def label(conn, ledger, rng, mine):
    vm, value = rng.choice(mine), f"v{rng.randint(0, 10**9)}"
    with ledger.lock:
        ledger.maybe_labels[vm].add(value)
    status, _ = request(conn, "PATCH", f"/api/v1/vms/{vm}", {"labels": {"mark": value}})
    with ledger.lock:
        ledger.counts[f"label {status}"] += 1
        if status == 200:
            ledger.labels[vm] = value
            ledger.maybe_labels[vm] = {value}
        else:
            ledger.maybe_labels[vm].discard(value)


def power(conn, ledger, rng, mine):
    vm = rng.choice(mine)
    status, doc = request(conn, "POST", f"/api/v1/vms/{vm}/{rng.choice(['stop', 'start'])}")
    with ledger.lock:
        ledger.counts[f"power {status}"] += 1
        if status == 202:
            ledger.operations[doc["operation"]["id"]] = vm


def known_vm(ledger, rng):
    """One of this or an earlier life that nobody has asked to purge."""
    with ledger.lock:
        known = [vm for vm in ledger.vms if vm not in ledger.maybe_purged]
    return rng.choice(known) if known else None


def ask(conn, ledger, what, vm, method, path, body=None):
    status, doc = request(conn, method, path, body)
    with ledger.lock:
        ledger.counts[f"{what} {status}"] += 1
        if status == 202:
            ledger.operations[doc["operation"]["id"]] = vm


def reshape(conn, ledger, rng, name):
    """Another host or size, one disk, NIC or snapshot more or less, or a larger disk."""
    vm = known_vm(ledger, rng)
    status, doc = request(conn, "GET", f"/api/v1/vms/{vm}") if vm else (404, None)
    if status != 200:
        return
    disks, nics, at = doc.get("disks") or [], doc.get("nics") or [], f"/api/v1/vms/{vm}"
    # what, method, path, body; what there is nothing for becomes a migration
    ways = [("migrate", "POST", f"{at}/migrate", {}),
            ("resize", "POST", f"{at}/resize", {"vcpus": rng.randint(1, 4),
                                               "memory_mib": rng.choice([256, 512, 1024])}),
            ("attach", "POST", f"{at}/disks", {"size_gib": rng.randint(1, 4),
                                               "delete_with_vm": rng.random() < 0.5}),
            ("plug", "POST", f"{at}/nics", {"network": "lan"}),
            ("snapshot", "POST", "/api/v1/snapshots", {"name": name, "vm": vm})]
    if len(disks) > 1:
        disk = f"{at}/disks/{disks[-1]['id']}"
        ways += [("detach", "DELETE", disk, None),
                 ("grow", "PATCH", disk, {"size_gib": disks[-1]["size_gib"] + 1})]
    if nics:
        ways.append(("unplug", "DELETE", f"{at}/nics/{nics[-1]['id']}", None))
    what, method, path, body = rng.choice(ways)
    ask(conn, ledger, what, vm, method, path, body)


def delete_softly(conn, ledger, rng):
    """It stays, and so does its guest, stopped; what is deleted already is restored."""
    vm = known_vm(ledger, rng)
    status, doc = request(conn, "GET", f"/api/v1/vms/{vm}") if vm else (404, None)
    if status != 200 and vm or doc and doc.get("deleted_at"):
        ask(conn, ledger, "restore", vm, "POST", f"/api/v1/vms/{vm}/restore")
    elif vm:
        ask(conn, ledger, "soft delete", vm, "DELETE", f"/api/v1/vms/{vm}")


def delete(conn, ledger, rng, mine):
    vm = rng.choice(mine)
    with ledger.lock:
        if rng.random() < 0.3:          # an old one, which has been reshaped by now
            vm = rng.choice([v for v in ledger.vms if v not in ledger.maybe_purged] or [vm])
        ledger.maybe_purged.add(vm)
    status, doc = request(conn, "DELETE", f"/api/v1/vms/{vm}?purge=1")
    with ledger.lock:
        ledger.counts[f"delete {status}"] += 1
        if status == 202:
            ledger.purged.add(vm)
            ledger.operations[doc["operation"]["id"]] = vm
            if vm in mine:
                mine.remove(vm)


def cancel(conn, ledger, rng):
    with ledger.lock:
        if not ledger.operations:
            return
        op = rng.choice(list(ledger.operations)[-20:])
    status, _ = request(conn, "DELETE", f"/api/v1/operations/{op}")
    with ledger.lock:
        ledger.counts[f"cancel {status}"] += 1


# ---- after the restart ----

def pages(daemon, path):
    items, cursor = [], None
    while True:
        q = f"{path}{'&' if '?' in path else '?'}limit=1000"
        status, doc = daemon.call("GET", q + (f"&cursor={cursor}" if cursor else ""))
        if status != 200:
            raise AssertionError(f"{path}: {status} {doc}")
        items += doc["items"]
        cursor = doc.get("next_cursor")
        if not cursor:
            return items


def settle(daemon, limit):
    """All operations, once each is at its end; who does not get there is stuck."""
    end = time.monotonic() + limit
    while True:
        operations = pages(daemon, "/api/v1/operations?project=*")
        live = [o for o in operations if o["state"] not in FINAL]
        if not live:
            return {o["id"]: o for o in operations}
        if time.monotonic() > end:
            one = daemon.call("GET", f"/api/v1/operations/{live[0]['id']}")[1]
            raise AssertionError(f"{len(live)} operations are stuck, the first: "
                                 + json.dumps(one)[:1500])
        conn = daemon.connection()      # what these start when they end is in the next list
        for o in live:
            request(conn, "GET", f"/api/v1/operations/{o['id']}?wait=10s")
        conn.close()


def revision(daemon):
    return daemon.call("GET", "/api/v1/vms?limit=1")[1]["revision"]


def check(daemon, ledger, operations, args):
    """The keeper works on after the operations, settles a migration say: what is compared must be of
    one moment."""
    for _ in range(20):
        before = revision(daemon)
        faults = check_once(daemon, ledger, operations, args.truth_tool, args.truth)
        if not faults or revision(daemon) == before:
            break
    return faults


def check_once(daemon, ledger, operations, truth_tool, truth):
    faults = []
    vms = {v["id"]: v for v in pages(daemon, "/api/v1/vms?project=*&deleted=true")}
    names = collections.Counter(v["name"] for v in vms.values() if not v.get("deleted_at"))
    ended = {(o["target"]["id"], o["kind"], o["state"]) for o in operations.values()}
    for op, vm in ledger.operations.items():
        if op not in operations:
            faults.append(f"acknowledged operation {op} of {vm} is lost")
    for vm, name in ledger.vms.items():
        # Only the cancel of its create takes a VM away that nobody purged.
        if vm not in vms and vm not in ledger.maybe_purged \
                and (vm, "vm.create", "canceled") not in ended:
            faults.append(f"acknowledged vm {vm} ({name}) is lost")
        if vm in ledger.purged and vm in vms and not any(
                (vm, "vm.purge", state) in ended for state in ("failed", "canceled")):
            faults.append(f"vm {vm} ({name}) is there, its delete was acknowledged")
    for vm, value in ledger.labels.items():
        if vm in vms:
            seen = vms[vm].get("labels", {}).get("mark")
            if seen not in ledger.maybe_labels[vm] | {value}:
                faults.append(f"vm {vm}: label is {seen}, acknowledged was {value}")
    faults += [f"name {n} is there {c} times" for n, c in names.items() if c > 1]
    hosts = {h["id"]: h["name"] for h in pages(daemon, "/api/v1/hosts")}
    faults += check_truth(daemon, vms, hosts, truth_tool, truth)
    status, doc = daemon.call("POST", "/api/v1/admin/state/check")
    if status != 200 or doc["count"]:
        faults.append(f"state check: {status} {doc}")
    faults += check_allocations(daemon, vms)
    return faults


def read_truth(truth_tool, truth):
    """The file may be written at just now: what was half there a moment ago is whole then."""
    for _ in range(20):
        r = subprocess.run([truth_tool, truth], capture_output=True, text=True)
        if r.returncode == 0:
            return json.loads(r.stdout)
        time.sleep(0.05)
    raise AssertionError(f"sim-truth: {r.stderr}")


def check_shape(vm, guest, hosts):
    """Where it is, and what it has. What is in error may be otherwise: nobody could learn more."""
    faults = []
    if vm.get("moving_to"):
        if guest["host"] not in (hosts[vm["host"]], hosts[vm["moving_to"]]):
            faults.append(f"vm {vm['id']} is on {guest['host']}, neither where it was nor goes to")
    elif vm["host"] and guest["host"] != hosts[vm["host"]]:
        faults.append(f"vm {vm['id']} is on {guest['host']}, not on {hosts[vm['host']]}")
    if vm["lifecycle"] == "error":
        return faults
    for what in ("disks", "nics"):
        ours = {(e["id"], e.get("size_gib")) for e in vm.get(what) or []}
        theirs = {(e["id"], e.get("size_gib")) for e in guest.get(what) or []}
        if ours != theirs:
            faults.append(f"vm {vm['id']} has {what} {ours}, its guest {theirs}")
    for what in ("vcpus", "memory_mib"):
        theirs = guest.get(f"next_{what}") or guest[what]
        if vm[what] != theirs:
            faults.append(f"vm {vm['id']} has {vm[what]} {what}, its guest {theirs}")
    if POWER.get(vm["power"], guest["power"]) != guest["power"]:
        faults.append(f"vm {vm['id']} is {vm['power']}, its guest {guest['power']}")
    return faults


def check_snapshots(daemon, guests):
    """One that failed may be there or not; any other is, and none is that nobody knows."""
    ours = {s["id"]: s["status"] for s in pages(daemon, "/api/v1/snapshots?project=*")}
    theirs = {s["snapshot_id"] for g in guests for s in g.get("snapshots") or []}
    return [f"snapshot {s} is available and not there" for s, status in ours.items()
            if status == "available" and s not in theirs] + \
        [f"snapshot {s} is there and not known" for s in sorted(theirs - set(ours))]


def check_volumes(daemon, seen):
    """What is out there and what is known of it are the same: kept disks, too."""
    ours = {v["native_id"] for v in pages(daemon, "/api/v1/volumes?project=*")}
    theirs = {v["native_id"] for v in seen["volumes"]}
    return [f"volume {v} is known and not there" for v in sorted(ours - theirs)] + \
        [f"volume {v} is there and not known" for v in sorted(theirs - ours)]


def check_apart(vms, by_object, hosts):
    """One of the group has its hosts for itself, as recorded and as it is."""
    there = collections.defaultdict(set)
    for vm, v in vms.items():
        if v.get("vm_group"):
            for host in {v.get("host"), v.get("moving_to")} - {None}:
                there[hosts[host]].add(vm)
            for guest in by_object.get(vm, []):
                there[guest["host"]].add(vm)
    return [f"{sorted(together)} keep apart, and are all on host {host}"
            for host, together in there.items() if len(together) > 1]


def check_truth(daemon, vms, hosts, truth_tool, truth):
    seen = read_truth(truth_tool, truth)
    guests = seen["guests"]
    faults = check_volumes(daemon, seen) + check_snapshots(daemon, guests)
    by_object = collections.defaultdict(list)
    for g in guests:
        by_object[g["tag"]["object"]].append(g)
    for vm, list_ in by_object.items():
        if len(list_) > 1:
            faults.append(f"vm {vm} has {len(list_)} guests")
        if vm not in vms:
            faults.append(f"guest {list_[0]['native_id']} of {vm} has no vm")
        else:
            faults += check_shape(vms[vm], list_[0], hosts)
    for vm, v in vms.items():
        if v["lifecycle"] in ("active", "stopped", "paused") and vm not in by_object:
            faults.append(f"vm {vm} is {v['lifecycle']} and has no guest")
        if v.get("task"):
            faults.append(f"vm {vm} still has task {v['task']}")
    return faults + check_apart(vms, by_object, hosts)


def claim_of(vm):
    return collections.Counter(
        vcpus=vm["vcpus"], memory_mib=vm["memory_mib"],
        disk_gib=sum(d["size_gib"] for d in vm.get("disks") or [] if not d.get("volume")))


def check_allocations(daemon, vms):
    used = collections.defaultdict(collections.Counter)
    for v in vms.values():
        # On its way to a second host, or nobody knows on which of the two: it holds both.
        for host in {v.get("host"), v.get("moving_to")} - {None}:
            used[host] += claim_of(v)
    faults = []
    for h in pages(daemon, "/api/v1/hosts"):
        status, doc = daemon.call("GET", f"/api/v1/hosts/{h['id']}/usage")
        if status != 200:
            return faults + [f"usage of host {h['name']}: {status} {doc}"]
        # A guest that was purged while a look was under way is nobody's until the next look.
        host = daemon.call("GET", f"/api/v1/hosts/{h['id']}")[1]
        for what in ("vcpus", "memory_mib", "disk_gib"):
            foreign = host.get(f"foreign_{what}") or 0
            if doc["used"][what] - foreign != used[h["id"]][what]:
                faults.append(f"host {h['name']}: {doc['used'][what]} {what} allocated, {foreign} "
                              f"of them foreign, its vms have {used[h['id']][what]}")
    return faults


def repeat_keys(daemon, ledger, rng):
    """A key used again gives the same operation, across the crash."""
    faults = []
    for key, (body, op) in rng.sample(list(ledger.keys.items()), min(5, len(ledger.keys))):
        if not op:
            continue
        status, doc = daemon.call("POST", "/api/v1/vms", body, {"Idempotency-Key": key})
        state = daemon.call("GET", f"/api/v1/operations/{op}")[1]
        if state["state"] == "failed" and state["error"].get("retryable"):
            if status == 202:           # the key was released: this is a new one
                ledger.vms[doc["object"]["id"]] = body["name"]
                ledger.operations[doc["operation"]["id"]] = doc["object"]["id"]
            continue
        if status != 202 or doc["operation"]["id"] != op:
            faults.append(f"key {key} was answered {op} and now {status} {doc}"[:400])
    return faults


def cycle(daemon, ledger, rng, number, args):
    stop, threads = threading.Event(), []
    for i in range(args.clients):
        t = threading.Thread(target=client, args=(
            daemon, ledger, random.Random(rng.random()), f"c{number}-{i}", stop))
        t.start()
        threads.append(t)
    time.sleep(rng.uniform(0.02, args.run))
    if daemon.proc.poll() is not None:
        raise AssertionError(f"the daemon ended by itself with {daemon.proc.returncode}")
    daemon.kill()
    stop.set()
    for t in threads:
        t.join()
    daemon.start()
    operations = settle(daemon, 120)
    return check(daemon, ledger, operations, args) + repeat_keys(daemon, ledger, rng)


def make_world(daemon, seed, truth):
    status, doc = daemon.call("POST", "/api/v1/providers", {
        "name": "sim", "plugin": "novacron.sim", "config": {
            "hosts": 8, "seed": seed % 1000, "truth": truth, "failure_rate": 0.02,
            "lost_reply_after": 0.02, "lost_reply_before": 0.02,
            "latency_ms": {"*": {"min": 0, "max": 40}}}}, {"Prefer": "wait=30"})
    assert status == 200, (status, doc)
    status, doc = daemon.call("POST", "/api/v1/vm-groups", {"name": "apart"})
    assert status == 201 and doc["policy"] == "anti-affinity", (status, doc)
    for _ in range(10):                 # its answer may be drawn to fail, like any other
        status, doc = daemon.call("POST", "/api/v1/networks", {"name": "lan"}, {"Prefer": "wait=30"})
        if status == 200:
            break
        daemon.call("DELETE", "/api/v1/networks/lan", None, {"Prefer": "wait=30"})
    assert status == 200, (status, doc)


def run_cycles(daemon, ledger, rng, args):
    """How many kills were survived, and the faults of the one that was not."""
    for n in range(args.kills):
        try:
            bad = cycle(daemon, ledger, rng, n, args)
        except (AssertionError, RuntimeError, KeyError, *BROKEN) as e:
            bad = [repr(e)]
        if bad:
            return n, bad
    return args.kills, []


def campaign(args, number, seed, isolation):
    """One daemon from its first start on. (kills survived, VMs acknowledged, counts, is well)"""
    args = argparse.Namespace(**vars(args))
    folder = tempfile.mkdtemp(prefix="nc-kill9-")
    args.truth, args.truth_tool = f"{folder}/truth", f"{args.build}/bin/sim-truth"
    # A host with several lost replies in a row is left alone for ops.breaker_open, half a minute by
    # default, and what waits for it is not stuck: here it is to be over soon.
    daemon = Daemon(args.build, folder, "ops:\n  breaker_open: 1s\n", allow=isolation)
    ledger, start = Ledger(), time.monotonic()
    daemon.start()
    make_world(daemon, seed, args.truth)
    kills, bad = run_cycles(daemon, ledger, random.Random(seed), args)
    if bad:
        daemon.kill()
        print(f"kill {kills + 1} of campaign {number}: {len(bad)} faults", *bad[:20], sep="\n  ")
        print(f"kept for you to look at: {folder}; again: NC_SEED={seed} {sys.argv[0]} {args.build} "
              f"--campaigns 1 --kills {args.kills} --isolation {isolation}\n{daemon.tail()}")
    elif daemon.stop() == 0:
        shutil.rmtree(folder)
    else:
        bad = [f"the daemon ended with {daemon.proc.returncode}"]
        print(f"campaign {number}: {bad[0]}, {folder}\n{daemon.tail()}")
    print(f"kill9: campaign {number}, seed {seed}, sim {isolation}: {kills} kills in "
          f"{time.monotonic() - start:.0f} s, {len(ledger.vms)} creates acknowledged", flush=True)
    return kills, len(ledger.vms), ledger.counts, not bad


def main():
    is_long = bool(os.environ.get("NC_TEST_LONG"))
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--campaigns", type=int, default=20 if is_long else 2,
                   help="each begins with an empty state: what is compared grows with every kill")
    p.add_argument("--kills", type=int, default=50 if is_long else 20, help="of each campaign")
    p.add_argument("--jobs", type=int, default=os.environ.get("NC_JOBS") or os.cpu_count())
    p.add_argument("--clients", type=int, default=6)
    p.add_argument("--run", type=float, default=0.6, help="longest time before a kill, seconds")
    p.add_argument("--isolation", choices=["in_process", "process"], help="else by turns")
    args = p.parse_args()
    seed = int(os.environ.get("NC_SEED") or os.environ.get("NC_TEST_SEED")
               or random.randrange(1 << 32))
    print(f"kill9: seed {seed}, {args.campaigns} campaigns of {args.kills} kills", flush=True)
    start = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(campaign, args, n, seed + n, args.isolation
                            or ("in_process", "process")[n % 2]) for n in range(args.campaigns)]
        results = [r.result() for r in runs]
    kills, creates = sum(r[0] for r in results), sum(r[1] for r in results)
    counts = sum((r[2] for r in results), collections.Counter())
    well = all(r[3] for r in results)
    print(f"kill9: seed {seed}: {kills} kills in {time.monotonic() - start:.0f} s: {creates} creates "
          f"acknowledged, {'nothing lost' if well else 'FAULTS, see above'}; "
          + ", ".join(f"{k} {v}" for k, v in sorted(counts.items())))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
