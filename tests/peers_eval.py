#!/usr/bin/python3
"""What the libraries named by pymic-eval --compat say of random masks, against what pymic-eval says.

peers_eval.py FOLDER [PAIRS]    makes PAIRS (200) pairs of masks, empty and degenerate ones among them, in FOLDER

Each library is asked itself where it is installed (MedPy, MONAI, surface-distance, scikit-image, SciPy, scikit-learn); the
definitions of PyMIC, nnU-Net and SSL4MIS are short and stand below, with SciPy. Prints a line per library: how many values,
and the largest deviation. Values agree when both are NaN, both infinite, or at
most 1e-6 apart, relative to values above 1.
"""
import csv
import math
import os
import subprocess
import sys
import warnings

import numpy as np
from scipy import ndimage

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from peers import nifti  # noqa: E402

NAN = math.nan
SPACING = np.float32([2.5, 0.7, 1.3])


def module(name):
    try:
        return __import__(name, fromlist=["_"])
    except ImportError:
        return None


# --- masks ---

def masks(draw, i):
    """A pair of masks [D,H,W]; every fifth image is 2-D. The first ones are degenerate."""
    size = (1, *draw.randint(3, 24, 2)) if i % 5 == 4 else tuple(draw.randint(3, 20, 3))
    none, all_of_it = np.zeros(size, bool), np.ones(size, bool)
    smooth = ndimage.gaussian_filter(draw.normal(size=size), [min(1.5, n / 4) for n in size])
    noise = ndimage.gaussian_filter(draw.normal(size=size), [min(1, n / 4) for n in size])
    blob, other = smooth > np.quantile(smooth, 0.7), smooth + 0.4 * noise > np.quantile(smooth, 0.75)
    one, far = none.copy(), none.copy()
    one.flat[draw.randint(one.size)] = True
    far.flat[draw.randint(far.size)] = True
    odd = [(none, none), (none, blob), (blob, none), (one, one), (one, far), (all_of_it, all_of_it), (all_of_it, blob),
           (one, all_of_it), (blob, blob), (none, one), (all_of_it, none), (draw.rand(*size) < 0.5, draw.rand(*size) < 0.5),
           (draw.rand(*size) < 0.05, blob), (blob | one, other)]
    return odd[i] if i < len(odd) else odd[draw.randint(len(odd))] if draw.rand() < 0.2 else (other, blob)


def flat(mask):
    """A 2-D image as the libraries want it."""
    return mask[0] if mask.shape[0] == 1 else mask


# --- the definitions: each gives its metrics of s, predicted, and g, true, both of the image's own rank ---

def edge(mask, connectivity=1):
    return mask & ~ndimage.binary_erosion(mask, ndimage.generate_binary_structure(mask.ndim, connectivity))


def directed(a, b, spacing, connectivity=1):
    """From the surface of a to that of b; neither is empty."""
    return ndimage.distance_transform_edt(~edge(b, connectivity), spacing)[edge(a, connectivity)]


def pymic(s, g, spacing):
    both, union = (s & g).sum(), (s | g).sum()
    dice, iou = (2 * both + 1e-5) / (s.sum() + g.sum() + 1e-5), (both + 1e-5) / (union + 1e-5)
    if s.any() and g.any():
        there, back = directed(s, g, spacing), directed(g, s, spacing)
        assd = (there.sum() + back.sum()) / (len(there) + len(back))
        hd95 = max(np.sort(d)[int(len(d) * 0.95)] for d in (there, back))
    else:
        assd, hd95 = (20, 100) if s.any() or g.any() else (0, 0)
    rve = abs(int(s.sum()) - int(g.sum())) / g.sum() if g.any() else NAN
    return {"dice": dice, "iou": iou, "assd": min(assd, 20), "hd95": min(hd95, 50), "rve": rve,
            "volume": g.sum() * np.prod(spacing)}


def nnunet(s, g, _):
    tp, fp, fn = (s & g).sum(), (s & ~g).sum(), (~s & g).sum()
    return {"dice": 2 * tp / (2 * tp + fp + fn), "iou": tp / (tp + fp + fn)} if tp + fp + fn else {"dice": NAN, "iou": NAN}


