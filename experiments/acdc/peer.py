#!/usr/bin/env python3
"""The training of this folder written in PyTorch, on the same batches: a yardstick for pymic-train.

    pymic-load train.csv --epochs 0 --shuffle | pymic-augment ... | pymic-batch --size 4 | peer.py --valid valid.pms

Reads batches (or samples, grouped by --batch) from stdin, prints a table with pymic-train's columns: valid_1 ... are the hard
Dice of a whole volume, mean over the volumes of valid.pms, valid is their mean; seconds since the row before. step_ms is
the median time of a training step from a batch in memory to the new weights. Needs torch, numpy, msgpack.
"""
import argparse
import os
import statistics
import sys
import time

import numpy as np
import torch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(ROOT, "python"), os.path.join(ROOT, "tests", "golden")]
import pymic_stream  # noqa: E402
from torch_unet import UNet, ce_loss, dice_loss  # noqa: E402

MODES = ("f32", "f32-cl", "bf16-cl")


def numbers(text):
    return [float(x) for x in text.split(",")]


def parse():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mode", choices=MODES, default="f32", help="cl: channels last; bf16: autocast")
    p.add_argument("--iters", type=int, default=1000)
    p.add_argument("--valid", help="a saved stream of samples")
    p.add_argument("--valid-every", type=int, default=250)
    p.add_argument("--batch", type=int, default=4, help="samples in a batch, when samples come and not batches")
    p.add_argument("--classes", type=int, default=4)
    p.add_argument("--chns", type=numbers, default="16,32,64,128,256")
    p.add_argument("--dropout", type=numbers, default="0,0,0,0.5,0.5")
    p.add_argument("--lr", type=float, default=1e-3)
    p.add_argument("--init", help="start from the weights of this .pmm")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="cpu", help="cpu or cuda[:N]")
    return p.parse_args()


class Trainer:
    def __init__(self, args, channels, mode, dims=2):
        torch.manual_seed(args.seed)
        self.classes, self.half = args.classes, mode.startswith("bf16")
        last = torch.channels_last if dims == 2 else torch.channels_last_3d
        self.layout = last if mode.endswith("cl") else torch.contiguous_format
        self.net = UNet(dims, channels, args.classes, [int(c) for c in args.chns], args.dropout)
        if args.init:
            self.net.load_state_dict(weights(args.init), strict=False)
        self.device = torch.device(args.device)
        self.net.to(self.device, memory_format=self.layout)
        fused = self.device.type == "cuda" and mode.endswith("cl")
        self.optim = torch.optim.Adam(self.net.parameters(), lr=args.lr, fused=fused)

    def forward(self, image):
        """Slices [n,C,H,W] (or volumes, of a 3-D network) -> logits [n,K,H,W] in f32."""
        image = image.to(self.device).contiguous(memory_format=self.layout)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            return self.net.decoder(self.net.encoder(image)).float()

    def loss(self, image, label):
        logits = self.forward(image)
        onehot = torch.nn.functional.one_hot(label, self.classes).movedim(-1, 1).float()
        return dice_loss(logits, onehot) + ce_loss(logits, label)

    def step(self, image, label):
        """image [n,C,H,W] f32, label [n,H,W] int64."""
        image, label = (x.to(self.device, non_blocking=True) for x in (image, label))
        self.net.train()
        self.optim.zero_grad()
        loss = self.loss(image, label)
        loss.backward()
        self.optim.step()
        return loss.item()

    @torch.no_grad()
    def predict(self, image, chunk=8):
        """image [C,D,H,W] -> classes [D,H,W]; padded by mirroring to what the network takes, and cut back."""
        self.net.eval()
        multiple = 2 ** (len([n for n, _ in self.net.encoder.named_children()]) - 1)
        pad = [(-s) % multiple for s in image.shape[2:]]
        low = [p // 2 for p in pad]
        x = np.pad(image, [(0, 0), (0, 0)] + [(a, p - a) for a, p in zip(low, pad)], mode="reflect")
        x = torch.from_numpy(np.ascontiguousarray(x, np.float32)).transpose(0, 1)
        z = torch.cat([self.forward(x[i:i + chunk]) for i in range(0, len(x), chunk)])
        y = z.argmax(1).cpu().numpy()
        return y[:, low[0]:low[0] + image.shape[2], low[1]:low[1] + image.shape[3]]

    def validate(self, volumes):
        """Dice of each class, the mean over volumes of (2 both + 1e-5) / (truth + prediction + 1e-5)."""
        dice = np.zeros(self.classes)
        for image, label in volumes:
            y = self.predict(image)
            for c in range(self.classes):
                a, b = y == c, label == c
                dice[c] += (2 * np.sum(a & b) + 1e-5) / (a.sum() + b.sum() + 1e-5) / len(volumes)
        return dice


def weights(path):
    with open(path, "rb") as f:
        _, records = pymic_stream.read(f)
        return {r["id"][2:]: torch.from_numpy(np.array(r["tensors"]["value"]))
                for r in records if r["id"].startswith("0/")}


def volumes(path):
    with open(path, "rb") as f:
        _, records = pymic_stream.read(f)
        return [(np.array(r["tensors"]["image"], np.float32), np.array(r["tensors"]["label"])) for r in records]


def batches(file, size):
    """Pairs of image [n,C,H,W] and label [n,H,W], the slices of a volume in the batch."""
    head, records = pymic_stream.read(file)
    images, labels = [], []
    for r in records:
        image, label = r["tensors"]["image"], r["tensors"]["label"]
        images += list(image) if head["kind"] == "batch" else [image]
        labels += list(label) if head["kind"] == "batch" else [label]
        if head["kind"] == "batch" or len(images) == size:
            x = np.concatenate([np.moveaxis(i, 1, 0) for i in images]).astype(np.float32)
            y = np.concatenate(labels).astype(np.int64)
            yield torch.from_numpy(x), torch.from_numpy(y)
            images, labels = [], []


def train(args):
    valid = volumes(args.valid) if args.valid else []
    trainer, losses, times, start = None, [], [], time.monotonic()
    print("\t".join(["iter", "loss", "valid"] + ["valid_%d" % c for c in range(1, args.classes)] + ["step_ms", "seconds"]))
    it = 0
    for image, label in batches(sys.stdin.buffer, args.batch):
        trainer = trainer or Trainer(args, image.shape[1], args.mode)
        begin = time.monotonic()
        losses.append(trainer.step(image, label))
        times.append(time.monotonic() - begin)
        it += 1
        if it % args.valid_every == 0 or it == args.iters:
            dice = trainer.validate(valid) if valid else np.full(args.classes, np.nan)
            row = [dice[1:].mean(), *dice[1:]]
            print("%d\t%.6g\t%s\t%.1f\t%.1f" % (it, statistics.mean(losses), "\t".join("%.6f" % d for d in row),
                                              1000 * statistics.median(times), time.monotonic() - start), flush=True)
            losses, start = [], time.monotonic()
        if it == args.iters:
            return
    sys.exit("peer.py: the input ended after %d of %d iterations" % (it, args.iters))


def main():
    args = parse()
    torch.set_num_threads(args.threads or len(os.sched_getaffinity(0)))
    train(args)


if __name__ == "__main__":
    main()
