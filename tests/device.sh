# device.sh: the backend in the shared object $so against the processor's, op by op and in a whole run. Sourced by tests that
# have sourced lib.sh, in their folder $work.
phantom="$TESTS/phantom_test"

PYMIC_CUDA=$so CMOCKA_MESSAGE_OUTPUT=tap "$TESTS/device_test" > tap 2> log
rc=$?
grep '^not ok' tap
sed 's/^/# /' log | head -n 20
ok $rc "every op, loss, agent and network: the device gives what the processor gives, and twice the same"
is "$("$TESTS/device_test" "$so" | sed 's/.*, //')" "0 lacking" "its table is complete"

# A run: same numbers, but for the last digits of f32.
"$phantom" 16 40 32 1 > train.pms && "$phantom" 6 1 32 2 > valid.pms || exit 1
settings="--net unet:chns=8,16,32:dropout=0.1 --classes 3 --iters 8 --valid-every 4 --valid valid.pms"
run() {
	folder=$1
	shift
	PYMIC_CUDA=$so pymic-train $settings "$@" -o "$folder" < train.pms > "$folder.tsv" 2> "$folder.log"
}
run cpu --device cpu
run gpu --device cuda
ok $? "a network is trained on the device"
ok "$(paste cpu.tsv gpu.tsv | awk 'NR > 1 && ($2 - $10 > 1e-4 || $10 - $2 > 1e-4) { bad = 1 } END { print bad + (NR != 3) }')" \
	"and has the losses of the processor"
run again --device cuda:0
cmp gpu/last.pmm again/last.pmm
ok $? "the same seed gives the same bytes"
# Steps go on beside a validation, but where it decides about them.
run turn --device cuda --early-stop 100
is "$(cut -f 1-7 turn.tsv)" "$(cut -f 1-7 gpu.tsv)" "validation beside the steps finds what validation in turn finds"
for folder in gpu turn; do
	pymic-infer -m $folder/best.pmm --device cpu --prob < valid.pms > $folder.pms 2> log
done
"$TESTS/records" equal gpu.pms turn.pms
ok $? "and the same best model"
"$phantom" 32 20 32 1 > long.pms && "$phantom" 32 20 32 1 1 nan=20 > spoilt.pms || exit 1
beside() { PYMIC_CUDA=$so pymic-train $settings --window 16,16 --device cuda -o "$1" < "$2.pms" >> "$1.tsv" 2> log; }
beside whole long
beside broken spoilt
like "$? $(cat log) $(grep -c . broken.tsv)" "^1 .*the loss of iteration 5 is -?nan .* 0$" "a step fails while a validation is under way"
beside broken long
is "$(cut -f 1-7 broken.tsv)" "$(cut -f 1-7 whole.tsv)" "which comes again with the run that goes on"
cmp broken/last.pmm whole/last.pmm && cmp broken/best.pmm whole/best.pmm
ok $? "and ends with the same bytes"
run bf16 --device cuda --precision bf16
ok $? "bf16 too"
run tf32 --device cuda --precision tf32
ok "$(paste gpu.tsv tf32.tsv | awk 'NR > 1 && ($2 - $10 > 0.01 || $10 - $2 > 0.01) { bad = 1 } END { print bad + (NR != 3) }')" "and tf32, close to f32"
PYMIC_CUDA=$so pymic-infer -m tf32/last.pmm --device cuda < valid.pms > tf32.pms 2> log
ok $? "whose model predicts"
run tf32-cpu --device cpu --precision tf32
is "$(cut -f 1,2 tf32-cpu.tsv) $(grep -c 'computes in f32' tf32-cpu.log)" "$(cut -f 1,2 cpu.tsv) 1" "which is f32 on the processor, and said to be"
mv train.pms all.pms && "$phantom" 16 1 32 1 > train.pms
run half --device cuda
mv all.pms train.pms
cp -r half other
run half --device cuda
cmp gpu/last.pmm half/last.pmm
ok $? "a run whose input ended goes on with the same bytes"
# Nobody waits for the loss of each step: that it is not finite is seen when the sums are fetched, before anything is written.
"$phantom" 8 8 32 1 1 nan=5 > nan.pms
PYMIC_CUDA=$so pymic-train $settings --valid-every 6 --device cuda -o nan < nan.pms > nan.tsv 2> nan.log
like "$? $(cat nan.log)" "^1 .*the loss is -?nan since one of the iterations 2 to 6" "a loss that is not finite ends the run"
run other --device cpu
like "$(cat other.log)" "was on --device cuda before and is on cpu now" "another device is warned of"
for device in cpu cuda; do
	PYMIC_CUDA=$so pymic-infer -m gpu/best.pmm --tta flip --window 32,32 --device $device < valid.pms > $device.pms 2> log
	pymic-eval --labels 1,2 --metrics dice < $device.pms > $device.csv 2> log