def ssl4mis(s, g, _):
    if not s.any() or not g.any():
        return {"dice": 0, "iou": 0, "hd95": 0, "asd": 0}
    there, back = directed(s, g, None), directed(g, s, None)
    return {"dice": 2 * (s & g).sum() / (s.sum() + g.sum()), "iou": (s & g).sum() / (s | g).sum(),
            "hd95": np.percentile(np.hstack((there, back)), 95), "asd": there.mean()}


def medpy(s, g, spacing):
    from medpy.metric import binary

    def of(function, *more, **options):
        try:
            return function(s, g, *more, **options)
        except RuntimeError:  # of empty masks
            return NAN

    def ratio(function, otherwise):  # what it catches of 0 / 0, numpy 2 does not throw
        value = of(function)
        return otherwise if math.isnan(value) else value
    mm = {"voxelspacing": spacing}
    return {"dice": ratio(binary.dc, 1), "iou": ratio(binary.jc, 1), "precision": ratio(binary.precision, 0),
            "recall": ratio(binary.recall, 0), "specificity": ratio(binary.specificity, 0), "ravd": of(binary.ravd),
            "hd": of(binary.hd, **mm), "hd95": of(binary.hd95, **mm), "assd": of(binary.assd, **mm),
            "asd": of(binary.asd, **mm)}


def monai(s, g, spacing):
    import torch
    from monai import metrics as m
    y, t = (torch.from_numpy(x[None, None].astype("f4")) for x in (s, g))
    own = {"include_background": True, "spacing": [float(x) for x in spacing]}
    return {"dice": m.compute_dice(y, t).item(), "iou": m.compute_iou(y, t).item(),
            "hd": m.compute_hausdorff_distance(y, t, **own).item(),
            "hd95": m.compute_hausdorff_distance(y, t, percentile=95, **own).item(),
            "assd": m.compute_average_surface_distance(y, t, symmetric=True, **own).item(),
            "asd": m.compute_average_surface_distance(y, t, **own).item(),
            "nsd:tolerance=1.5": m.compute_surface_dice(y, t, [1.5], **own).item(),
            "nsd:tolerance=1.5:use_subvoxels=1": m.compute_surface_dice(y, t, [1.5], use_subvoxels=True, **own).item()}


def deepmind(s, g, spacing):
    np.Inf, np.NaN = np.inf, np.nan  # names that numpy 2 has dropped
    if not hasattr(ndimage, "filters") or not hasattr(ndimage, "morphology"):
        ndimage.filters = ndimage.morphology = ndimage
    import surface_distance as sd
    d = sd.compute_surface_distances(g, s, [float(x) for x in spacing])
    back, there = sd.compute_average_surface_distance(d)
    return {"dice": sd.compute_dice_coefficient(g, s), "hd": sd.compute_robust_hausdorff(d, 100),
            "hd95": sd.compute_robust_hausdorff(d, 95), "asd": there, "asd_back": back, "masd": (there + back) / 2,
            "nsd:tolerance=1.5": sd.compute_surface_dice_at_tolerance(d, 1.5)}


def own_as_monai(s, g, spacing):
    """Our default where MONAI is defined: the truth is not empty, nor for distances the prediction."""
    wanted = monai(s, g, spacing)
    distances = {k: wanted[k] for k in ("hd", "hd95", "assd")} if s.any() and g.any() else {}
    return {"dice": wanted["dice"], "iou": wanted["iou"], **distances} if g.any() else {}


def own_as_deepmind(s, g, spacing):
    wanted = deepmind(s, g, spacing)
    return {"nsd:tolerance=1.5": wanted["nsd:tolerance=1.5"]}


def own_by_area(s, g, spacing):
    wanted = deepmind(s, g, spacing)
    return {k: wanted[k] for k in ("hd", "hd95", "masd")} if s.any() and g.any() else {}


def connectivity_2(s, g, spacing):
    if not s.any() or not g.any():
        return {}
    from medpy.metric import binary
    return {"hd:percentile=100": binary.hd(s, g, spacing, 2), "assd": binary.assd(s, g, spacing, 2)}


