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

# Memory: the twin has as much as it is told, a MiB of which is as if its context took it; whoever takes more dies.
PYMIC_TWIN_MEMORY=1 PYMIC_CUDA=$twin pymic-train $settings --device cuda -o no < train.pms > out 2> err
like "$? $(cat err)" "^1 pymic-train: [1-9][0-9.]* MiB of the GPU's memory are needed, 1.0 are free: CUDA and copies 1.0, .* batch of 4x1x1x32x32 .*smaller --batch" \
	"training that does not fit: one line"
ok "$(test -e no; echo $(($? != 1)))" "before anything is made"
named=$(sed 's/.*: \([0-9]*\)\.[0-9] MiB.*/\1/' err)
for memory in $named $((named + 2)); do
	PYMIC_TWIN_MEMORY=$memory PYMIC_CUDA=$twin pymic-train ${settings%%--valid*} --iters 1 --device cuda -o "named-$memory" < train.pms > out 2>> err
	echo $?
done > named
is "$(tr '\n' ' ' < named)" "1 0 " "as much as it says is needed, and enough"
need=$(pymic-train $settings --device cpu --dry-run < train.pms | awk -F '\t' '/MiB/ { n += $2 } END { print int(n) + 3 }')
PYMIC_TWIN_MEMORY=$((need + 4)) PYMIC_CUDA=$twin pymic-train $settings --device cuda -o fits < train.pms > out 2> err
is "$? $(cat err | grep -c needed)" "0 0" "what fits is trained and validated"
(export PYMIC_TWIN_MEMORY=5; bounded --device cuda -v)
like "$? $(grep -c 'windows at once' err)" "^0 [2-6]" "pymic-infer stays within what is free: smaller batches"
"$TESTS/records" equal free.pms bounded.pms 1e-5
ok $? "give the same"
(export PYMIC_TWIN_MEMORY=2; bounded --device cuda --window 0,0)
like "$? $(cat err)" "^1 .*MiB of the GPU.s memory are needed, 1.[0-9] may be used: CUDA and copies 1.0, .*smaller --window" "what cannot be done is said"

# Large images, cropped where they are augmented: what they take on their way is counted. Alone, rotate and crop are one step.
"$phantom" 4 1 1024 6 > wide.pms
(export PYMIC_TWIN_MEMORY=$((need + 4))
	PYMIC_CUDA=$twin pymic-train $settings --device cuda --augment "rotate:p=1 noise:p=1:channel-p=1 crop:size=32,32" -o no < wide.pms > out 2> err)
like "$? $(cat err)" "^1 .*MiB of the GPU's memory are needed, .* samples that are augmented [89]\.[0-9], " "samples on their way to a batch take memory too"
ok "$(test -e no; echo $(($? != 1)))" "and nothing is made"

# Values and labels that are wrong are found where the processor finds them, and named.
"$phantom" 8 2 40 1 1 nan=5 > nan.pms && "$phantom" 8 2 40 1 1 label7=5 > label7.pms || exit 1
for chain in normalize "crop:size=32,32 normalize" "center_crop:size=16,16 normalize"; do
	for fault in nan label7; do
		for device in cpu cuda; do
			PYMIC_CUDA=$twin pymic-train $small --classes 3 --valid-every 2 --iters 3 --device $device --augment "$chain" -o "$fault-$device" \
				< $fault.pms > out 2> err
			echo "$? $(grep 'case_005' err)" > $device.says
			rm -rf "$fault-$device"
		done
		is "$(cat cuda.says)" "$(cat cpu.says)" "$fault, $chain: said as the processor says it"
	done
done
like "$(cat cuda.says)" "^1 .*case_005: label 7" "a label outside of the crop too"

# Nobody else touches it.
for tool in "$BIN"/pymic-*; do
	nm "$tool" 2> log | grep -q device_choose && echo "${tool##*/}"
done > users
is "$(tr '\n' ' ' < users)" "pymic-infer pymic-train " "only train and infer know of devices"

if [ -f "$cuda" ]; then
	for unit in "gemm_test convolutions of kernel 1 as products of cuBLASLt" "engine_test the choice among libraries and their plans"; do
		"$TESTS/${unit%% *}" > log 2>&1
		rc=$?
		[ $rc = 0 ] || sed 's/^/# /' log | head -n 20
		ok $rc "${unit#* }"
	done
	is "$("$TESTS/device_test" "$cuda" | sed 's/.*, //')" "0 lacking" "the real one loads without a GPU, and its table is complete"
	is "$(awk 'NR > 1 && $3 + $4 > 0 { print }' "$BIN/../cuda-kernels.tsv")" "" "no kernel spills registers"
	ok "$(awk 'NR > 1 { n[$2]++ } END { print !(n["sm_80"] > 20 && n["sm_80"] == n["sm_90"]) }' "$BIN/../cuda-kernels.tsv")" "kernels are there for sm_80 and sm_90"
	if [ ! -e /dev/nvidiactl ] && [ ! -e /dev/dxg ]; then
		pymic-train $settings --device cuda -o no < train.pms > out 2> err
		like "$? $(cat err)" "^1 pymic-train: --device cuda: .*(NVIDIA)" "no GPU: one line, status 1"
	fi
else
	skip "no nvcc: the real one was not built" 5
fi
done_testing
