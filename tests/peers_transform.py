#!/usr/bin/python3
"""Transforms whose definition is that of scipy or numpy, on random images with random settings.

peers_transform.py CASES     prints how many comparisons there were; the first difference is an error
"""
import io
import os
import subprocess
import sys

import numpy as np
from scipy import ndimage

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))
import pymic_stream  # noqa: E402


def augment(spec, image, label):
    """What pymic-augment makes of an image [C,D,H,W] and a label [D,H,W]."""
    stream = io.BytesIO()
    fields = [{"name": "image", "dtype": "f32", "rank": 4}, {"name": "label", "dtype": "u8", "rank": 3}]
    with pymic_stream.Writer(stream, "sample", fields) as out:
        out.put({"id": "case", "epoch": 0, "meta": {"spacing": [1.0, 1.0, 1.0]}, "tensors": {"image": image, "label": label}})
    done = subprocess.run(["pymic-augment", "-q", spec], input=stream.getvalue(), stdout=subprocess.PIPE, check=True)
    tensors = next(iter(pymic_stream.read(io.BytesIO(done.stdout))[1]))["tensors"]
    return tensors["image"], tensors["label"]


def scaled(x, low, high, lower, upper):
    return (np.clip(x, low, high) - low) / (high - low) * (upper - lower) + lower


def gamma(x, g):
    return ((x - x.min()) / (x.max() - x.min())) ** g * (x.max() - x.min()) + x.min()


def contrast(x, f):
    return np.clip((x - x.mean()) * f + x.mean(), x.min(), x.max())


def equalised(x):
    counts, edges = np.histogram(x, 2000)
    return np.interp(x, (edges[1:] + edges[:-1]) / 2, counts.cumsum() / x.size)


def zoomed(x, size, order):
    """Corners aligned, as scipy's zoom does."""
    return ndimage.zoom(x, np.array(size) / x.shape, order=order, mode="mirror")


def turned(x, angle, order):
    return ndimage.rotate(x, angle, (1, 2), reshape=False, order=order, mode="constant")


def affine(x, order, scale, angle):
    """In planes: enlarged by scale, turned by degrees, about the centre."""
    c, s = np.cos(np.deg2rad(angle)) / scale, np.sin(np.deg2rad(angle)) / scale
    matrix = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    middle = (np.array(x.shape) - 1) / 2
    return ndimage.affine_transform(x, matrix, middle - matrix @ middle, order=order)


def comparisons(draw, size):
    """Spec; what becomes of a channel, in double; what becomes of a label, None: nothing; how far they may differ."""
    always = "p=1:channel-p=1"
    low, high = np.sort(draw.uniform(150, 250, 2)).round(2)
    share, most = round(draw.uniform(0, 20), 2), round(draw.uniform(80, 100), 2)
    g, f, width, angle, scale = draw.uniform(0.5, 2, 5).round(3)
    angle *= 20
    new = draw.randint(2, 40, 3)
    box = [draw.randint(1, s + 1) for s in size]
    at = [draw.randint(0, s - b + 1) for s, b in zip(size, box)]
    cut = tuple(slice(a, a + b) for a, b in zip(at, box))
    comma = lambda numbers: ",".join(str(n) for n in numbers)
    grown = [(0, n) for n in draw.randint(0, 9, 3)]
    odd = [(n // 2, n - n // 2) for _, n in grown]
    padded = [s + n for s, (_, n) in zip(size, grown)]
    yield "normalize", lambda x: (x - x.mean()) / (x.std() + 1e-5), None, 1e-5
    yield f"normalize:mean={low}:std={high}", lambda x: (x - low) / high, None, 1e-5
    yield "minmax", lambda x: scaled(x, x.min(), x.max(), -1, 1), None, 1e-5
    yield f"percentile:lower={share}:upper={most}", lambda x: scaled(x, *np.percentile(x, (share, most)), 0, 1), None, 1e-5
    yield f"clip:lower={low}:upper={high}", lambda x: np.clip(x, low, high), None, 1e-5
    yield f"brightness:min={f}:max={f}:{always}", lambda x: x * f, None, 1e-5
    yield f"contrast:min={f}:max={f}:{always}", lambda x: contrast(x, f), None, 1e-5
    yield f"gamma:min={g}:max={g}:{always}", lambda x: gamma(x, g), None, 1e-5
    yield f"blur:min={width}:max={width}:{always}", lambda x: ndimage.gaussian_filter(x, width), None, 1e-5
    yield "hist_equal", equalised, None, 2 / 2000
    yield "flip:axes=dhw:p=1", lambda x: x[::-1, ::-1, ::-1], lambda x: x[::-1, ::-1, ::-1], 0
    yield "transpose:about=d:p=1", lambda x: x.swapaxes(1, 2), lambda x: x.swapaxes(1, 2), 0
    yield f"crop:size={comma(box)}:start={comma(at)}", lambda x: x[cut], lambda x: x[cut], 0
    yield f"pad:border=zero:size={comma(padded)}", lambda x: np.pad(x, odd), lambda x: np.pad(x, odd), 0
    yield "label_nonzero", lambda x: x, lambda x: (x != 0).astype(np.uint8), 0
    for order, how in (1, ""), (3, ":cubic"):
        yield f"resize:size={comma(new)}{how}", lambda x: zoomed(x, new, order), None, 1e-4
        yield f"rotate:p=1:d={angle},{angle}{how}", lambda x: turned(x, angle, order), None, 1e-4
        yield f"affine:p=1:scale={scale},{scale}:d={angle},{angle}{how}", lambda x: affine(x, order, scale, angle), \
            lambda x: affine(x, 0, scale, angle), 1e-4


def main(cases):
    draw, count = np.random.RandomState(5), 0
    for case in range(cases):
        size, channels = draw.randint(3, 30, 3), draw.randint(1, 3)
        smooth = ndimage.gaussian_filter(draw.normal(size=(channels, *size)), (0, 1, 1, 1))
        image = (200 + 100 * smooth / smooth.std()).astype(np.float32)
        label = (image[0] > 250).astype(np.uint8) + 2 * (image[0] < 150).astype(np.uint8)
        for spec, on_channel, on_label, most in comparisons(draw, size):
            got, classes = augment(spec, image, label)
            for k in range(channels):
                want = on_channel(image[k].astype(np.float64))
                assert got[k].shape == want.shape, (case, spec, got[k].shape, want.shape)
                off = np.abs(got[k] - want).max() / max(1, np.abs(want).max())
                assert off <= most, f"case {case}: {spec}: off by {off:g} of the largest"
            if on_label:
                assert (classes != on_label(label)).mean() <= (0.002 if most else 0), f"case {case}: {spec}: labels"
            count += 1
    print(count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
