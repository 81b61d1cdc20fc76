#!/usr/bin/python3
"""made.py FOLDER CASES D H W: bright and brighter balls on noise, as NIfTI files with a list; the same bytes every time."""
import gzip
import os
import struct
import sys

import numpy as np


def nifti(path, array, spacing=(1.5, 1.5, 3.0)):
    """array: [D,H,W] u1 or <i2."""
    d, h, w = array.shape
    code, bits = {"uint8": (2, 8), "int16": (4, 16)}[array.dtype.name]
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, w, h, d, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, code, bits)
    struct.pack_into("<8f", head, 76, 1, *spacing, 0, 0, 0, 0)
    struct.pack_into("<fff", head, 108, 352, 1, 0)
    head[123] = 2  # mm
    struct.pack_into("<hh", head, 252, 0, 1)
    for row in range(3):
        line = [0.0, 0.0, 0.0, -10.0 * row]
        line[row] = spacing[row]
        struct.pack_into("<4f", head, 280 + 16 * row, *line)
    head[344:348] = b"n+1\0"
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as out:
        out.write(bytes(head) + array.tobytes())


def main():
    folder, (cases, d, h, w) = sys.argv[1], map(int, sys.argv[2:6])
    os.makedirs(folder, exist_ok=True)
    draw = np.random.RandomState(5)
    z, y, x = np.mgrid[:d, :h, :w]
    with open(os.path.join(folder, "list.csv"), "w") as table:
        table.write("image,label\n")
        for i in range(cases):
            cy, cx = h * draw.uniform(0.4, 0.6), w * draw.uniform(0.4, 0.6)
            r = min(h, w) * draw.uniform(0.25, 0.35)
            far = np.sqrt((y - cy) ** 2 + (x - cx) ** 2 + 0 * z)
            label = (far < r).astype("u1") + (far < r / 2).astype("u1")
            image = (300.0 * label + draw.normal(200, 40, label.shape)).astype("<i2")
            nifti(os.path.join(folder, f"case_{i}.nii.gz"), image)
            nifti(os.path.join(folder, f"case_{i}_label.nii.gz"), label)
            table.write(f"case_{i}.nii.gz,case_{i}_label.nii.gz\n")


if __name__ == "__main__":
    main()
