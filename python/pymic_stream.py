"""Streams of the pymic tools in Python, with numpy and msgpack only, so that a step of your own can sit in a pipe:

    import pymic_stream
    def step(record):
        record["tensors"]["image"] = record["tensors"]["image"].clip(0)
        return record
    pymic_stream.pipe(step)            # pymic-load cases.csv | python3 step.py | pymic-augment ...

A record is a dict: id (str), epoch (int), meta (dict), tensors (dict of name -> numpy array, in order).
"""
import os
import sys
import zlib

import msgpack
import numpy as np

PIECE = 64 << 20
DTYPES = {"u8": "u1", "i8": "i1", "u16": "<u2", "i16": "<i2", "u32": "<u4", "i32": "<i4", "u64": "<u8", "i64": "<i8",
          "f32": "<f4", "f64": "<f8"}
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}


class StreamError(Exception):
    """The stream is truncated, corrupt or was aborted; abort is then the object that said so."""
    abort = None


class _Tap:
    """Remembers the bytes that the unpacker reads, until they have entered the checksum."""
    def __init__(self, file):
        self.read_some, self.kept, self.taken = getattr(file, "read1", file.read), bytearray(), 0

    def read(self, n):
        data = self.read_some(n)
        self.kept += data
        return data

    def take(self, end):
        n, self.taken = end - self.taken, end
        data = bytes(self.kept[:n])
        del self.kept[:n]
        return data


def read(file):
    """The head (a dict) of a stream and an iterator over its records. Raises StreamError."""
    tap, seen = _Tap(file), 0
    unpacker = msgpack.Unpacker(tap, read_size=1 << 20, strict_map_key=False, unicode_errors="surrogateescape")

    def take():
        try:
            return unpacker.unpack()
        except msgpack.OutOfData:
            raise StreamError(f"truncated: the stream ends after {seen} records without an end mark") from None
        except (ValueError, TypeError, msgpack.UnpackException) as why:
            raise StreamError(f"corrupt: record {seen + 1}: {why!r}") from None

    def need(good, what):
        if not good:
            raise StreamError(f"corrupt: record {seen + 1}: {what}")

    def tensor(about, crc):
        dtype, shape = np.dtype(DTYPES[about["dtype"]]), about["shape"]
        left, pieces = int(np.prod(shape, dtype=object)) * dtype.itemsize, []
        while left > 0:
            piece = take()
            need(isinstance(piece, bytes) and 0 < len(piece) <= left, "a payload that does not fit its shape")
            crc, left = zlib.crc32(tap.take(unpacker.tell()), crc), left - len(piece)
            pieces.append(piece)
        return np.frombuffer(bytearray().join(pieces), dtype).reshape(shape), crc

    def records():
        nonlocal seen
        while True:
            tap.take(unpacker.tell())
            top = take()
            kind = top.get("k") if isinstance(top, dict) else None
            if kind == "abort":
                error = StreamError(f"{top.get('tool')}: {top.get('why')}")
                error.abort = top
                raise error
            if kind == "end":
                need(top.get("records") == seen, f"the end mark counts {top.get('records')} records, not {seen}")
                tap.take(unpacker.tell())
                need(not tap.kept and not tap.read(1), "data after the end mark")
                return
            need(kind == "rec", "something that is no record")
            crc, tensors = zlib.crc32(tap.take(unpacker.tell())), {}
            try:
                for about in top["t"]:
                    tensors[about["name"]], crc = tensor(about, crc)
                record = {"id": top["id"], "epoch": top["epoch"], "meta": top["meta"], "tensors": tensors}
            except (KeyError, TypeError, ValueError) as why:
                raise StreamError(f"corrupt: record {seen + 1}: {why!r}") from None
            need(take() == crc, "the checksum does not match")
            seen += 1
            yield record

    head = take()
    if not isinstance(head, dict) or head.get("pymic") != 1:
        raise StreamError("this is no pymic stream of version 1")
    return head, records()


class Writer:
    """Writes a stream to a binary file. head: that of the input, whose history grows by this tool.
    Use it as a context manager: leaving writes the end mark, an exception the abort that tells the next tool."""
    def __init__(self, file, kind, fields, head=None, tool=None, argv=None, version="", seed=None):
        self.file, self.records, self.tool = file, 0, tool or os.path.basename(sys.argv[0]) or "python"
        self.packer = msgpack.Packer(use_bin_type=True, unicode_errors="surrogateescape")
        entry = {"tool": self.tool, "version": version, "argv": sys.argv[1:] if argv is None else argv, "seed": seed}
        self._write({"pymic": 1, "kind": kind, "fields": fields, "history": [*(head or {}).get("history", []), entry]})

    def _write(self, *objects, crc=0):
        for o in objects:
            data = self.packer.pack(o)
            crc = zlib.crc32(data, crc)
            self.file.write(data)
        return crc

    def put(self, record):
        tensors = {name: np.asarray(t, order="C") for name, t in record["tensors"].items()}
        tensors = {name: t.astype(t.dtype.newbyteorder("<"), copy=False) for name, t in tensors.items()}
        about = [{"name": name, "dtype": NAMES[t.dtype], "shape": list(t.shape)} for name, t in tensors.items()]
        crc = self._write({"k": "rec", "id": record["id"], "epoch": record["epoch"], "meta": record["meta"], "t": about})
        for t in tensors.values():
            data = memoryview(t.reshape(-1)).cast("B")
            for at in range(0, len(data), PIECE):
                crc = self._write(bytes(data[at:at + PIECE]), crc=crc)
        self._write(crc)
        self.file.flush()
        self.records += 1

    def end(self):
        self._write({"k": "end", "records": self.records})
        self.file.flush()

    def abort(self, error):
        self._write(getattr(error, "abort", None) or {"k": "abort", "tool": self.tool, "why": str(error), "status": 1})
        self.file.flush()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            self.end()
        elif not isinstance(error, BrokenPipeError):
            self.abort(error)


def pipe(step, kind=None, fields=None):
    """Passes each record of standard input through step (a record, or None to leave it out) to standard output and exits
    as the pymic tools do: 3 when the input is bad, 0 when the reader has had enough."""
    try:
        head, records = read(sys.stdin.buffer)
        with Writer(sys.stdout.buffer, kind or head["kind"], fields or head["fields"], head) as out:
            for record in records:
                record = step(record)
                if record is not None:
                    out.put(record)
    except BrokenPipeError:
        os._exit(0)
    except StreamError as why:
        print(f"{os.path.basename(sys.argv[0])}: {why}", file=sys.stderr)
        sys.exit(3)
