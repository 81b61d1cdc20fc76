#!/usr/bin/python3
"""load_made.py FOLDER: volumes, pictures and lists for the tests of pymic-load and pymic-save.
load_made.py nibabel FOLDER: volumes written by nibabel, and a list.
load_made.py compare FOLDER STREAM: what pymic-load made of them is what nibabel reads."""
import os
import struct
import sys
import zlib

import numpy as np
from made import nifti


def png(path, array):
    """array: [H,W] u1, or [H,W,3]."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    h, w = array.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in array)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2 if array.ndim == 3 else 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def plain(path, array, code, spacing=(1, 1, 1)):
    """An uncompressed volume of any type, without qform and sform."""
    d, h, w = array.shape
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, w, h, d, 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, code, 8 * array.itemsize)
    struct.pack_into("<8f", head, 76, 1, *spacing, 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, 352)
    head[344:348] = b"n+1\0"
    with open(path, "wb") as file:
        file.write(bytes(head) + array.tobytes())


def shift(path, to, by):
    """A copy of an uncompressed NIfTI-1 file, moved along x by so many mm: an sform says so."""
    with open(path, "rb") as file:
        b = bytearray(file.read())
    struct.pack_into("<h", b, 254, 1)
    for row in range(3):
        line = [0.0, 0.0, 0.0, by if row == 0 else 0.0]
        line[row] = 1.0
        struct.pack_into("<4f", b, 280 + 16 * row, *line)
    with open(to, "wb") as file:
        file.write(b)


def make(folder):
    os.makedirs(os.path.join(folder, "sub"), exist_ok=True)
    os.chdir(folder)
    draw = np.random.RandomState(3)
    for i in range(7):
        image = draw.randint(0, 1000, (2, 4, 5)).astype("<i2")
        nifti(f"v{i}.nii.gz", image)
        nifti(f"v{i}_t2.nii.gz", (image // 4).astype("u1"))
        nifti(f"sub/v{i}_gt.nii.gz", draw.randint(0, 4, (2, 4, 5)).astype("u1"))
    image = draw.randint(0, 200, (2, 4, 5))
    plain("grid.nii", image.astype("u1"), 2)
    plain("float.nii", (image % 3).astype("<f4"), 16)
    plain("half.nii", (image % 3 + 0.5).astype("<f4"), 16)
    plain("wide.nii", np.where(image > 150, 300, 0).astype("<f8"), 64)
    spoilt = image.astype("<f4")
    spoilt[1, 2, 3] = np.nan
    spoilt[1, 3, 4] = np.inf
    plain("nan.nii", spoilt, 16)
    plain("small.nii", image[:, :3].astype("u1"), 2)
    five = np.zeros((2, 4, 5), "u1")
    five[0, 0, :3] = 5
    plain("five.nii", five, 2)
    shift("grid.nii", "here.nii", 0)
    for name, by in ("near", 1e-5), ("off", 0.05), ("far", 2):
        shift("five.nii", f"{name}.nii", by)
    for i in range(3):
        png(f"p{i}.png", draw.randint(0, 255, (6, 9)).astype("u1"))
        png(f"p{i}_gt.png", draw.randint(0, 2, (6, 9)).astype("u1"))
    png("rgb.png", draw.randint(0, 255, (6, 9, 3)).astype("u1"))
    lists = {
        "list.csv": ["image,label"] + [f"v{i}.nii.gz,sub/v{i}_gt.nii.gz" for i in range(7)],
        "three.csv": ["image,label"] + [f"v{i}.nii.gz,sub/v{i}_gt.nii.gz" for i in range(3)],
        "bare.csv": ["path", "v5.nii.gz", "v6.nii.gz", "./v4.nii.gz", "../data/v3.nii.gz", "v2.nii.gz"],
        "two.csv": ["id,image_t1,image_t2,label,pixel_weight",
                    "first,v0.nii.gz,v0_t2.nii.gz,sub/v0_gt.nii.gz,v1_t2.nii.gz", "second,v1.nii.gz,v1_t2.nii.gz,,"],
        "flat.csv": ["image,label"] + [f"p{i}.png,p{i}_gt.png" for i in range(3)],
    }
    for name, lines in lists.items():
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


def by_nibabel(folder):
    import nibabel
    os.makedirs(folder, exist_ok=True)
    draw, names = np.random.RandomState(4), []
    for kind in nibabel.Nifti1Image, nibabel.Nifti2Image:
        for order in "<", ">":
            for code in "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8":
                names.append(f"{kind.__name__}{'be'[order == '<']}_{code}.nii" + (".gz" if code[0] == "f" else ""))
                affine = np.eye(4)
                affine[:3] = draw.normal(0, 1, (3, 4))  # oblique, sheared, mirrored: what comes
                data = draw.randint(0, 100, (5, 4, 3)).astype(code)
                header = kind.header_class(endianness=order)
                header.set_data_dtype(code)
                header.set_slope_inter(1, 0)
                image = kind(data, affine, header)
                if len(names) % 3 == 0:
                    image.set_sform(None, 0)  # and then the qform counts
                    image.set_qform(affine, 1, strip_shears=True)
                image.to_filename(os.path.join(folder, names[-1]))
    with open(os.path.join(folder, "list.csv"), "w", encoding="utf-8") as file:
        file.write("\n".join(["image", *names]) + "\n")


def compare(folder, stream):
    import nibabel
    import pymic_stream
    count = 0
    with open(stream, "rb") as file:
        for r in pymic_stream.read(file)[1]:
            path = next(p for p in (r["id"] + ".nii", r["id"] + ".nii.gz") if os.path.exists(os.path.join(folder, p)))
            image = nibabel.load(os.path.join(folder, path))
            data, got = np.asanyarray(image.dataobj), r["tensors"]["image"]
            assert got.dtype.newbyteorder("=") == data.dtype.newbyteorder("="), (path, got.dtype, data.dtype)
            assert (got[0].T == data).all(), path
            affine = np.array(r["meta"]["affine"]).reshape(4, 4)
            assert np.allclose(affine, image.affine, rtol=1e-6, atol=1e-6), (path, affine, image.affine)
            lengths = np.sqrt((image.affine[:3, :3] ** 2).sum(0))[::-1]
            assert np.allclose(r["meta"]["spacing"], lengths, rtol=2e-3), path
            count += 1
    print(count)


if sys.argv[1] == "nibabel":
    by_nibabel(sys.argv[2])
elif sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    make(sys.argv[1])