done
ok "$(paste -d , cpu.csv cuda.csv | awk -F , 'NR > 1 && ($5 - $10 > 0.002 || $10 - $5 > 0.002) { bad = 1 } END { print bad + (NR < 2) }')" \
	"predictions are those of the processor"

# Windows are cut and put together on the device: 2-D and 3-D, flips, an ensemble, images smaller than the window.
"$phantom" 1 2 24 3 10 > volumes.pms && "$phantom" 1 1 24 4 9 > volume.pms
pymic-train --net unet:dims=3:chns=8,16:dropout=0 --classes 3 --batch 1 --iters 2 -o volume --device cpu < volumes.pms > log 2>&1
near() { # near WHAT INPUT OPTION...
	what=$1
	input=$2
	shift 2
	for device in cpu cuda; do
		PYMIC_CUDA=$so pymic-infer "$@" --prob --device $device < "$input" > $device.pms 2> log
	done
	"$TESTS/records" equal cpu.pms cuda.pms 1e-4
	ok $? "$what"
	PYMIC_CUDA=$so pymic-infer "$@" --device cuda < "$input" > classes.pms 2> log
	"$TESTS/records" equal cuda.pms classes.pms
	ok $? "and its classes"
}
near "overlapping windows, flipped" valid.pms -m gpu/best.pmm --window 16,24 --stride 7,24 --tta flip --window-batch 3
near "an ensemble" valid.pms -m gpu/best.pmm -m cpu/best.pmm --window 16,16
near "a window beyond the image" valid.pms -m gpu/best.pmm --window 64,64
near "windows of a volume" volume.pms -m volume/last.pmm --window 4,16,16 --stride 3,12,12
near "a volume as a whole, flipped" volume.pms -m volume/last.pmm --tta flip

# Memory that may be used: batches are halved until they fit.
"$phantom" 1 1 96 5 > large.pms
bounded() { PYMIC_CUDA=$so pymic-infer -m gpu/best.pmm --window 32,32 --window-batch 40 --prob "$@" < large.pms > bounded.pms 2> err; }
bounded --device cuda
cp bounded.pms free.pms
bounded --device cuda --max-gpu-memory 1
like "$? $(cat err)" "^1 .*MiB of the GPU.s memory are needed, 1.0 may be used: CUDA and copies [1-9]" "--max-gpu-memory: what CUDA takes counts"
least=$(sed 's/.*: \([0-9]*\)\.[0-9] MiB.*/\1/' err)
bounded --device cuda --max-gpu-memory $((least + 1)) -v
like "$? $(grep -c 'windows at once' err)" "^0 [2-6]" "--max-gpu-memory: smaller batches"
"$TESTS/records" equal free.pms bounded.pms 1e-5
ok $? "give the same"
bounded --device cuda --max-gpu-memory 1 --window 0,0
like "$? $(cat err)" "^1 .*MiB of the GPU.s memory are needed, 1.0 may be used.*smaller --window" "what cannot be done is said"
bounded --device cpu --max-gpu-memory 1
like "$? $(cat err)" "^2 .*--device cpu" "the processor has no such memory"

