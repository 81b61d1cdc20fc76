#!/usr/bin/env python3
"""Writes unet2d.pmm, unet2d.pms, unet3d.pmm, unet3d.pms beside itself: what PyTorch makes of two small U-Nets.

The model file holds PyTorch's initial weights. The stream holds one batch: image, label; with the initial weights: logits
(running statistics), the two losses on them and their gradients there; then the losses of three steps of SGD (lr 0.01, momentum
0.9) on Dice + cross entropy in training mode, and the running statistics after them, as meta. Computed in double, stored
as f32 (what is not a tensor: as double). Needs torch, numpy, msgpack; the tests need none of them.
"""
import os
import zlib

import msgpack
import numpy as np
import torch

from torch_unet import UNet, ce_loss, dice_loss

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {"uint8": "u8", "float32": "f32"}


def write(path, kind, records):
    """records: (id, meta, {field: array})."""
    with open(path, "wb") as f:
        fields = {}
        for _, _, arrays in records:
            fields.update({k: {"name": k, "dtype": NAMES[v.dtype.name], "rank": 0} for k, v in arrays.items()})
        f.write(msgpack.packb({"pymic": 1, "kind": kind, "fields": list(fields.values()), "history": []}))
        for name, meta, arrays in records:
            t = [{"name": k, "dtype": NAMES[v.dtype.name], "shape": list(v.shape)} for k, v in arrays.items()]
            body = msgpack.packb({"k": "rec", "id": name, "epoch": 0, "meta": meta, "t": t})
            for v in arrays.values():
                body += msgpack.packb(np.ascontiguousarray(v).tobytes())
            f.write(body + msgpack.packb(zlib.crc32(body)))
        f.write(msgpack.packb({"k": "end", "records": len(records)}))


def f32(x):
    return x.detach().numpy().astype(np.float32)


def make(dims, chns, size, batch, channels, classes):
    torch.manual_seed(dims)
    net = UNet(dims, channels, classes, chns, [0.0] * len(chns))
    spec = "unet:dims=%d:dropout=0:chns=%s" % (dims, "x".join(map(str, chns)))
    about = {"net": spec, "nets": 1, "classes": classes, "channels": channels, "precision": "f32"}
    weights = [("0/" + k, {}, {"value": f32(v)}) for k, v in net.state_dict().items() if "num_batches" not in k]
    write(os.path.join(HERE, "unet%dd.pmm" % dims), "model", [("model", about, {})] + weights)

    net.double()
    image = torch.randn(batch, channels, *size).float().double()
    label = torch.randint(0, classes, (batch, *size))
    onehot = torch.nn.functional.one_hot(label, classes).movedim(-1, 1).double()
    arrays = {"image": f32(image), "label": label.numpy().astype(np.uint8)}
    net.eval()
    with torch.no_grad():
        logits = net(image)
    arrays["logits"] = f32(logits)
    # Losses and gradients are at the f32 logits that are stored.
    logits = torch.from_numpy(arrays["logits"]).double().requires_grad_()
    meta = {}
    for name, loss in (("dice", dice_loss(logits, onehot)), ("ce", ce_loss(logits, label))):
        meta[name] = loss.item()
        arrays[name + "_grad"] = f32(torch.autograd.grad(loss, logits)[0])
    net.train()
    optim = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    steps = []
    for _ in range(3):
        optim.zero_grad()
        logits = net(image)
        loss = dice_loss(logits, onehot) + ce_loss(logits, label)
        loss.backward()
        optim.step()
        steps.append(loss.item())
    meta["steps"] = steps
    for k, v in net.state_dict().items():
        if "running" in k:
            meta[k] = v.tolist()
    write(os.path.join(HERE, "unet%dd.pms" % dims), "batch", [("batch", meta, arrays)])


make(2, [4, 17, 6], (2, 12, 20), 2, 2, 3)
make(3, [3, 17, 4], (4, 8, 12), 1, 1, 3)
