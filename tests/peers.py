#!/usr/bin/python3
"""What nibabel and scipy say of the same files, for tests that are skipped where these are not installed.

peers.py write FOLDER          volumes written by nibabel, and a list
peers.py loaded FOLDER STREAM  what pymic-load made of them is what nibabel reads; prints how many
peers.py read FILE...          shape, type and sum of images as nibabel reads them
peers.py eval FOLDER           random cases, and what scipy says of them against what pymic-eval says
"""
import csv
import os
import struct
import subprocess
import sys

import numpy as np


def write(folder):
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


def loaded(folder, stream):
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


def read(*paths):
    import nibabel
    for path in paths:
        image = nibabel.load(path)
        print(*image.shape, image.get_data_dtype(), f"{float(np.asanyarray(image.dataobj).sum()):g}")


def by_scipy(s, g, spacing):
    from scipy import ndimage

    def edge(mask):
        return mask & ~ndimage.binary_erosion(mask)

    def distances(a, b):
        return ndimage.distance_transform_edt(~edge(b), spacing)[edge(a)]

    there, back = distances(s, g), distances(g, s)
    return {"1_dice": 2 * (s & g).sum() / (s.sum() + g.sum()), "1_assd": np.concatenate((there, back)).mean(),
            "1_hd95": max(np.percentile(there, 95), np.percentile(back, 95)), "1_hd": max(there.max(), back.max())}


def nifti(path, mask, spacing):
    """mask: [D,H,W] u1; without qform and sform, so that nibabel is not needed."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, 3, *mask.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<hh", head, 70, 2, 8)
    struct.pack_into("<4f", head, 76, 1, *spacing)
    struct.pack_into("<f", head, 108, 352)
    head[123] = 2  # mm
    head[344:348] = b"n+1\0"
    with open(path, "wb") as file:
        file.write(bytes(head) + mask.tobytes())


def evaluate(folder):
    from scipy import ndimage
    draw, wanted = np.random.RandomState(3), {}
    for name in ("truth", "pred"):
        os.makedirs(os.path.join(folder, name))
    for i in range(10):
        size, spacing = draw.randint(4, 40, 3), np.float32(draw.uniform(0.3, 5, 3))
        smooth = ndimage.gaussian_filter(draw.normal(size=size), 2)
        masks = [smooth + ndimage.gaussian_filter(draw.normal(size=size), 2) > 0 for _ in range(2)]
        for name, mask in zip(("truth", "pred"), masks):
            nifti(os.path.join(folder, name, f"case_{i}.nii"), mask.astype("u1"), spacing[::-1])
        wanted[f"case_{i}"] = by_scipy(masks[1], masks[0], spacing.astype(float))
    text = subprocess.run(["pymic-eval", "--truth", os.path.join(folder, "truth"), "--pred", os.path.join(folder, "pred"),
                           "--labels", "1", "--metrics", "dice,assd,hd95,hd"], check=True, stdout=subprocess.PIPE, text=True)
    rows = {row["case"]: row for row in csv.DictReader(text.stdout.splitlines())}
    for case, metrics in wanted.items():
        for metric, value in metrics.items():
            assert abs(float(rows[case][metric]) - value) <= 1e-6 * value, (case, metric, rows[case][metric], value)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    {"write": write, "loaded": loaded, "read": read, "eval": evaluate}[what](*rest)
