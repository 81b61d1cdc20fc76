#!/usr/bin/python3
"""Data for eval.t.

eval_made.py FOLDER          cases a, b, c as truth/ and pred/ (NIfTI; moved/: elsewhere), list.csv, pairs.csv and as streams
                             pred.pms, both.pms (with labels), bare.pms (without spacing), soft.pms (floats)
eval_made.py FOLDER scipy    random cases, and what scipy says of them against what pymic-eval says
"""
import csv
import os
import subprocess
import sys

import numpy as np

from made import nifti

SPACING = (3.0, 1.0, 0.5)  # z, y, x


def box(volume, value, z, y, x):
    volume[z[0]:z[1], y[0]:y[1], x[0]:x[1]] = value


def cases():
    """a: two boxes that overlap, and a stray voxel; label 2 nowhere. b: 1 missed, 2 right. c: 1 invented, 2 moved."""
    truth, pred = ({name: np.zeros((6, 16, 16), "u1") for name in "abc"} for _ in range(2))
    box(pred["a"], 1, (1, 5), (3, 10), (4, 12))
    pred["a"][0, 0, 0] = 1
    box(truth["a"], 1, (1, 4), (4, 11), (4, 13))
    box(truth["b"], 1, (0, 1), (0, 3), (0, 3))
    box(truth["b"], 2, (2, 4), (5, 9), (5, 9))
    box(pred["b"], 2, (2, 4), (5, 9), (5, 9))
    box(pred["c"], 1, (5, 6), (15, 16), (15, 16))
    box(truth["c"], 2, (1, 3), (5, 9), (5, 9))
    box(pred["c"], 2, (2, 4), (5, 9), (5, 9))
    return truth, pred


def make(folder):
    import pymic_stream
    truth, pred = cases()
    for name, volumes in (("truth", truth), ("pred", pred)):
        os.makedirs(os.path.join(folder, name))
        for case, volume in volumes.items():
            nifti(os.path.join(folder, name, case + ".nii.gz"), volume, SPACING[::-1])
    os.makedirs(os.path.join(folder, "moved"))
    for case, volume in pred.items():
        nifti(os.path.join(folder, "moved", case + ".nii.gz"), volume, (1, 1, 1))
    with open(os.path.join(folder, "list.csv"), "w") as table:
        table.write("image,label\n" + "".join(f"{c}.nii.gz,truth/{c}.nii.gz\n" for c in truth))
    with open(os.path.join(folder, "pairs.csv"), "w") as table:
        table.write("pred,truth\n" + "".join(f"pred/{c}.nii.gz,truth/{c}.nii.gz\n" for c in truth))
    affine = np.diag((*SPACING[::-1], 1.0)).ravel().tolist()
    placed = {"spacing": SPACING, "affine": affine, "units": "mm", "dims": 3}
    soft = {case: volume.astype("f4") for case, volume in pred.items()}
    soft["b"] /= 4
    for name, preds, meta, labeled in (("pred", pred, {}, False), ("both", pred, placed, True), ("bare", pred, {}, True),
                                       ("soft", soft, placed, True)):
        fields = [{"name": "pred", "dtype": "f32" if preds is soft else "u8", "rank": 3}]
        fields += [{"name": "label", "dtype": "u8", "rank": 3}] * labeled
        with open(os.path.join(folder, name + ".pms"), "wb") as file:
            with pymic_stream.Writer(file, "prediction", fields, tool="made") as out:
                for case in truth:
                    tensors = {"pred": preds[case]} | ({"label": truth[case]} if labeled else {})
                    out.put({"id": case, "epoch": 0, "meta": meta, "tensors": tensors})


def by_scipy(s, g, spacing):
    from scipy import ndimage

    def edge(mask):
        return mask & ~ndimage.binary_erosion(mask)

    def distances(a, b):
        return ndimage.distance_transform_edt(~edge(b), spacing)[edge(a)]

    there, back = distances(s, g), distances(g, s)
    return {"1_dice": 2 * (s & g).sum() / (s.sum() + g.sum()), "1_assd": np.concatenate((there, back)).mean(),
            "1_hd95": max(np.percentile(there, 95), np.percentile(back, 95)), "1_hd": max(there.max(), back.max())}


def compare(folder):
    from scipy import ndimage
    draw, wanted = np.random.RandomState(3), {}
    for name in ("truth", "pred"):
        os.makedirs(os.path.join(folder, name))
    for i in range(10):
        size, spacing = draw.randint(4, 40, 3), np.float32(draw.uniform(0.3, 5, 3))
        smooth = ndimage.gaussian_filter(draw.normal(size=size), 2)
        masks = [smooth + ndimage.gaussian_filter(draw.normal(size=size), 2) > 0 for _ in range(2)]
        for name, mask in zip(("truth", "pred"), masks):
            nifti(os.path.join(folder, name, f"case_{i}.nii.gz"), mask.astype("u1"), spacing[::-1])
        wanted[f"case_{i}"] = by_scipy(masks[1], masks[0], spacing.astype(float))
    text = subprocess.run(["pymic-eval", "--truth", os.path.join(folder, "truth"), "--pred", os.path.join(folder, "pred"),
                           "--labels", "1", "--metrics", "dice,assd,hd95,hd"], check=True, stdout=subprocess.PIPE, text=True)
    rows = {row["case"]: row for row in csv.DictReader(text.stdout.splitlines())}
    for case, metrics in wanted.items():
        for metric, value in metrics.items():
            assert abs(float(rows[case][metric]) - value) <= 1e-6 * value, (case, metric, rows[case][metric], value)


if sys.argv[2:] == ["scipy"]:
    compare(sys.argv[1])
else:
    make(sys.argv[1])
