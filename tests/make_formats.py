#!/usr/bin/python3
"""Images as other programs write them, against what pymic-load reads and pymic-save writes.

make_formats.py data FOLDER           writes the small files of tests/data and expected.txt, as "records seen" prints them
make_formats.py compare FOLDER [N]    N random cases (600) through pymic-load; prints how many of each format are equal
make_formats.py save FOLDER [N]       N random volumes (60) through pymic-save and back, each kind of file; prints how many

Needs numpy, nibabel, SimpleITK, h5py, Pillow, tifffile and pynrrd (and for compare and save msgpack).
"""
import itertools
import os
import subprocess
import sys
import tempfile
import zlib

import h5py
import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk
import tifffile
from PIL import Image

CODES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
FLIP = np.diag([-1.0, -1, 1, 1])  # LPS to RAS
NAMES = {"u1": "u8", "i1": "i8", "u2": "u16", "i2": "i16", "u4": "u32", "i4": "i32", "u8": "u64", "i8": "i64", "f4": "f32", "f8": "f64"}


class Case:
    """image: [C,D,H,W]; affine: 4 x 4 to RAS mm, None where the file says nothing."""

    def __init__(self, name, image, affine=None):
        self.name, self.image, self.affine = name, np.ascontiguousarray(image), affine


def voxels(draw, shape, code):
    if code[-2] == "f":
        return draw.normal(0, 100, shape).astype(code)
    info = np.iinfo(code)
    return draw.randint(max(info.min, -30000), min(info.max, 60000) + 1, shape, np.int64).astype(code)


def size(draw, n):
    return tuple(int(x) for x in draw.randint(1, 9, n))


def rotation(draw, n=3):
    q, r = np.linalg.qr(draw.normal(size=(n, n)))
    return q * np.sign(np.diag(r))


def pick(draw, words):
    return words[draw.randint(len(words))]


def nifti(draw, stem):
    kind, order, code, n = pick(draw, [nibabel.Nifti1Image, nibabel.Nifti2Image]), pick(draw, "<>"), pick(draw, CODES), draw.randint(2, 5)
    shape = size(draw, n)
    if n == 4 and shape[3] == 1:
        shape = shape[:3] + (2,)
    data = voxels(draw, shape, code)
    affine = np.eye(4)
    affine[:3, :3] = rotation(draw) * draw.uniform(0.3, 5, 3)
    affine[:3, 3] = draw.uniform(-100, 100, 3)
    header = kind.header_class(endianness=order)
    header.set_data_dtype(code)
    header.set_slope_inter(1, 0)
    header.set_xyzt_units("mm")
    image = kind(data, affine, header)
    if draw.randint(2):
        image.set_sform(None, 0)
        image.set_qform(affine, 1)
    name = stem + pick(draw, [".nii", ".nii.gz"])
    image.to_filename(name)
    full = data.reshape(shape + (1,) * (4 - n))
    return Case(name, full.transpose(3, 2, 1, 0), nibabel.load(name).affine)


def itk(image, name, compress, array):
    sitk.WriteImage(image, name, compress)
    back = sitk.ReadImage(name)
    n = min(back.GetDimension(), 3)
    affine = np.eye(4)
    affine[:n, :n] = np.array(back.GetDirection()).reshape((back.GetDimension(),) * 2)[:n, :n] * np.array(back.GetSpacing()[:n])
    affine[:n, 3] = back.GetOrigin()[:n]
    assert (sitk.GetArrayFromImage(back) == array).all()
    return FLIP @ affine


def by_itk(draw, stem, endings):
    n, code = draw.randint(2, 5), pick(draw, CODES)
    vector = n < 4 and draw.randint(3) == 0
    shape = size(draw, n) + ((draw.randint(2, 5),) if vector else ())
    array = voxels(draw, shape, code)
    image = sitk.GetImageFromArray(array, isVector=bool(vector))
    image.SetSpacing([float(x) for x in draw.uniform(0.3, 5, n)])
    image.SetOrigin([float(x) for x in draw.uniform(-100, 100, n)])
    turn = np.eye(n)
    turn[:min(n, 3), :min(n, 3)] = rotation(draw, min(n, 3))
    image.SetDirection(turn.ravel().tolist())
    name = stem + pick(draw, endings)
    affine = itk(image, name, bool(draw.randint(2)), array)
    if vector:
        full = np.moveaxis(array, -1, 0)
        full = full[:, None] if n == 2 else full
    else:
        full = array.reshape((1,) * (4 - n) + shape)
    return Case(name, full, affine)


