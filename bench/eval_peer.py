"""Surface distances and components as they are usually computed with scipy, on the masks that bench/eval saves."""
import sys
import time

import numpy as np
from scipy import ndimage

SPACING = (1.25, 0.8, 0.8)


def surface(mask):
    return mask & ~ndimage.binary_erosion(mask)


def distances(a, b):
    """Of a's surface to b's."""
    return ndimage.distance_transform_edt(~surface(b), sampling=SPACING)[surface(a)]


def hd95_assd(pred, truth):
    """As medpy and MONAI do it, the distances shared by both."""
    forth, back = distances(pred, truth), distances(truth, pred)
    return max(np.percentile(forth, 95), np.percentile(back, 95)), np.concatenate((forth, back)).mean()


def timed(work, rounds):
    """The row's two times, from the median, and what work returned."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    median = sorted(seconds)[rounds // 2]
    return f"{1e3 * median:.1f}\t{pred.size / median / 1e6:.0f}", result


prefix, rounds = sys.argv[1], int(sys.argv[2])
pred, truth = (np.fromfile(prefix + name + ".u8", np.uint8) > 0 for name in ("pred", "truth"))
edge = round(pred.size ** (1 / 3))
pred, truth = pred.reshape((edge,) * 3), truth.reshape((edge,) * 3)
times, (hd95, assd) = timed(lambda: hd95_assd(pred, truth), rounds)
print(f"scipy\thd95+assd\t{times}\t{hd95:.9g} {assd:.9g}")
times, (_, count) = timed(lambda: ndimage.label(pred), rounds)
print(f"scipy\tcomponents\t{times}\t{count}")
