#!/bin/sh
# The GPU's backend where no GPU is needed: its kernels as C (the twin) against the processor's, op by op and in a whole run;
# and, where nvcc is, that the real one is complete, spills no registers, and is found missing with one clear line.
. "$(dirname "$0")/lib.sh"
twin=$TESTS/libpymic-twin.so
cuda=$BIN/libpymic-cuda.so
phantom="$TESTS/phantom_test"
cd "$work" || exit 1

PYMIC_CUDA=$twin CMOCKA_MESSAGE_OUTPUT=tap "$TESTS/device_test" > tap 2> log
rc=$?
grep '^not ok' tap
sed 's/^/# /' log | head -n 20
ok $rc "every op, loss, agent and network: the twin gives what the processor gives, and twice the same"
is "$("$TESTS/device_test" "$twin" | sed 's/.*, //')" "0 lacking" "its table is complete"

# A run: same numbers, but for the last digits of f32.
"$phantom" 16 40 32 1 > train.pms && "$phantom" 6 1 32 2 > valid.pms || exit 1
settings="--net unet:chns=8,16,32:dropout=0.1 --classes 3 --iters 8 --valid-every 4 --valid valid.pms"
run() {
	folder=$1
	shift
	PYMIC_CUDA=$twin pymic-train $settings "$@" -o "$folder" < train.pms > "$folder.tsv" 2> "$folder.log"
}
run cpu --device cpu
run gpu --device cuda
ok $? "a network is trained on the twin"
ok "$(paste cpu.tsv gpu.tsv | awk 'NR > 1 && ($2 - $10 > 1e-4 || $10 - $2 > 1e-4) { bad = 1 } END { print bad + (NR != 3) }')" \
	"and has the losses of the processor"
run again --device cuda:0
cmp gpu/last.pmm again/last.pmm
ok $? "the same seed gives the same bytes"
run bf16 --device cuda --precision bf16
ok $? "bf16 too"
mv train.pms all.pms && "$phantom" 16 1 32 1 > train.pms
run half --device cuda
mv all.pms train.pms
cp -r half other
run half --device cuda
cmp gpu/last.pmm half/last.pmm
ok $? "a run whose input ended goes on with the same bytes"
run other --device cpu
like "$(cat other.log)" "was on --device cuda before and is on cpu now" "another device is warned of"
for device in cpu cuda; do
	PYMIC_CUDA=$twin pymic-infer -m gpu/best.pmm --tta flip --window 32,32 --device $device < valid.pms > $device.pms 2> log
	pymic-eval --labels 1,2 --metrics dice < $device.pms > $device.csv 2> log
done
ok "$(paste -d , cpu.csv cuda.csv | awk -F , 'NR > 1 && ($3 - $6 > 0.002 || $6 - $3 > 0.002) { bad = 1 } END { print bad + (NR < 2) }')" \
	"predictions are those of the processor"

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