def meta(draw, stem):
    return by_itk(draw, stem, [".mha", ".mhd"]) if draw.randint(3) else meta_by_hand(draw, stem)


def meta_by_hand(draw, stem):
    """What SimpleITK reads and does not write: text, big-endian numbers, bytes to be skipped."""
    how, code = pick(draw, ["ascii", "big", "skip", "end"]), pick(draw, CODES[:6] + CODES[8:])
    kinds = {"u1": "UCHAR", "i1": "CHAR", "u2": "USHORT", "i2": "SHORT", "u4": "UINT", "i4": "INT", "f4": "FLOAT", "f8": "DOUBLE"}
    shape = size(draw, 3)
    array = draw.randint(0, 100, shape).astype(code)
    spacing, origin = draw.uniform(0.5, 3, 3).round(3), draw.uniform(-9, 9, 3).round(3)
    raw = os.path.basename(stem) + ".raw"
    lines = ["ObjectType = Image", "NDims = 3", f"BinaryData = {how != 'ascii'}", f"BinaryDataByteOrderMSB = {how == 'big'}",
             "CompressedData = False", "TransformMatrix = 0 1 0 1 0 0 0 0 -1", "Offset = " + " ".join(map(str, origin)),
             "ElementSpacing = " + " ".join(map(str, spacing)), "DimSize = " + " ".join(map(str, shape[::-1])),
             "ElementType = MET_" + kinds[code]]
    lines += {"skip": ["HeaderSize = 7"], "end": ["HeaderSize = -1"]}.get(how, [])
    body = " ".join(map(str, array.ravel().tolist())).encode() if how == "ascii" else \
        array.astype(array.dtype.newbyteorder(">" if how == "big" else "<")).tobytes()
    beside = how in ("skip", "end")
    head = "\n".join(lines + ["ElementDataFile = " + (raw if beside else "LOCAL")]).encode() + b"\n"
    name = stem + (".mhd" if beside else ".mha")
    with open(name, "wb") as file:
        file.write(head + (b"" if beside else body))
    if beside:
        with open(os.path.join(os.path.dirname(stem), raw), "wb") as file:
            file.write((b"1234567" if how == "skip" else b"whatever there is") + body)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]]).T * spacing
    affine[:3, 3] = origin
    return Case(name, array[None], FLIP @ affine)


def nrrd_case(draw, stem):
    if draw.randint(4) == 0:
        return by_itk_nrrd(draw, stem)
    n, code, space = draw.randint(2, 4), pick(draw, CODES), pick(draw, ["left-posterior-superior", "RAS", "left-anterior-superior", None])
    channels = draw.randint(3) == 0
    shape = size(draw, n)
    data = voxels(draw, shape, code)
    directions = (rotation(draw) * draw.uniform(0.3, 5, 3)).T
    origin = draw.uniform(-100, 100, 3)
    header = {"encoding": pick(draw, ["raw", "gzip", "ascii"]), "endian": pick(draw, ["little", "big"])}
    rows = [list(r) for r in directions[:n]]
    if channels:
        last = draw.randint(2)
        c = draw.randint(2, 5)
        data = voxels(draw, shape + (c,) if last else (c,) + shape, code)
        rows = rows + [[np.nan] * 3] if last else [[np.nan] * 3] + rows
        header["kinds"] = ["domain"] * n + ["vector"] if last else ["vector"] + ["domain"] * n
    if space:
        header.update({"space": space, "space directions": np.array(rows), "space origin": origin})
    else:
        header["spacings"] = [float(np.linalg.norm(r)) if np.isfinite(r).all() else np.nan for r in rows]
    if header["encoding"] == "ascii":
        data = np.round(data) if code[0] == "f" else data
    elif header["endian"] == "big":
        data = data.astype(data.dtype.newbyteorder(">"))
    name = stem + pick(draw, [".nrrd", ".nhdr"])
    nrrd.write(name, data, header, index_order="F")
    data, got = nrrd.read(name, index_order="F")
    if channels:
        data = np.moveaxis(data, -1 if last else 0, -1)
    else:
        data = data[..., None]
    full = data.reshape(shape + (1,) * (3 - n) + data.shape[-1:]).transpose(3, 2, 1, 0)
    affine = np.eye(4)
    if space:
        axes = got["space directions"]
        axes = axes[np.isfinite(axes).all(1)]
        if n == 2:
            third = np.cross(axes[0], axes[1])
            axes = np.vstack([axes, third / np.linalg.norm(third)])
        affine[:3, :3], affine[:3, 3] = axes.T, got["space origin"]
        # the third axis of a flat image stands on the others in LPS, where it is made
        signs = {"RAS": [1, 1, 1, 1], "left-anterior-superior": [-1, 1, 1, 1]}.get(space, [-1, -1, 1, 1])
        if n == 2 and space == "left-anterior-superior":
            affine[:3, 2] *= -1  # a mirrored space turns the cross product
        affine = np.diag(signs) @ affine
    else:
        sizes = [x for x in got["spacings"] if np.isfinite(x)]
        affine[:3, :3] = np.diag(sizes + [1] * (3 - n))
    return Case(name, full, affine)