# Samples are augmented on the device: with what pymic-augment draws, and to its values but for the last digits.
augmented() { # augmented WHAT INPUT SETTINGS CHAIN
	for device in cpu cuda; do
		rm -rf "augmented-$device"
		PYMIC_CUDA=$so pymic-train $3 --classes 3 --valid-every 1 --iters 5 --device $device --augment "$4" -o augmented-$device < "$2" \
			> augmented-$device.tsv 2> log
	done
	ok "$(paste augmented-cpu.tsv augmented-cuda.tsv | awk 'NR > 1 && ($2 - $7 > 1e-4 || $7 - $2 > 1e-4) { bad = 1 } END { print bad + (NR < 3) }')" "$1"
}
small="--net unet:chns=4,8:dropout=0 --batch 4"
"$phantom" 16 4 32 1 1 scribble=4 > strokes.pms
augmented "augmented: scribbles" strokes.pms "$small --agent gatedcrf --loss ce --ignore-label 4" "rotate:p=1 flip noise"
augmented "augmented: moved voxels" train.pms "$small" \
	"pad:size=48,44 crop:size=40,36 flip:axes=hw pad:size=60,60:border=zero center_crop:size=32,32"
augmented "augmented: intensities" train.pms "$small" "minmax gamma:p=1:channel_p=1:invert=0.5 noise:p=1:channel_p=1:max=0.5 normalize \
	noise:range=free"
augmented "augmented: thresholds and factors" train.pms "$small" "clip:lower=0.1:upper=0.8:upper_to=0.2 brightness:p=1:channel_p=1 \
	brightness:how=add:min=-0.2:max=0.2:p=1 contrast:p=1:channel_p=1 contrast:range=free:min=2:max=3:p=1 minmax:to=unit"
augmented "augmented: blurred" train.pms "$small" "crop:size=24,30 blur:min=0.4:max=3:p=1:channel_p=1 normalize blur:axes=w:min=9:max=9:p=1"
augmented "augmented: noise beside the foreground" train.pms "$small" "normalize:above=0.2 crop:size=30,30 noise:p=1:channel_p=1"
augmented "augmented: interpolated" train.pms "$small" "rotate:p=1:d=-40,40 rescale:p=1 pad:size=48,48 crop:size=32,32 resize:size=28,36 flip"
augmented "augmented: interpolated once, by splines" train.pms "$small" \
	"rot90 affine:p=1:cubic:shear=-5,5:scale=0.8,1.2 elastic:p=1:max=3,3:points=5:locked=1 flip crop:size=28,28"
augmented "augmented: a part of it on the host" train.pms "$small" "rotate:p=1 percentile crop:size=24,24:foreground=1 flip gamma:p=1 noise:p=1"
augmented "augmented: slices of volumes" volumes.pms "--net unet:chns=4,8:dropout=0 --batch 1" \
	"rotate:p=1:d=:h=-30,30:w=-20,20 flip:axes=dhw crop:size=6,16,16 noise:p=1"
augmented "augmented: volumes" volumes.pms "--net unet:dims=3:chns=4,8:dropout=0 --batch 1" \
	"rotate:p=1:d=-20,20 rescale:p=1:lower=0.8,0.8,0.8:upper=1.2,1.2,1.2 pad:size=12,24,24 crop:size=8,16,16 flip:axes=dhw gamma:p=1"
chain="crop:size=24,24 flip rotate gamma noise"
run turned --device cuda --augment "$chain"
mv train.pms all.pms && "$phantom" 16 1 32 1 > train.pms
run turned-half --device cuda --augment "$chain"
mv all.pms train.pms
run turned-half --device cuda --augment "$chain"
cmp turned/last.pmm turned-half/last.pmm
ok $? "an augmented run goes on with the same bytes"
run uneven --device cuda --augment "rescale:p=1"
like "$? $(cat uneven.log)" "^1 .*the image becomes 1x1x.*a batch needs one shape" "samples that become of several sizes are no batch"
