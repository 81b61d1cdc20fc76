#!/bin/sh
# The GPU's backend on the GPU that is here: make check-gpu. GPU_SO names another shared object: with the twin the script
# itself can be tried where there is no GPU.
. "$(dirname "$0")/../lib.sh"
here=$(cd "$(dirname "$0")/.." && pwd)
so=${GPU_SO:-$BIN/libpymic-cuda.so}
if [ -z "${GPU_SO:-}" ] && [ ! -e /dev/nvidiactl ] && [ ! -e /dev/dxg ]; then
	skip_all "no GPU"
fi
[ -f "$so" ] || skip_all "no GPU: $so was not built (nvcc and cuDNN are needed)"
cd "$work" || exit 1

# Which algorithms were the fastest is found out once, and not by what earlier builds have left.
PYMIC_CUDNN_CACHE=$work/cudnn.tsv
export PYMIC_CUDNN_CACHE
. "$here/device.sh"

# What is allowed with --fast need not be the same twice, but it trains.
run fast --device cuda --fast
ok $? "--fast trains"
ok "$(paste cpu.tsv fast.tsv | awk 'NR > 1 && ($2 - $10 > 1e-3 || $10 - $2 > 1e-3) { bad = 1 } END { print bad + (NR != 3) }')" \
	"and has the losses of the processor, nearly"

# What the GPU has not got is said in one line.
PYMIC_CUDA=$so pymic-train $settings --device cuda:99 -o no < train.pms > out 2> err
like "$? $(cat err)" "^1 pymic-train: --device cuda:99: there is no GPU 99; the GPUs are 0 to [0-9]+$" "a GPU that is not there"

# 8 slices of 2048x2048 and 512 channels: 0.3 GB here, 560 GB there, of which the twin is told that it has 80.
wide="--net unet:chns=512,512:dropout=0 --classes 3 --batch 8 --iters 1"
"$phantom" 8 1 2048 1 > large.pms || exit 1
PYMIC_TWIN_MEMORY=80000 PYMIC_CUDA=$so pymic-train $wide --device cuda -o large < large.pms > out 2> err
rc=$?
like "$rc $(tail -n 1 err)" "^1 pymic-train: [0-9.]+ MiB of the GPU's memory are needed, [0-9.]+ are free: .*smaller --batch" "out of memory"
is "$(grep -c . err)" 1 "in one line"
ok "$(test -e large; echo $(($? != 1)))" "and nothing is left"
rm -f large.pms

# A library that refuses gives way to the next: were cuBLASLt to refuse all, only this would tell.
if [ -n "${GPU_SO:-}" ]; then
	skip "another shared object has no libraries"
else
	like "$(cut -d ' ' -f 1 "$PYMIC_CUDNN_CACHE" | sort -u | tr '\n' ' ')" "^data fwd.* gemm-data gemm-fwd gemm-weights weights" \
		"passes of both libraries were timed and are remembered"
fi

# Kernels that reach beyond their memory, or race in it. Those of libraries are not ours to judge.
if command -v compute-sanitizer > /dev/null; then
	for tool in memcheck racecheck; do
		PYMIC_CUDA=$so timeout "${LIMIT:-3600}" compute-sanitizer --tool $tool --error-exitcode 9 --kernel-name-exclude kns=cudnn --kernel-name-exclude kns=cublas \
			"$TESTS/device_test" > log 2>&1
		rc=$?
		[ $rc = 0 ] || grep '^=' log | head -n 40 | sed 's/^/# /'
		ok $rc "$tool finds nothing"
	done
else
	skip "no compute-sanitizer" 2
fi
done_testing