def structures(s, g, spacing):
    """Boundary IoU with SciPy, centre lines with scikit-image, lesions with MONAI and SciPy."""
    import torch
    from monai.metrics import compute_panoptic_quality
    from skimage.morphology import skeletonize

    def ring(mask, far):
        return mask & (ndimage.distance_transform_edt(np.pad(mask, 1), spacing)[(slice(1, -1),) * mask.ndim] <= far * (1 + 1e-9))
    a, b = ring(s, 2.2), ring(g, 2.2)
    wanted = {"boundary_iou:distance=2.2": (a & b).sum() / (a | b).sum() if (a | b).any() else NAN}
    if s.any() and g.any():
        line_s, line_g = skeletonize(s, method="lee") > 0, skeletonize(g, method="lee") > 0
        ones = np.ones((3,) * s.ndim)

        def parts(mask):
            return ndimage.label(mask, ones)[1]
        if parts(line_s) == parts(s) and parts(line_g) == parts(g):  # scikit-image takes the last voxel of some away
            precision, sensitivity = (line_s & g).sum() / line_s.sum(), (line_g & s).sum() / line_g.sum()
            wanted["cldice"] = 2 * precision * sensitivity / (precision + sensitivity) if precision + sensitivity else 0
        for name, by in ("1", None), ("3", ones):
            ls, n = ndimage.label(s, by)
            lg, m = ndimage.label(g, by)
            tp, fp = len(set(lg[s & g])), n - len(set(ls[s & g]))
            wanted[f"lesion_f1:connectivity={name}"] = 2 * tp / (tp + m + fp)
            wanted[f"pq:connectivity={name}"] = compute_panoptic_quality(
                torch.from_numpy(ls), torch.from_numpy(lg), smooth_numerator=0).item()
    return wanted


# --- pymic-eval ---

def run(*args):
    return subprocess.run(["pymic-eval", "-q", *args], check=True, stdout=subprocess.PIPE, text=True).stdout


def number(text):
    return float(text) if text else NAN


def same(got, want, within=1e-6):
    if math.isnan(want) or math.isinf(want):
        return str(got) == str(float(want))
    return abs(got - want) <= within * max(1, abs(want))


def against(name, wanted, folder, within, *options):
    """wanted: {case: {metric: value}}."""
    metrics = list(dict.fromkeys(m for values in wanted.values() for m in values))
    text = run("--truth", os.path.join(folder, "truth"), "--pred", os.path.join(folder, "pred"), "--labels", "1",
               "--metrics", ",".join(metrics), *options)
    rows = {row["case"]: row for row in csv.DictReader(text.splitlines())}
    worst, count, bad = 0.0, 0, 0
    for case, values in wanted.items():
        for metric, want in values.items():
            got, want = number(rows[case]["1_" + metric]), float(want)
            count += 1
            if not same(got, want, within):
                bad += 1
                print(f"# {name} {case} {metric}: {got!r}, not {want!r}")
            elif math.isfinite(want):
                worst = max(worst, abs(got - want))
    print(f"{name}: {count} values, {bad} wrong, at most {worst:.1e} off")
    return bad


def statistics(draw, folder):
    """Wilcoxon's test with SciPy: exact, with ties, and of many."""
    from scipy import stats
    bad = count = 0
    for n, ties in (5, False), (20, False), (50, False), (12, True), (80, True), (200, False):
        a = draw.rand(n).round(1 if ties else 9)
        b = (a + draw.normal(0.05, 0.2, n)).round(1 if ties else 9)
        for name, values in ("a", a), ("b", b):
            with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8") as file:
                file.write("case,1_dice\n" + "".join(f"c{i},{v:.9f}\n" for i, v in enumerate(values)))
        row = next(csv.DictReader(run("--compare", *(os.path.join(folder, x + ".csv") for x in "ab")).splitlines()))
        d = (b - a).round(9)
        method = "exact" if n <= 50 else "approx"
        if ties and n <= 50:
            method = stats.PermutationMethod(n_resamples=np.inf)
        want = stats.wilcoxon(d[d != 0], method=method)
        for got, value in (row["wilcoxon"], want.statistic), (row["p"], want.pvalue), (row["difference"], d.mean()):
            count += 1
            if not same(float(got), value):
                bad += 1
                print(f"# wilcoxon of {n}: {got}, not {value}")
    print(f"SciPy, Wilcoxon: {count} values, {bad} wrong")
    return bad