def by_itk_nrrd(draw, stem):
    n, code = 3, pick(draw, CODES)
    array = voxels(draw, size(draw, n), code)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing([float(x) for x in draw.uniform(0.3, 5, n)])
    image.SetDirection(rotation(draw).ravel().tolist())
    image.SetOrigin([float(x) for x in draw.uniform(-100, 100, n)])
    name = stem + pick(draw, [".nrrd", ".nhdr"])
    return Case(name, array[None], itk(image, name, bool(draw.randint(2)), array))


def full_shape(array):
    return array.reshape((1,) * (4 - array.ndim) + array.shape)


def npy(draw, stem):
    code, order = pick(draw, CODES + ["f2", "b1"]), pick(draw, "<>")
    shape = size(draw, draw.randint(2, 5))
    array = draw.randint(0, 2, shape).astype("?") if code == "b1" else voxels(draw, shape, "f4" if code == "f2" else code).astype(order + code)
    if draw.randint(2):
        array = np.asfortranarray(array)
    wide = array.astype("u1" if code == "b1" else "f4" if code == "f2" else code)
    if draw.randint(2):
        np.save(stem + ".npy", array)
        return Case(stem + ".npy", full_shape(wide))
    write, other = pick(draw, [np.savez, np.savez_compressed]), np.zeros((3, 4), "u1")
    affine = None
    how = draw.randint(3)
    if how == 0:
        write(stem + ".npz", array)
    elif how == 1:
        write(stem + ".npz", label=other, image=array)
    else:
        affine = np.eye(4)
        affine[:3] = draw.normal(size=(3, 4))
        write(stem + ".npz", image=array, affine=affine)
    return Case(stem + ".npz", full_shape(wide), affine)


def hdf5(draw, stem):
    code, order = pick(draw, CODES), pick(draw, "<>")
    array = voxels(draw, size(draw, draw.randint(2, 5)), code)
    how = [{}, {"chunks": True}, {"chunks": True, "compression": "gzip", "shuffle": True}, {"chunks": tuple(1 for _ in array.shape), "fletcher32": True}]
    with h5py.File(stem + ".h5", "w") as file:
        file.create_dataset("image", data=array.astype(order + code), **how[draw.randint(4)])
        file.create_dataset("label", data=np.zeros((2, 2), "u1"))
    return Case(stem + ".h5", full_shape(array))


def planes(array):
    """[H,W] or [H,W,C] to [C,1,H,W]."""
    return array[None, None] if array.ndim == 2 else array.transpose(2, 0, 1)[:, None]


def picture(draw, stem):
    mode = pick(draw, ["L", "RGB", "1", "P", "I;16"])
    shape = size(draw, 2)
    if mode == "I;16":
        array = voxels(draw, shape, "u2")
        Image.fromarray(array).save(stem + ".png")
        return Case(stem + ".png", planes(array))
    array = voxels(draw, shape + ((3,) if mode in ("RGB", "P") else ()), "u1")
    image = Image.fromarray(array)
    image = image.quantize(8) if mode == "P" else image.convert(mode)
    name = stem + pick(draw, [".png", ".bmp"])
    image.save(name)
    got = np.asarray(Image.open(name).convert("RGB" if mode in ("RGB", "P") else "L"))
    if mode == "P" and (got == got[..., :1]).all():
        got = got[..., 0] if name.endswith("bmp") else got  # a grey palette gives grey
    return Case(name, planes(got))


