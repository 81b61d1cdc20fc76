#!/usr/bin/python3
"""save_made.py predict IN OUT: predictions for the samples of a stream: pred, prob, label, no image.
save_made.py id ID OUT: a stream whose only record has that id.
save_made.py same A B: that two NIfTI files have the same shape, type, geometry and voxels, byte for byte.
save_made.py geometry A B: that they have the same geometry.
save_made.py nibabel FILE...: their shape, type and sum as nibabel reads them."""
import gzip
import sys

import numpy as np


def predict(source, target):
    import pymic_stream
    fields = [{"name": "label", "dtype": "any", "rank": 3}, {"name": "pred", "dtype": "u8", "rank": 3},
              {"name": "prob", "dtype": "f32", "rank": 4}]
    with open(source, "rb") as file, open(target, "wb") as out:
        head, records = pymic_stream.read(file)
        with pymic_stream.Writer(out, "prediction", fields, head) as writer:
            for r in records:
                label = r["tensors"]["label"]
                pred = (label > 1).astype("u1")
                prob = np.stack([1 - pred * 0.75, pred * 0.75]).astype("f4")
                r["tensors"] = {"label": label, "pred": pred, "prob": prob}
                writer.put(r)


def one(name, target):
    import pymic_stream
    with open(target, "wb") as out, pymic_stream.Writer(out, "sample", [{"name": "image", "dtype": "u8", "rank": 4}]) as writer:
        writer.put({"id": name, "epoch": 0, "meta": {}, "tensors": {"image": np.zeros((1, 1, 4, 4), "u1")}})


def bytes_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        return file.read()


def same(first, second):
    a, b = bytes_of(first), bytes_of(second)
    assert a[40:70] == b[40:70], "dim"
    assert a[70:74] == b[70:74], "type"
    assert a[76:108] == b[76:108], "pixdim"
    assert a[123] == b[123], "units"
    assert a[252:328] == b[252:328], "qform and sform"
    assert a[352:] == b[352:], "voxels"


def geometry(first, second):
    a, b = bytes_of(first), bytes_of(second)
    assert a[76:108] == b[76:108] and a[123] == b[123] and a[252:328] == b[252:328]


def nibabel_reads(paths):
    import nibabel
    for path in paths:
        image = nibabel.load(path)
        print(*image.shape, image.get_data_dtype(), f"{float(np.asanyarray(image.dataobj).sum()):g}")


what, *rest = sys.argv[1:]
if what == "nibabel":
    nibabel_reads(rest)
else:
    {"predict": predict, "id": one, "same": same, "geometry": geometry}[what](*rest)
