#!/usr/bin/python3
"""slices.py train|test: of each volume in the pipe, 14 of 20 slices to learn from, each a sample; or the others in one.

A step of one's own in a pipeline, with the reader and writer of python/pymic_stream.py.
"""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "python"))
import pymic_stream


def part(record, chosen, name):
    tensors = {"image": record["tensors"]["image"][:, chosen], "label": record["tensors"]["label"][chosen]}
    return {**record, "id": name, "tensors": tensors}


head, records = pymic_stream.read(sys.stdin.buffer)
with pymic_stream.Writer(sys.stdout.buffer, head["kind"], head["fields"], head) as out:
    for volume in records:
        slices = np.arange(volume["tensors"]["label"].shape[0])
        training = slices % 20 < 14
        if sys.argv[1] == "test":
            out.put(part(volume, slices[~training], volume["id"]))
        else:
            for i in slices[training]:
                out.put(part(volume, [i], f"{volume['id']}_{i:03}"))
