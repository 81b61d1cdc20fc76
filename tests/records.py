#!/usr/bin/python3
"""What is in streams, for the tests of pymic-augment and pymic-noise.

records.py digest FILE         a line per record: id, epoch, a digest of its fields and meta
records.py fields FILE         a line per record and field: id, name, dtype, shape
records.py same A B            that image, label, spacing, affine and nifti are those of A in every record of B
records.py noise A B LOG       that LOG tells the truth about labels A that became B; prints: records, chosen, kinds
records.py many FILE CASES     a stream of CASES small labels, each with a square of random size
records.py as KIND IN          the same stream said to be of another kind
"""
import hashlib
import sys

import numpy as np
import pymic_stream


def load(path):
    with open(path, "rb") as file:
        return list(pymic_stream.read(file)[1])


def digest(record):
    sha = hashlib.sha1(repr(sorted(record["meta"].items())).encode())
    for name, t in record["tensors"].items():
        sha.update(f"{name} {t.dtype} {t.shape}".encode() + t.tobytes())
    return sha.hexdigest()


def same(first, second):
    was = {(r["id"], r["epoch"]): r for r in load(first)}
    for r in load(second):
        old = was.pop((r["id"], r["epoch"]))
        for key in "spacing", "affine", "nifti", "units":
            assert old["meta"].get(key) == r["meta"].get(key), (r["id"], key)
        assert not r["meta"].get("undo"), r["id"]
        for name in "image", "label":
            a, b = old["tensors"][name], r["tensors"][name]
            assert a.dtype == b.dtype and a.shape == b.shape and (a == b).all(), (r["id"], name)
    assert not was


def noise(first, second, log):
    with open(log, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    assert rows[0] == ["id", "chosen", "kind", "radius", "before", "after", "changed"]
    kinds = []
    for a, b, row in zip(load(first), load(second), rows[1:], strict=True):
        assert a["id"] == b["id"] == row[0]
        x, y = a["tensors"].get("label"), b["tensors"].get("label")
        assert (a["tensors"]["image"] == b["tensors"]["image"]).all()
        if row[1] == "1":
            kinds.append(row[2])
            assert b["meta"]["noise"] == row[2]
            assert all(6 <= float(v) <= 12 for v in row[3].split("-"))
            assert [int(v) for v in row[4:]] == [(x > 0).sum(), (y > 0).sum(), (x != y).sum()], row
            assert row[2] != "dilate" or (y >= x).all()
            assert row[2] != "erode" or (y <= x).all()
        else:
            assert row[1:] == ["0", "", "", "", "", ""] and (x is None or (x == y).all()) and "noise" not in b["meta"]
    print(len(rows) - 1, len(kinds), *(kinds.count(k) for k in ("dilate", "erode", "edge")))


def many(path, cases):
    draw = np.random.RandomState(1)
    fields = [{"name": "image", "dtype": "f32", "rank": 4}, {"name": "label", "dtype": "u8", "rank": 3}]
    with open(path, "wb") as file, pymic_stream.Writer(file, "sample", fields, tool="many") as out:
        for i in range(cases):
            label = np.zeros((1, 64, 64), "u1")
            label[0, 20:draw.randint(36, 46), 22:draw.randint(38, 44)] = 1
            tensors = {"image": label[None].astype("f4"), "label": label}
            out.put({"id": f"case_{i}", "epoch": 0, "meta": {}, "tensors": tensors})


def main():
    what, *paths = sys.argv[1:]
    if what == "same":
        same(*paths)
    elif what == "noise":
        noise(*paths)
    elif what == "many":
        many(paths[0], int(paths[1]))
    elif what == "as":
        with open(paths[1], "rb") as file:
            head, records = pymic_stream.read(file)
            with pymic_stream.Writer(sys.stdout.buffer, paths[0], head["fields"], head) as out:
                for r in records:
                    out.put(r)
    else:
        for r in load(paths[0]):
            if what == "digest":
                print(r["id"], r["epoch"], digest(r))
            else:
                for name, t in r["tensors"].items():
                    print(r["id"], name, t.dtype, *t.shape)


main()
