#!/usr/bin/python3
"""Samples for pymic-batch and a look at its batches, for the tests.

batches.py make PATTERN [PREFIX]  a stream on stdout with a sample per letter: L labeled, W labeled with weight, U without
                                  label, S of another size, B with a label that does not fit, X: die here
batches.py endless PATTERN        the same again and again, until the reader leaves
batches.py show < STREAM          a line per batch: ids, groups, samples in image / label / weight
batches.py tools < STREAM         the tools in the history
"""
import itertools
import os
import sys

import numpy as np
import pymic_stream


def sample(letter, i, prefix):
    size = (1, 2, 3) if letter != "S" else (1, 2, 4)
    tensors = {"image": np.full((2, *size), i, "<i2")}
    if letter in "LWSB":
        tensors["label"] = np.full(size, 300 if letter == "B" else i % 4, "<i2")
    if letter == "W":
        tensors["weight"] = np.full(size, 0.5, "f4")
    return {"id": f"{prefix}{i}", "epoch": 0, "meta": {"spacing": [5, 0.7, 0.7]}, "tensors": tensors}


def make(letters, prefix, names):
    fields = [{"name": "image", "dtype": "i16", "rank": 4}]
    fields += [{"name": "label", "dtype": "i16", "rank": 3}] if set("LWSB") & set(names) else []
    fields += [{"name": "weight", "dtype": "f32", "rank": 3}] if "W" in names else []
    with pymic_stream.Writer(sys.stdout.buffer, "sample", fields, tool="made" + prefix, argv=[]) as out:
        for i, letter in enumerate(letters):
            if letter == "X":
                raise RuntimeError("the disk is on fire")
            out.put(sample(letter, i, prefix))


def show(head, records):
    assert head["kind"] == "batch"
    for r in records:
        t = r["tensors"]
        ids, image = r["meta"]["ids"].split("\n"), t["image"]
        assert image.dtype == "f4" and len(ids) == len(image)
        assert all((image[k] == float(i.lstrip("abc"))).all() for k, i in enumerate(ids))
        counts = [len(image), len(t.get("label", ())), len(t.get("weight", ()))]
        print(",".join(ids), *(":".join(map(str, n)) for n in (r["meta"]["groups"], counts)))


def main():
    what, *more = sys.argv[1:]
    try:
        if what == "make":
            make(more[0], more[1] if len(more) > 1 else "", more[0])
        elif what == "endless":
            make(itertools.cycle(more[0]), "", more[0])
        elif what == "show":
            show(*pymic_stream.read(sys.stdin.buffer))
        else:
            print(*(entry["tool"] for entry in pymic_stream.read(sys.stdin.buffer)[0]["history"]))
    except (BrokenPipeError, RuntimeError) as why:
        os._exit(0 if isinstance(why, BrokenPipeError) else 1)


main()