def jpeg(draw, stem):
    shape = tuple(int(x) for x in draw.randint(1, 40, 2)) + ((3,) if draw.randint(2) else ())
    name = stem + pick(draw, [".jpg", ".jpeg"])
    Image.fromarray(voxels(draw, shape, "u1")).save(name, quality=int(draw.randint(40, 96)), progressive=bool(draw.randint(2)))
    return Case(name, planes(np.asarray(Image.open(name))))


def tiff(draw, stem):
    code, how = pick(draw, CODES), {}
    name = stem + pick(draw, [".tif", ".tiff"])
    pages, kind = draw.randint(1, 5), pick(draw, ["grey", "rgb", "pillow"])
    if kind == "pillow":
        mode = pick(draw, ["1", "P", "L"])
        image = Image.fromarray(voxels(draw, size(draw, 2) + ((3,) if mode == "P" else ()), "u1"))
        image = image.quantize(5) if mode == "P" else image.convert(mode)
        image.save(name, compression=None if mode == "1" else pick(draw, [None, "tiff_lzw", "packbits", "tiff_adobe_deflate"]))
        return Case(name, planes(np.asarray(Image.open(name).convert("RGB" if mode == "P" else "L"))))
    if kind == "rgb":
        code = pick(draw, ["u1", "u2"])
        how = {"photometric": "rgb", "planarconfig": pick(draw, ["contig", "separate"])}
    else:
        how["photometric"] = "minisblack"
    shape = tuple(int(x) for x in draw.randint(5, 40, 2))
    array = voxels(draw, (pages,) + shape + ((3,) if kind == "rgb" else ()), code)
    stored = array.transpose(0, 3, 1, 2) if how.get("planarconfig") == "separate" else array
    if draw.randint(2):
        how["tile"] = (16, 32)
    elif draw.randint(2):
        how["rowsperstrip"] = 3
    how["compression"] = pick(draw, [None, "zlib", "lzw", "packbits"]) if code != "f8" else None
    tifffile.imwrite(name, stored, byteorder=pick(draw, "<>"), bigtiff=bool(draw.randint(2)), metadata=None, **how)
    full = array[None] if kind == "grey" else array.transpose(3, 0, 1, 2)
    return Case(name, full)


MAKERS = {"nifti": nifti, "meta": meta, "nrrd": nrrd_case, "npy": npy, "hdf5": hdf5, "picture": picture, "jpeg": jpeg, "tiff": tiff}


def make(folder, number, seed):
    os.makedirs(folder, exist_ok=True)
    cases = []
    for i, kind in zip(range(number), itertools.cycle(MAKERS)):
        case = MAKERS[kind](np.random.RandomState(seed + i), os.path.join(folder, f"{kind}{i}"))
        case.kind = kind
        cases.append(case)
    with open(os.path.join(folder, "list.csv"), "w", encoding="utf-8") as file:
        file.write("\n".join(["image"] + [os.path.basename(c.name) for c in cases]) + "\n")
    return cases


def differs(case, record):
    got, want = record["tensors"]["image"], case.image
    if NAMES[got.dtype.str[1:]] != NAMES[want.dtype.str[1:]]:
        return f"type {got.dtype}, not {want.dtype}"
    if got.shape != want.shape:
        return f"shape {got.shape}, not {want.shape}"
    if not np.array_equal(got, want):
        return "voxels"
    units, affine = record["meta"]["units"], np.array(record["meta"]["affine"]).reshape(4, 4)
    if (units == "mm") != (case.affine is not None):
        return f"units {units}"
    if case.affine is not None and not np.allclose(affine, case.affine, rtol=1e-5, atol=1e-4):
        return f"affine\n{affine}\nnot\n{case.affine}"
    if case.affine is not None and not np.allclose(record["meta"]["spacing"], np.linalg.norm(case.affine[:3, :3], axis=0)[::-1], rtol=2e-3):
        return "spacing"
    return None


