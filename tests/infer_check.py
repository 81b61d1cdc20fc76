#!/usr/bin/python3
"""infer_check.py WHAT FILE...: exits 0 when predictions are as they should be, else says what is not.

grid A SAMPLES      shape, id, affine and spacing are those of the samples; nothing is left to undo
prob A              probabilities sum to 1 and pred is their first maximum
equal A B [TOL]     pred is equal; with TOL instead: prob differs by at most TOL
flipped A B TOL     prob of B is that of A mirrored along W
one A N             no class (N = each), or the union of all (N = all), has more than one component
fields A NAMES      the names of a record's fields, joined by commas
flip IN OUT, channels IN OUT, nan IN OUT, big IN OUT, noise IN OUT: changed samples
"""
import sys

import numpy as np
import pymic_stream


def load(path):
    with open(path, "rb") as f:
        head, records = pymic_stream.read(f)
        return head, list(records)


def save(path, head, records):
    with open(path, "wb") as f, pymic_stream.Writer(f, head["kind"], head["fields"], head) as out:
        for r in records:
            out.put(r)


def check(good, what):
    if not good:
        sys.exit(f"# {what}")


def pairs(a, b):
    a, b = load(a)[1], load(b)[1]
    check(len(a) == len(b) > 0, f"{len(a)} and {len(b)} records")
    return zip(a, b)


def components(mask):
    """How many face-connected parts a mask has."""
    left, n = set(map(tuple, np.argwhere(mask))), 0
    while left:
        n, queue = n + 1, [left.pop()]
        while queue:
            at = queue.pop()
            for axis in range(3):
                for step in (-1, 1):
                    to = tuple(v + step * (i == axis) for i, v in enumerate(at))
                    if to in left:
                        left.remove(to)
                        queue.append(to)
    return n


def grid(a, b):
    for p, s in pairs(a, b):
        check(p["id"] == s["id"], "ids")
        check(p["tensors"]["pred"].shape == s["tensors"]["image"].shape[1:], f"{p['id']}: {p['tensors']['pred'].shape}")
        for key in ("affine", "spacing", "source", "units"):
            check(p["meta"].get(key) == s["meta"].get(key), f"{p['id']}: {key}: {p['meta'].get(key)}")
        check(not p["meta"].get("undo"), f"{p['id']}: {p['meta'].get('undo')}")


def prob(a):
    for r in load(a)[1]:
        p, y = r["tensors"]["prob"], r["tensors"]["pred"]
        check(np.abs(p.sum(0) - 1).max() < 1e-5, f"{r['id']}: sums {p.sum(0).min()} to {p.sum(0).max()}")
        check(np.array_equal(p.argmax(0), y) and y.dtype == np.uint8, f"{r['id']}: pred is not the maximum")


def equal(a, b, tol=None):
    for p, q in pairs(a, b):
        if tol is None:
            check(np.array_equal(p["tensors"]["pred"], q["tensors"]["pred"]), f"{p['id']}: pred")
        else:
            d = np.abs(p["tensors"]["prob"] - q["tensors"]["prob"]).max()
            check(d <= float(tol), f"{p['id']}: prob differs by {d}")


def flipped(a, b, tol):
    for p, q in pairs(a, b):
        d = np.abs(p["tensors"]["prob"][..., ::-1] - q["tensors"]["prob"]).max()
        check(d <= float(tol), f"{p['id']}: prob differs by {d}")


def one(a, which):
    for r in load(a)[1]:
        y = r["tensors"]["pred"]
        for mask in ([y > 0] if which == "all" else [y == c for c in range(1, y.max() + 1)]):
            check(components(mask) <= 1, f"{r['id']}: {components(mask)} components")


def fields(a, names):
    head, records = load(a)
    check(sorted(f["name"] for f in head["fields"]) == sorted(names.split(",")), f"head: {head['fields']}")
    for r in records:
        check(sorted(r["tensors"]) == sorted(names.split(",")), f"{r['id']}: {sorted(r['tensors'])}")


def change(what, a, b):
    head, records = load(a)
    for r in records:
        t = r["tensors"]
        t["image"] = t["image"].astype("f4")
        if what == "flip":
            t.update(image=t["image"][..., ::-1], label=t["label"][..., ::-1])
        elif what == "channels":
            t["image"] = np.concatenate([t["image"], t["image"]])
        elif what == "nan":
            t["image"][0, 0, 5, 5] = np.nan
        elif what == "big":
            t["label"] = t["label"] + 7
        elif what == "noise":
            t["image"] = np.random.RandomState(3).normal(0, 1.5, t["image"].shape).astype("f4")
    save(b, head, records)


if __name__ == "__main__":
    what, files = sys.argv[1], sys.argv[2:]
    if what in ("flip", "channels", "nan", "big", "noise"):
        change(what, *files)
    else:
        {"grid": grid, "prob": prob, "equal": equal, "flipped": flipped, "one": one, "fields": fields}[what](*files)
