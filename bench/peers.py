#!/usr/bin/env python3
"""The same work as the programs of this folder in PyTorch, OpenVINO, TorchIO and scipy. Rows "measure, value" on standard
output; the first byte comes when the first step is done.

    peers.py about                               versions
    peers.py step --mode bf16-cl --shape 8x1x256x256
    peers.py infer --mode openvino-bf16 --model model.pmm --image volume.pms --same pred.pms --window 96,96,96
    peers.py augment --shape 160x160x96          milliseconds of each transform on one core: name, library, value
    peers.py start --list list.csv               from the list to one step
    peers.py loss --shape 8x4x256x256            gated CRF of logits and an image, radius 5, forward and backward

Modes: f32, f32-cl, bf16-cl (cl: channels last, bf16: autocast), compile (torch.compile of bf16-cl), openvino-f32, -bf16.
With --device cuda: f32 multiplies in f32, tf32 is PyTorch's default there, compile is max-autotune with CUDA graphs; the
fastest of cuDNN's algorithms are taken, deterministic or not; a batch is copied from pinned memory in each step.
"""
import argparse
import collections
import csv
import importlib.metadata
import importlib.util
import itertools
import os
import statistics
import sys
import time

import numpy as np

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(ROOT, "experiments", "acdc")]
MODES = ("f32", "tf32", "f32-cl", "bf16-cl", "compile", "openvino-f32", "openvino-bf16")


def numbers(text):
    return [float(x) for x in text.replace("x", ",").split(",")]


def sizes(text):
    return [int(x) for x in numbers(text)]


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("part", choices=("about", "step", "infer", "augment", "start", "loss"))
    p.add_argument("--mode", choices=MODES, default="f32")
    p.add_argument("--shape", type=sizes, default="8x1x256x256", help="of a batch, or of the volume that is transformed")
    p.add_argument("--steps", type=int, default=7, help="how often, after those that do not count")
    p.add_argument("--warm", type=int, default=1, help="how many do not count")
    p.add_argument("--device", default="cpu", help="cpu or cuda[:N]")
    p.add_argument("--tta", choices=("none", "flip"), default="none", help="flip: the mean over the image and three flips")
    p.add_argument("--model", help="a .pmm")
    p.add_argument("--image", help="a stream with one sample")
    p.add_argument("--same", help="a stream with a prediction to compare with")
    p.add_argument("--window", type=sizes, help="sliding windows, half of each overlaps the next; none: the whole image")
    p.add_argument("--list", help="a CSV list of images and labels")
    p.add_argument("--classes", type=int, default=4)
    p.add_argument("--chns", type=numbers, default="16,32,64,128,256")
    p.add_argument("--dropout", type=numbers, default="0,0,0,0.5,0.5")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=0)
    args = p.parse_args()
    args.threads = args.threads or len(os.sched_getaffinity(0))
    args.init = args.model
    return args


def row(*words):
    print("\t".join(str(w) for w in words), flush=True)


def about(args):
    for name in ("torch", "openvino", "torchio", "batchgeneratorsv2", "scipy", "nibabel"):
        try:
            row(name, importlib.metadata.version(name))
        except ImportError:
            row(name, "-")


def settle(args):
    """Threads, and what is allowed on a GPU; a function that waits for all that was started."""
    import torch
    torch.set_num_threads(args.threads)
    if not args.device.startswith("cuda"):
        return lambda: None
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.mode == "tf32"
    return lambda: torch.cuda.synchronize(args.device)


def compiled(function, device):
    import torch
    return torch.compile(function, mode="max-autotune") if device.startswith("cuda") else torch.compile(function)


# --- training ---

