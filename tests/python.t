#!/bin/sh
# The reader and writer for Python against those of the tools.
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib.sh"
PYTHON=${PYTHON:-/usr/bin/python3}
PYTHONPATH=$tests/../python
PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE
"$PYTHON" -c 'import numpy, msgpack' 2> /dev/null || skip_all "python3-numpy or python3-msgpack is not there"
cd "$work" || exit 1

cat > step.py << 'END'
import sys
import pymic_stream
pymic_stream.PIECE = int(sys.argv[1])
pymic_stream.pipe(lambda record: record)
END
# What comes behind the head, which holds the history.
body() {
	"$PYTHON" -c 'import msgpack, sys
data = sys.stdin.buffer.read()
u = msgpack.Unpacker()
u.feed(data)
u.unpack()
sys.stdout.buffer.write(data[u.tell():])' < "$1"
}

cat > make.py << 'END'
import sys
import numpy as np
import pymic_stream
fields = [{"name": "image", "dtype": "i16", "rank": 4}, {"name": "label", "dtype": "i16", "rank": 3},
          {"name": "weight", "dtype": "f32", "rank": 3}]
with pymic_stream.Writer(sys.stdout.buffer, "sample", fields, tool="made", argv=[]) as out:
    for i, names in enumerate(["label", "label weight", ""] * 2):
        tensors = {"image": np.full((2, 1, 2, 3), i, "<i2")}
        if "label" in names:
            tensors["label"] = np.full((1, 2, 3), i % 4, "<i2")
        if "weight" in names:
            tensors["weight"] = np.full((1, 2, 3), 0.5, "f4")
        out.put({"id": f"{i}", "epoch": 0, "meta": {"spacing": [5, 0.7, 0.7]}, "tensors": tensors})
END
"$PYTHON" make.py > made.pms
pymic-load made.pms > c.pms
ok $? "what Python wrote can be read"
body made.pms > made.body
body c.pms > c.body
cmp -s made.body c.body
ok $? "and comes back in the same bytes"
"$PYTHON" step.py 67108864 < c.pms > python.pms
ok $? "a step in Python"
pymic-load python.pms > again.pms
body again.pms > again.body
cmp -s c.body again.body
ok $? "from the tools through Python to the tools: the same bytes"
"$PYTHON" step.py 5 < c.pms > pieces.pms
[ "$(wc -c < pieces.pms)" -gt "$(wc -c < python.pms)" ]
ok $? "payloads in many pieces"
pymic-load pieces.pms > again.pms
body again.pms > again.body
cmp -s c.body again.body
ok $? "are read and written in one"
"$PYTHON" step.py 7 < pieces.pms | pymic-load - > again.pms
body again.pms > again.body
cmp -s c.body again.body
ok $? "by Python too"

# Every cut and every flipped byte.
cat > damage.py << 'END'
import io, sys
import pymic_stream
data = open(sys.argv[1], "rb").read()
def records(data):
    try:
        return [str(r) for r in pymic_stream.read(io.BytesIO(data))[1]]
    except pymic_stream.StreamError as why:
        return str(why)
whole = records(data)
cuts = [records(data[:n]) for n in range(len(data))]
print("cuts", sum("truncated" not in c for c in cuts))
print("changed", sum(isinstance(r, list) and r != whole for i in range(len(data)) for bits in (1, 128, 255)
                     for r in [records(data[:i] + bytes([data[i] ^ bits]) + data[i + 1:])]))
print("behind the end:", records(data + b"\0"))
END
is "$("$PYTHON" damage.py c.pms)" "cuts 0
changed 0
behind the end: corrupt: record 7: data after the end mark" "damage is seen"

# Failures pass through a step in both directions.
head -c 700 c.pms > cut.pms
status 3 "a truncated input" "$PYTHON" step.py 5 < cut.pms
cp out passed.pms
like "$(cat err)" "^step.py: truncated" "is told"
status 3 "and to the next tool" pymic-batch --size 1 passed.pms
like "$(cat err)" "^pymic-batch: .*step.py: truncated" "with its cause"
pymic-batch --size 1 cut.pms > aborted.pms 2> /dev/null
status 3 "an aborted input" "$PYTHON" step.py 5 < aborted.pms
cp out passed.pms
status 1 "is passed on" pymic-load --check passed.pms
like "$(cat out)" "passed.pms: pymic-batch: cut.pms: truncated" "with the first cause"
rc=0
{ "$PYTHON" step.py 5 < c.pms 2> early || echo $? > rc; } | head -c 10 > /dev/null
is "$(cat rc 2> /dev/null)" "" "a reader that leaves early"
done_testing