def classes(draw, folder):
    """Classification with scikit-learn: two classes, and several that do not exclude each other."""
    from sklearn import metrics as m
    truth, prob = draw.randint(0, 2, 60), draw.rand(60).round(2)
    prob = (0.6 * prob + 0.4 * truth * draw.rand(60)).round(3)

    def write(name, header, rows):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(header + "\n" + "".join(f"c{i}," + ",".join(map(str, r)) + "\n" for i, r in enumerate(rows)))
        return os.path.join(folder, name)

    def of(t, p):
        said = (p > 0.5).astype(int)
        return {"accuracy": m.accuracy_score(t, said), "recall": m.recall_score(t, said),
                "specificity": m.recall_score(t, said, pos_label=0), "precision": m.precision_score(t, said),
                "auc": m.roc_auc_score(t, p)}
    bad = count = 0
    two = run("--truth", write("t.csv", "image,label", [[t] for t in truth]),
              "--pred", write("p.csv", "image,prob0,prob1", np.stack([(1 - prob).round(3), prob], 1)))
    several = run("--multilabel", "--truth", write("tm.csv", "image,label0,label1", np.stack([truth, 1 - truth], 1)),
                  "--pred", write("pm.csv", "image,prob0,prob1", np.stack([prob, prob[::-1]], 1)))
    for text, wanted in (two, [of(truth, prob)]), (several, [of(truth, prob), of(1 - truth, prob[::-1])]):
        for row, want in zip(csv.DictReader(text.splitlines()), wanted):
            for name, value in want.items():
                count += 1
                if not same(float(row[name]), value):
                    bad += 1
                    print(f"# {name}: {row[name]}, not {value}")
    print(f"scikit-learn, classes: {count} values, {bad} wrong")
    return bad


def main(folder, pairs=200):
    warnings.simplefilter("ignore")
    draw, cases = np.random.RandomState(7), {}
    for name in "truth", "pred":
        os.makedirs(os.path.join(folder, name))
    for i in range(pairs):
        s, g = masks(draw, i)
        for name, mask in ("pred", s), ("truth", g):
            thick = SPACING if s.shape[0] > 1 else np.float32([1, *SPACING[1:]])
            nifti(os.path.join(folder, name, f"case_{i}.nii"), mask.astype("u1"), thick[::-1])
        spacing = SPACING[1:] if s.shape[0] == 1 else SPACING
        cases[f"case_{i}"] = flat(s), flat(g), spacing.astype(float)
    asked = [("PyMIC", pymic, None, ["--compat", "pymic"]), ("nnU-Net", nnunet, None, ["--compat", "nnunet"]),
             ("SSL4MIS", ssl4mis, None, ["--compat", "ssl4mis"]), ("MedPy", medpy, "medpy", ["--compat", "medpy"]),
             ("MONAI", monai, "monai", ["--compat", "monai"]),
             ("surface-distance", deepmind, "surface_distance", ["--compat", "deepmind"]),
             ("default as MONAI", own_as_monai, "monai", []),
             ("default as surface-distance", own_as_deepmind, "surface_distance", []),
             ("--surface area as surface-distance", own_by_area, "surface_distance", ["--surface", "area"]),
             ("--connectivity 2 as MedPy", connectivity_2, "medpy", ["--connectivity", "2"]),
             ("boundaries, centre lines, lesions", structures, "skimage monai", [])]
    bad = 0
    for name, definition, needs, options in asked:
        if not all(module(n) for n in (needs or "").split()):
            print(f"{name}: not installed")
            continue
        with np.errstate(all="ignore"):
            wanted = {case: definition(s, g, spacing) for case, (s, g, spacing) in cases.items()}
        # MONAI keeps 0.95 in single precision; so does --compat monai, the default does not.
        bad += against(name, wanted, folder, 1e-5 if definition is own_as_monai else 1e-6, *options)
    bad += statistics(draw, folder)
    if module("sklearn"):
        bad += classes(draw, folder)
    else:
        print("scikit-learn: not installed")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