def step(args):
    import torch
    from peer import Trainer
    wait = settle(args)
    n, c, *size = args.shape
    torch.manual_seed(args.seed)
    image, label = torch.randn(n, c, *size), torch.randint(0, args.classes, (n, *size))
    if args.device.startswith("cuda"):
        image, label = image.pin_memory(), label.pin_memory()
    trainer = Trainer(args, c, "bf16-cl" if args.mode == "compile" else args.mode, len(size))
    if args.mode == "compile":
        trainer.loss = compiled(trainer.loss, args.device)
    times = []
    for i in range(-args.warm, args.steps):
        wait()
        begin = time.monotonic()
        if args.mode == "compile":
            torch.compiler.cudagraph_mark_step_begin()
        trainer.step(image, label)
        wait()
        if i >= 0:
            times.append(1000 * (time.monotonic() - begin))
        elif i == -args.warm:
            print(flush=True)
    row("ms", f"{statistics.median(times):.3f}")


def loss(args):
    """Every neighbour of every pixel is laid out in memory, as the gated CRF's authors do it."""
    import torch
    from torch.nn.functional import unfold
    torch.set_num_threads(args.threads)
    radius, side = 5, 11
    n, k, h, w = args.shape
    torch.manual_seed(args.seed)
    logits, image = torch.randn(n, k, h, w, requires_grad=True), torch.randn(n, 1, h, w)
    place = torch.stack(torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")).float().expand(n, 2, h, w)

    def windows(x):
        return unfold(x, side, padding=radius).view(n, x.shape[1], side * side, h, w)

    def crf():
        with torch.no_grad():
            inside = windows(torch.ones(n, 1, h, w))[:, 0]
            far = ((windows(place) - place[:, :, None]) ** 2).sum(1)
            unlike = ((windows(image) - image[:, :, None]) ** 2).sum(1)
            kernel = (torch.exp(-far / 50 - unlike / 0.02) + torch.exp(-far / 18)) * inside
            kernel[:, side * side // 2] = 0
        p = torch.softmax(logits, 1)
        same = (windows(p) * p[:, :, None]).sum(1)
        return (kernel * (1 - same)).sum() / (n * h * w)

    times = []
    for i in range(-1, args.steps):
        logits.grad = None
        begin = time.monotonic()
        value = crf()
        value.backward()
        if i >= 0:
            times.append(1000 * (time.monotonic() - begin))
        else:
            row("loss", f"{value.item():.6g}")
    row("ms", f"{statistics.median(times):.3f}")


def start(args):
    """One step of the 2-D network on the first four cases, cut to slices of 192x192 as PyMIC's loader would."""
    import nibabel
    import torch
    from peer import Trainer
    torch.set_num_threads(args.threads)
    with open(args.list, encoding="utf-8") as file:
        cases = list(itertools.islice(csv.DictReader(file), 4))
    images, labels = [], []
    for case in cases:
        path = [os.path.join(os.path.dirname(args.list), case[k]) for k in ("image", "label")]
        image, label = (np.asarray(nibabel.load(p).dataobj).T for p in path)
        image = image.astype(np.float32)
        image = (image - image.mean()) / (image.std() + 1e-5)
        box = tuple(slice((s - w) // 2, (s - w) // 2 + w) for s, w in zip(image.shape, (4, 192, 192)))
        images.append(image[box][:, None])
        labels.append(label[box].astype(np.int64))
    trainer = Trainer(args, 1, args.mode)
    trainer.step(torch.from_numpy(np.concatenate(images)), torch.from_numpy(np.concatenate(labels)))
    print(flush=True)


# --- inference: a runner takes pairs of places and inputs, and hands places and outputs on ---

def starts(size, window):
    """As common/net/predict.c covers an axis."""
    return [min(at, size - window) for at in range(0, size - window + window // 2, window // 2)] if window < size else [0]


def gaussian(window):
    g = np.ones((), np.float32)
    for n in window:
        x = np.arange(n) - n // 2
        g = np.multiply.outer(g, np.exp(-0.5 * (x / (n / 8)) ** 2) * (np.abs(x) <= int(n / 2 + 0.5)))
    return g.astype(np.float32)


def places(size, window):
    for at in itertools.product(*map(starts, size, window)):
        yield tuple(slice(a, a + w) for a, w in zip(at, window))


def batches(volume, window, batch):
    """Batches as the channels and windows of a volume [C,...]; the last one may be smaller."""
    boxes = list(places(volume.shape[1:], window))
    for i in range(0, len(boxes), batch):
        some = boxes[i:i + batch]
        yield some, np.stack([volume[(slice(None), *box)] for box in some])


def torch_runner(net, mode):
    import torch
    net, layout, half = net, torch.contiguous_format, mode.startswith("bf16")
    if mode.endswith("cl"):
        layout = torch.channels_last_3d if next(net.parameters()).dim() == 5 else torch.channels_last
        net = net.to(memory_format=layout)

    def run(pairs, take):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            for boxes, x in pairs:
                take(boxes, net(torch.from_numpy(x).contiguous(memory_format=layout)).float().numpy())
    return run


def openvino_runner(net, precision, hint, shape, threads):
    """The shape is fixed; a smaller batch is filled up."""
    import openvino
    import torch
    model = openvino.convert_model(net, example_input=torch.zeros(shape), input=[shape])
    made = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": hint, "INFERENCE_NUM_THREADS": threads})
    count = 1 if hint == "LATENCY" else made.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    requests = [made.create_infer_request() for _ in range(count)]

    def run(pairs, take):
        turn = collections.deque((request, None) for request in requests)

        def next_one():
            request, boxes = turn.popleft()
            if boxes:
                request.wait()
                take(boxes, request.get_output_tensor().data)
            return request
        for boxes, x in pairs:
            request = next_one()
            request.start_async({0: np.resize(x, shape)})
            turn.append((request, boxes))
        while turn:
            next_one()
    return run


def segment(run, volume, window, batch, classes):
    """Logits of windows, weighted by a Gaussian and averaged -> the class of each voxel."""
    size = volume.shape[1:]
    total, weight, g = np.zeros((classes, *size), np.float32), np.zeros(size, np.float32), gaussian(window)

    def take(boxes, logits):
        for box, z in zip(boxes, logits):
            total[(slice(None), *box)] += z * g
            weight[box] += g
    run(batches(volume, window, batch), take)
    return (total / weight).argmax(0)


def on_device(args, net):
    """segment() as one would write it for a GPU: volume, windows and sums stay there; the classes come back."""
    import torch
    half = args.mode.startswith("bf16") or args.mode == "compile"
    layout = torch.contiguous_format
    if half:
        layout = torch.channels_last_3d if next(net.parameters()).dim() == 5 else torch.channels_last
    net = net.to(args.device, memory_format=layout)
    net = compiled(net, args.device) if args.mode == "compile" else net
    flips = ((), (-1,), (-2,), (-2, -1)) if args.tta == "flip" else ((),)

    def logits(tiles, flip):
        x = tiles.flip(flip).contiguous(memory_format=layout)
        with torch.autocast(torch.device(args.device).type, torch.bfloat16, enabled=half):
            return net(x).float().flip(flip)

    @torch.inference_mode()
    def run(volume, window, batch, classes):
        size = volume.shape[1:]
        x, g = (torch.from_numpy(np.ascontiguousarray(a)).to(args.device) for a in (volume, gaussian(window)))
        total, weight = torch.zeros((classes, *size), device=args.device), torch.zeros(size, device=args.device)
        boxes = list(places(size, window))
        for i in range(0, len(boxes), batch):
            some = boxes[i:i + batch]
            tiles = torch.stack([x[(slice(None), *box)] for box in some])
            z = sum(logits(tiles, flip) for flip in flips) / len(flips)
            for box, tile in zip(some, z):
                total[(slice(None), *box)] += tile * g
                weight[box] += g
        return (total / weight).argmax(0).to(torch.uint8).cpu().numpy()
    return run


def fastest_on_device(args, net, volume, window):
    """The batch that takes the least time for the volume, after once that does not count; compiling takes one batch only."""
    run = on_device(args, net)

    def seconds(batch):
        run(volume, window, batch, args.classes)
        begin = time.monotonic()
        run(volume, window, batch, args.classes)
        return time.monotonic() - begin
    some = (1,) if tuple(window) == volume.shape[1:] else (4,) if args.mode == "compile" else (1, 2, 4, 8)
    batch = min(some, key=seconds)
    return f"batch {batch}", lambda: run(volume, window, batch, args.classes)


def runners(args, net, shape, alone):
    """All runners of a mode, with the batches they take. alone: there is one window only."""
    some = (1,) if alone else (1, 2, 4)
    if not args.mode.startswith("openvino"):
        run = torch_runner(net, args.mode)
        return [(f"batch {b}", run, b) for b in some]
    precision = args.mode.split("-")[1]
    return [(f"batch {b}, {hint}", openvino_runner(net, precision, hint, (b, *shape), args.threads), b)
            for b in some for hint in ("LATENCY", "THROUGHPUT")]


def fastest(candidates, volume, window, count=4):
    """The candidate that does a few windows in the least time, after one batch that does not count."""
    def seconds(run, batch):
        pairs = list(itertools.islice(itertools.cycle(batches(volume, window, batch)), max(count // batch, 1)))
        run(pairs[:1], lambda boxes, z: None)
        begin = time.monotonic()
        run(pairs, lambda boxes, z: None)
        return (time.monotonic() - begin) / sum(len(boxes) for boxes, _ in pairs)
    return min(candidates, key=lambda c: seconds(c[1], c[2]))


def infer(args):
    import torch
    from peer import Trainer, pymic_stream
    settle(args)

    def tensor(path, name):
        with open(path, "rb") as file:
            return np.array(next(pymic_stream.read(file)[1])["tensors"][name])
    volume = tensor(args.image, "image").astype(np.float32)
    dims = len(args.window) if args.window else 2
    volume = volume[:, 0] if dims == 2 else volume
    window = args.window or volume.shape[1:]
    net = Trainer(args, len(volume), "f32", dims).net.eval()
    net = torch.nn.Sequential(net.encoder, net.decoder)
    if args.device != "cpu" or args.tta != "none":
        name, work = fastest_on_device(args, net, volume, window)
    else:
        candidates = runners(args, net, (len(volume), *window), tuple(window) == volume.shape[1:])
        name, run, batch = fastest(candidates, volume, window)
        work = lambda: segment(run, volume, window, batch, args.classes)
    times = []
    for _ in range(args.steps):
        begin = time.monotonic()
        y = work()
        times.append(time.monotonic() - begin)
    print(f"peers.py: {args.mode}: {name}", file=sys.stderr)
    row("s", f"{statistics.median(times):.4f}")
    if args.same:
        row("same voxels %", f"{100 * (y == tensor(args.same, 'pred').reshape(y.shape)).mean():.3f}")


# --- transforms ---

def smooth(size):
    i = np.arange(np.prod(size)).reshape(size)
    noise = 20 * np.random.default_rng(1).standard_normal(size)
    return (200 + 100 * np.sin(i % size[2] / 20) + noise).astype(np.float32), (i // 64 % 4).astype(np.uint8)


def torchio_transforms(size):
    """Settings as in `run`: the same sizes, and drawn at random to the same value."""
    import torchio as tio
    import SimpleITK
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    d, h, w = size

    def affine(interpolation):
        return tio.Affine((1.1, 1.1, 1.1), (10, 5, 5), (0, 0, 0), default_pad_value=0, image_interpolation=interpolation, copy=False)
    elastic = tio.RandomElasticDeformation(7, 8, 2, copy=False)
    return {
        "normalize": tio.ZNormalization(copy=False),
        "minmax": tio.RescaleIntensity((-1, 1), copy=False),
        "percentile": tio.RescaleIntensity((0, 1), percentiles=(0.1, 99.9), copy=False),
        "gamma": tio.Gamma(0.8, copy=False),
        "noise": tio.RandomNoise(std=(5, 5), copy=False),
        "pad": tio.Pad((8, 8, 8, 8, 8, 8), padding_mode="reflect", copy=False),
        "crop": tio.Crop((d // 8, d // 8, h // 8, h // 8, w // 8, w // 8), copy=False),
        "center_crop": tio.CropOrPad((d * 3 // 4, h * 3 // 4, w * 3 // 4), copy=False),
        "flip": tio.Flip((1, 2), copy=False),
        "rotate": tio.Affine((1, 1, 1), (10, 0, 0), (0, 0, 0), default_pad_value=0, copy=False),
        "resize": tio.Resize((d * 5 // 4, h * 5 // 4, w * 5 // 4), copy=False),
        "resample": tio.Resample((1.25, 1.25, 1.25), copy=False),
        "resample:cubic": tio.Resample((1.25, 1.25, 1.25), image_interpolation="bspline", copy=False),
        "label_convert": tio.RemapLabels({1: 2, 2: 1}, copy=False),
        "affine": affine("linear"), "affine:cubic": affine("bspline"), "elastic": elastic,
        "affine+elastic": tio.Compose([affine("linear"), elastic]),
        "rotate+rescale+elastic": tio.Compose([tio.Affine((1.1, 1.1, 1.1), (10, 0, 0), (0, 0, 0), default_pad_value=0, copy=False), elastic]),
        "clip": tio.Clamp(150, 250, copy=False),
        "blur": tio.RandomBlur((1, 1), copy=False),
        "bias_field": tio.RandomBiasField(copy=False),
        "motion": tio.RandomMotion(copy=False),
        "ghosting": tio.RandomGhosting(axes=(1, 2), copy=False),
        "spike": tio.RandomSpike(copy=False),
    }


def nnunet_transforms():
    """batchgeneratorsv2, in place on a tensor [C,D,H,W]."""
    from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform
    from batchgeneratorsv2.transforms.intensity.contrast import ContrastTransform
    from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
    from batchgeneratorsv2.transforms.spatial.low_resolution import SimulateLowResolutionTransform
    return {
        "brightness": MultiplicativeBrightnessTransform((0.75, 1.25), False),
        "contrast": ContrastTransform((0.75, 1.25), True, False),
        "blur": GaussianBlurTransform(1.0),
        "low_resolution": SimulateLowResolutionTransform(0.5, False, True, None),
    }


def scipy_transforms(size):
    """scipy where it has it, else numpy as it would be written by hand."""
    from scipy import ndimage
    table = np.arange(256, dtype=np.uint8)
    table[[1, 2]] = 2, 1
    third = tuple(slice(s // 8, s // 8 + s * 3 // 4) for s in size)

    def scale(x, low, high, lower, upper):
        return (np.clip(x, low, high) - low) * ((upper - lower) / (high - low)) + lower

    def curve(x):
        low, high = x.min(), x.max()
        return ((x - low) / (high - low)) ** np.float32(0.8) * (high - low) + low

    middle, matrix = (np.array(size) - 1) / 2, np.eye(3)
    for (i, k), angle in zip(((1, 2), (0, 2), (0, 1)), np.deg2rad((10, 5, 5))):
        turn = np.eye(3)
        turn[i, i] = turn[k, k] = np.cos(angle)
        turn[i, k], turn[k, i] = np.sin(angle), -np.sin(angle)
        matrix = matrix @ turn
    matrix /= 1.1

    def affine(x, order=1):
        return ndimage.affine_transform(x, matrix, middle - matrix @ middle, order=order)

    def displaced(x, linear):
        points = np.random.default_rng().uniform(-8, 8, (3, 7, 7, 7))
        field = np.stack([ndimage.zoom(p, np.array(size) / 7, order=3) for p in points]).reshape(3, -1)
        places = np.indices(size).reshape(3, -1) + field - middle[:, None]
        return ndimage.map_coordinates(x, (linear @ places + middle[:, None]).reshape(3, *size), order=1)
    def equalised(x):
        counts, edges = np.histogram(x, 2000)
        return np.interp(x, (edges[1:] + edges[:-1]) / 2, counts.cumsum() / x.size).astype(np.float32)

    def noise(x):
        return np.clip(x + 5 * np.random.default_rng().standard_normal(x.shape, np.float32), x.min(), x.max())
    return {
        "normalize": lambda x: (x - x.mean()) / (x.std() + np.float32(1e-5)),
        "minmax": lambda x: scale(x, x.min(), x.max(), -1, 1),
        "percentile": lambda x: scale(x, *np.percentile(x, (0.1, 99.9)).astype(np.float32), 0, 1),
        "gamma": curve,
        "noise": noise,
        "clip": lambda x: np.clip(x, 150, 250),
        "brightness": lambda x: x * np.float32(1.1),
        "contrast": lambda x: np.clip((x - x.mean()) * np.float32(1.1) + x.mean(), x.min(), x.max()),
        "blur": lambda x: ndimage.gaussian_filter(x, 1),
        "hist_equal": equalised,
        "low_resolution": lambda x: ndimage.zoom(ndimage.zoom(x, 0.5, order=0), 2, order=1),
        "rgb": lambda x: np.repeat(x[None], 3, axis=0),
        "pad": lambda x: np.pad(x, 8, mode="reflect"),
        "crop": lambda x: x[third].copy(),
        "center_crop": lambda x: x[third].copy(),
        "flip": lambda x: x[:, ::-1, ::-1].copy(),
        "rotate": lambda x: ndimage.rotate(x, 10, (1, 2), reshape=False, order=1),
        "rescale": lambda x: ndimage.zoom(x, (1.25, 1.25, 1.25), order=1),
        "resize": lambda x: ndimage.zoom(x, (1.25, 1.25, 1.25), order=1),
        "resample": lambda x: ndimage.zoom(x, (0.8, 0.8, 0.8), order=1),
        "resample:cubic": lambda x: ndimage.zoom(x, (0.8, 0.8, 0.8), order=3),
        "crop_box": lambda x: x[ndimage.find_objects((x > 375).astype(np.uint8))[0]].copy(),
        "resized_crop": lambda x: ndimage.zoom(x[third], 1.25, order=1),
        "slices": lambda x: x[np.random.default_rng().permutation(len(x))[:len(x) // 2]],
        "rot90": lambda x: np.rot90(x, 1, (1, 2)).copy(),
        "transpose": lambda x: x.swapaxes(1, 2).copy(),
        "affine": affine,
        "affine:cubic": lambda x: affine(x, 3),
        "elastic": lambda x: displaced(x, np.eye(3)),
        "affine+elastic": lambda x: displaced(x, matrix),
        "label_convert": lambda x: table[x],
        "label_nonzero": lambda x: (x != 0).astype(np.uint8),
    }


def median_ms(make, work, repeats):
    times = []
    for i in range(repeats + 1):
        x = make()
        begin = time.monotonic()
        work(x)
        times.append(1000 * (time.monotonic() - begin))
    return statistics.median(times[1:])


def augment(args):
    import torch
    torch.set_num_threads(1)
    image, label = smooth(args.shape)
    for name, work in scipy_transforms(args.shape).items():
        made = label if name.startswith("label") else image
        row(name, "scipy", f"{median_ms(made.copy, work, args.steps):.3f}")
    if importlib.util.find_spec("batchgeneratorsv2"):
        for name, work in nnunet_transforms().items():
            tensor = lambda: torch.from_numpy(image.copy())[None]
            row(name, "batchgeneratorsv2", f"{median_ms(tensor, lambda x: work(image=x), args.steps):.3f}")
    try:
        import torchio as tio
    except ImportError:
        return
    for name, work in torchio_transforms(args.shape).items():
        kind, made = (tio.LabelMap, label) if name.startswith("label") else (tio.ScalarImage, image)
        subject = lambda: tio.Subject(x=kind(tensor=torch.from_numpy(made.copy())[None]))
        row(name, "torchio", f"{median_ms(subject, work, args.steps):.3f}")


if __name__ == "__main__":
    arguments = parse()
    {"about": about, "step": step, "infer": infer, "augment": augment, "start": start, "loss": loss}[arguments.part](arguments)
