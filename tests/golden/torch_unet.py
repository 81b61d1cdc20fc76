"""U-Net in PyTorch, written from the layer table of PyMIC's UNet: same tensor names, same shapes, same arithmetic."""
import torch
from torch import nn
from torch.nn import functional as F


def modules(dims):
    """Conv, transposed conv, batch norm, pooling and the name of linear interpolation in so many dimensions."""
    if dims == 2:
        return nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d, nn.MaxPool2d, "bilinear"
    return nn.Conv3d, nn.ConvTranspose3d, nn.BatchNorm3d, nn.MaxPool3d, "trilinear"


class Block(nn.Module):
    def __init__(self, dims, cin, cout, drop):
        super().__init__()
        conv, _, norm, _, _ = modules(dims)
        self.conv_conv = nn.Sequential(
            conv(cin, cout, 3, padding=1), norm(cout), nn.LeakyReLU(0.01), nn.Dropout(drop),
            conv(cout, cout, 3, padding=1), norm(cout), nn.LeakyReLU(0.01))

    def forward(self, x):
        return self.conv_conv(x)


class Down(nn.Module):
    def __init__(self, dims, cin, cout, drop):
        super().__init__()
        self.maxpool_conv = nn.Sequential(modules(dims)[3](2), Block(dims, cin, cout, drop))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, dims, low, skip, drop, mode):
        super().__init__()
        conv, conv_up, _, _, linear = modules(dims)
        self.mode = linear if mode == "linear" else mode
        if mode == "conv":
            self.up = conv_up(low, skip, 2, stride=2)
        else:
            self.conv1x1 = conv(low, skip, 1)
        self.conv = Block(dims, 2 * skip, skip, drop)

    def forward(self, x, skip):
        if self.mode == "conv":
            x = self.up(x)
        elif self.mode == "nearest":
            x = F.interpolate(self.conv1x1(x), scale_factor=2, mode="nearest")
        else:
            x = F.interpolate(self.conv1x1(x), scale_factor=2, mode=self.mode, align_corners=True)
        return self.conv(torch.cat([skip, x], 1))


class Encoder(nn.Module):
    def __init__(self, dims, cin, chns, drop):
        super().__init__()
        self.in_conv = Block(dims, cin, chns[0], drop[0])
        for i in range(1, len(chns)):
            setattr(self, "down%d" % i, Down(dims, chns[i - 1], chns[i], drop[i]))

    def forward(self, x):
        out = [self.in_conv(x)]
        while hasattr(self, "down%d" % len(out)):
            out.append(getattr(self, "down%d" % len(out))(out[-1]))
        return out


class Decoder(nn.Module):
    def __init__(self, dims, chns, drop, classes, mode):
        super().__init__()
        last = len(chns) - 1
        for i in range(last - 1, -1, -1):
            setattr(self, "up%d" % (last - i), Up(dims, chns[i + 1], chns[i], drop[i], mode))
        self.out_conv = modules(dims)[0](chns[0], classes, 1)

    def forward(self, skip):
        x = skip[-1]
        for i in range(1, len(skip)):
            x = getattr(self, "up%d" % i)(x, skip[-1 - i])
        return self.out_conv(x)


class UNet(nn.Module):
    """A 2-D network folds the slices of a volume [N,C,D,H,W] into the batch and unfolds its output."""

    def __init__(self, dims, cin, classes, chns, drop, mode="linear"):
        super().__init__()
        self.dims = dims
        self.encoder = Encoder(dims, cin, chns, drop)
        self.decoder = Decoder(dims, chns, drop, classes, mode)

    def forward(self, x):
        if self.dims == 3:
            return self.decoder(self.encoder(x))
        n, c, d, h, w = x.shape
        z = self.decoder(self.encoder(x.transpose(1, 2).reshape(n * d, c, h, w)))
        return z.reshape(n, d, -1, h, w).transpose(1, 2)


def dice_loss(logits, onehot):
    """mean over classes of 1 - (2 sum yp + 1e-5) / (sum y + sum p + 1e-5), the sums over the whole batch."""
    p = torch.softmax(logits, 1)
    axes = [a for a in range(logits.dim()) if a != 1]
    both = (p * onehot).sum(axes)
    return 1 - ((2 * both + 1e-5) / (onehot.sum(axes) + p.sum(axes) + 1e-5)).mean()


def ce_loss(logits, label):
    return F.cross_entropy(logits, label)
