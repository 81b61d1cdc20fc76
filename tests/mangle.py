#!/usr/bin/python3
"""Damages streams on purpose, for the tests. The first two write to stdout.

mangle.py abort IN           the first record, then an abort
mangle.py predict IN         predictions: the labels with a corner missing
mangle.py places IN FIRST N CUTS M FLIPS
                             a file CUTS of lengths to cut at (1..FIRST, N more), a folder FLIPS of M copies with one
                             byte inverted, somewhere behind the head
"""
import os
import sys

import msgpack
import pymic_stream


def head_length(data):
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(data)
    unpacker.unpack()
    return unpacker.tell()


def main():
    what, path = sys.argv[1:3]
    out = sys.stdout.buffer
    with open(path, "rb") as file:
        data = file.read()
    if what == "places":
        first, more, cuts, flips, folder = sys.argv[3:8]
        first, more, flips, head = int(first), int(more), int(flips), head_length(data)
        with open(cuts, "w") as table:
            places = set(range(1, first + 1)) | {first + (len(data) - 1 - first) * i // more for i in range(1, more + 1)}
            table.writelines(f"{n}\n" for n in sorted(places))
        os.mkdir(folder)
        for i in range(flips):
            at = head + (len(data) - 1 - head) * i // (flips - 1)
            with open(os.path.join(folder, f"{at}.pms"), "wb") as copy:
                copy.write(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1:])
    else:
        with open(path, "rb") as file:
            head, records = pymic_stream.read(file)
            fields = head["fields"]
            if what == "predict":
                fields = fields + [{"name": "pred", "dtype": "u8", "rank": 3}]
            writer = pymic_stream.Writer(out, "prediction" if what == "predict" else head["kind"], fields, head=head, tool="mangle")
            for record in records:
                if what == "predict":
                    pred = record["tensors"]["label"].astype("u1")
                    pred[:, : pred.shape[1] // 2, : pred.shape[2] // 2] = 0
                    record["tensors"]["pred"] = pred
                writer.put(record)
                if what == "abort":
                    break
            if what == "abort":
                error = pymic_stream.StreamError("aborted")
                error.abort = {"k": "abort", "tool": "pymic-first", "why": "the disk is on fire", "status": 1}
                writer.abort(error)
            else:
                writer.end()


main()