def stream(*words):
    import pymic_stream
    with tempfile.NamedTemporaryFile(suffix=".pms") as file:
        out = subprocess.run(["pymic-load", "--dims", "3", *words, "-o", file.name], stderr=subprocess.PIPE, text=True)
        assert out.returncode == 0, out.stderr
        with open(file.name, "rb") as whole:
            yield from pymic_stream.read(whole)[1]


def compare(folder, number=600):
    cases, equal = make(folder, int(number), 1), {}
    for case, record in zip(cases, stream(os.path.join(folder, "list.csv"))):
        why = differs(case, record)
        assert not why, f"{case.name}: {why}"
        equal[case.kind] = equal.get(case.kind, 0) + 1
    print(" ".join(f"{k}:{n}" for k, n in equal.items()), "all:" + str(sum(equal.values())))


def save(folder, number=60):
    """Volumes of SimpleITK and nibabel through pymic-save: what it wrote is read by others, and by pymic-load."""
    os.makedirs(folder, exist_ok=True)
    count = 0
    for i in range(int(number)):
        draw = np.random.RandomState(900 + i)
        case = pick(draw, [nifti, meta, nrrd_case])(draw, os.path.join(folder, f"v{i}"))
        for ending in "nii.gz", "nii", "npy", "npz", "h5":
            there = os.path.join(folder, ending)
            with open(os.path.join(folder, "list.csv"), "w", encoding="utf-8") as file:
                file.write("image,id\n" + os.path.basename(case.name) + f",v{i}\n")
            subprocess.run("pymic-load --dims 3 " + folder + "/list.csv | pymic-save -q -o " + there + " --format " + ending, shell=True,
                           check=True)
            name = os.path.join(there, f"v{i}.{ending}")
            check_saved(case, name, ending)
            back = Case(name, case.image, None if ending == "npy" else case.affine)
            record, = stream(name)
            why = differs(back, record)
            assert not why, f"{name}: {why}"
            count += 1
    print(count)


def check_saved(case, name, ending):
    if ending.startswith("nii"):
        image = nibabel.load(name)
        got = np.asanyarray(image.dataobj)
        got = got.reshape(got.shape + (1,) * (4 - got.ndim)).transpose(3, 2, 1, 0)
        assert np.allclose(image.affine, case.affine, rtol=1e-5, atol=1e-4), name
    elif ending == "h5":
        with h5py.File(name) as file:
            got = full_shape(file["image"][()])
            assert np.allclose(file["image"].attrs["affine"], case.affine, rtol=1e-5, atol=1e-4), name
    else:
        data = np.load(name)
        got = full_shape(data["image"] if ending == "npz" else data)
    assert got.dtype.str[1:] == case.image.dtype.str[1:] and np.array_equal(got, case.image), name


def data(folder):
    """Sixty small ones."""
    os.makedirs(folder, exist_ok=True)
    lines = []
    for kind, maker in MAKERS.items():
        seeds = {"nifti": 8, "meta": 8, "nrrd": 8, "tiff": 10, "picture": 9, "jpeg": 5, "npy": 8, "hdf5": 4}[kind]
        for i in range(seeds):
            case = maker(np.random.RandomState(40 + i), os.path.join(folder, f"{kind}{i}"))
            affine = np.eye(4) if case.affine is None else case.affine
            spacing = np.linalg.norm(affine[:3, :3], axis=0)[::-1]
            numbers = [*spacing, *(0 if abs(x) < 1e-6 else x for x in affine[:3].ravel())]
            little = case.image.astype(case.image.dtype.newbyteorder("<"))
            lines.append((os.path.basename(case.name), " ".join([NAMES[little.dtype.str[1:]], "x".join(map(str, little.shape)),
                          f"{zlib.crc32(little.tobytes()):08x}", "vox" if case.affine is None else "mm", *(f"{x:.5g}" for x in numbers)])))
    with open(os.path.join(folder, "expected.txt"), "w", encoding="utf-8") as file:
        for name, text in sorted(lines):
            file.write(f"{name} {text}\n")


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    {"data": data, "compare": compare, "save": save}[what](*rest)
