#!/bin/sh
# The GPU's backend where no GPU is needed: its kernels as C (the twin) against the processor's, op by op and in a whole run;
# and, where nvcc is, that the real one is complete, spills no registers, and is found missing with one clear line.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
twin=$TESTS/libpymic-twin.so
cuda=$BIN/libpymic-cuda.so
cd "$work" || exit 1

so=$twin
. "$here/device.sh"

# What is not there is said.
PYMIC_CUDA=$twin pymic-train $settings --device cuda:7 -o no < train.pms > out 2> err
is "$? $(cat err)" "1 pymic-train: --device cuda:7: there is no GPU 7; the GPUs are 0 to 0" "a GPU that is not there"
pymic-train $settings --device gpu -o no < train.pms > out 2> err
is "$? $(cat err)" "2 pymic-train: --device gpu: not one of auto, cpu, cuda, cuda:N" "a device that nobody knows"
PYMIC_CUDA=/nonexistent.so pymic-infer -m gpu/best.pmm --device cuda < valid.pms > out 2> err
like "$? $(cat err)" "^1 pymic-infer: --device cuda: /nonexistent.so: cannot open" "a shared object that is not there"
PYMIC_CUDA=/nonexistent.so pymic-infer -m gpu/best.pmm < valid.pms > out 2> err
ok $? "auto runs on the processor then"

# Nobody else touches it.
for tool in "$BIN"/pymic-*; do
	nm "$tool" 2> log | grep -q device_choose && echo "${tool##*/}"
done > users
is "$(tr '\n' ' ' < users)" "pymic-infer pymic-train " "only train and infer know of devices"

if [ -f "$cuda" ]; then
	is "$("$TESTS/device_test" "$cuda" | sed 's/.*, //')" "0 lacking" "the real one loads without a GPU, and its table is complete"
	is "$(awk 'NR > 1 && $3 + $4 > 0 { print }' "$BIN/../cuda-kernels.tsv")" "" "no kernel spills registers"
	ok "$(awk 'NR > 1 { n[$2]++ } END { print !(n["sm_80"] > 20 && n["sm_80"] == n["sm_90"]) }' "$BIN/../cuda-kernels.tsv")" "kernels are there for sm_80 and sm_90"
	if [ ! -e /dev/nvidiactl ] && [ ! -e /dev/dxg ]; then
		pymic-train $settings --device cuda -o no < train.pms > out 2> err
		like "$? $(cat err)" "^1 pymic-train: --device cuda: .*(NVIDIA)" "no GPU: one line, status 1"
	fi
else
	skip "no nvcc: the real one was not built" 3
fi
done_testing
