#!/bin/sh
# The class of a whole image, end to end: a list with a column 'class', the encoder of a U-Net, a table that pymic-eval judges. On
# pictures of a disc, a ring or a bar in noise, whose class is known.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
"$TESTS/made" shapes d 180 32 && cp d/*.png . || exit 1
head -n 121 d/list.csv > train.csv && sed '2,121d' d/list.csv > test.csv && head -n 25 train.csv > few.csv

# --- samples ---
pymic-load train.csv -o loaded.pms && pymic-load test.csv | pymic-augment normalize -o test.pms || exit 1
is "$("$TESTS/records" fields loaded.pms | grep label | sort -u -k 2 | cut -d ' ' -f 2-)" "label u8 1 1 1" "a class is a label of one voxel"
is "$("$TESTS/records" all loaded.pms label | tr '\n' ' ')" "$(cut -d , -f 3 train.csv | tail -n +2 | tr '\n' ' ')" "which has its value"
every="pad:size=40,40 crop:size=36,36:foreground=1 flip rotate:p=1 affine rot90:p=1 rescale:p=1 resize:size=32,32 normalize noise gamma"
status 0 "transforms change the image" sh -c "pymic-augment $every < loaded.pms > moved.pms"
is "$("$TESTS/records" all moved.pms label)" "$("$TESTS/records" all loaded.pms label)" "and leave its class alone"
pymic-augment --undo < moved.pms > back.pms
is "$? $("$TESTS/records" all back.pms label | cksum)" "0 $("$TESTS/records" all loaded.pms label | cksum)" "back on its grid too"
pymic-augment label_convert:map=1=2,2=1 < loaded.pms > other.pms
is "$("$TESTS/records" all other.pms label | tr 12 21)" "$("$TESTS/records" all loaded.pms label)" "but classes get other numbers where that is wanted"
pymic-batch --size 4 < moved.pms > batches.pms
is "$("$TESTS/records" fields batches.pms | grep label | sort -u -k 2 | cut -d ' ' -f 2-)" "label u8 4 1 1 1" "batches have a class for each sample"

# --- from samples to a table ---
net="--net encoder:chns=8,16,32:dropout=0 --classes 3 --lr 3e-3 -j1"
task="$net --loss ce --batch 12 --iters 150 --valid-every 50 --valid test.pms"
pymic-load train.csv --epochs 0 --shuffle | pymic-augment normalize flip | pymic-train $task -o model > table 2> log
like "$? $(cat log)" "^0 pymic-train: best accuracy [01]\.[0-9]* after [0-9]* iterations: model/best.pmm$" "classes are learned: the best accuracy is said"
is "$(head -n 1 table)" "iter	loss	dice	lr	valid	valid_1	valid_2	seconds" "the table has its columns"
pymic-infer -m model/best.pmm < test.pms > pred.csv
is "$? $(head -n 1 pred.csv) $(wc -l < pred.csv)" "0 id,class,prob0,prob1,prob2 61" "each case has a line"
ok "$(tail -n +2 pred.csv | awk -F , '{ s = $3 + $4 + $5; m = $3 > $4 ? $3 > $5 ? 0 : 2 : $4 > $5 ? 1 : 2; if (s < 0.999 || s > 1.001 || m != $2) bad++ }
	END { print bad + 0 }')" "of probabilities, the largest being the class"
pymic-infer -m model/best.pmm -o file.csv < test.pms && cmp file.csv pred.csv
ok $? "the same in a file"
pymic-eval --truth test.csv --pred pred.csv --metrics accuracy > scores.csv
accuracy=$(awk -F , '$1 == "all" { print $3 }' scores.csv)
ok "$(echo "$accuracy" | awk '{ print !($1 > 0.9) }')" "held-out cases are classified: accuracy $accuracy"
is "$(printf '%.4f' "$accuracy")" "$(cut -f 5 table | tail -n +2 | sort -g | tail -n 1)" "which is what validation said"
is "$(pymic-infer -m model/best.pmm --tta flip -m model/last.pmm < test.pms | wc -l)" 61 "flips and ensembles are averaged"
pymic-infer -m model/best.pmm < test.pms | head -n 1 > out
is "$?" 0 "a reader may have enough"

# --- what else learns ---
twin() { PYMIC_CUDA=$TESTS/libpymic-twin.so pymic-train $net --batch 12 --iters 6 --valid-every 3 --valid test.pms --augment "rotate:p=1 normalize" "$@" < loaded.pms; }
twin --device cpu -o cpu 2> log | cut -f 1-5 > cpu.tsv
twin --device cuda -o gpu 2> log | cut -f 1-5 > gpu.tsv
ok "$(paste cpu.tsv gpu.tsv | awk 'NR > 1 && ($2 - $7 > 1e-4 || $7 - $2 > 1e-4) { bad = 1 } END { print bad + (NR != 3) }')" \
	"a device learns the same, and augments the images alone"
status 0 "bf16 too" sh -c "pymic-train $net --iters 4 --precision bf16 -o bf16 < loaded.pms"
pymic-augment normalize < loaded.pms > samples.pms
pymic-load --mix 6:6 few.csv train.csv --epochs 9 --shuffle 2> log | pymic-augment normalize | pymic-batch --labeled 6 --unlabeled 6 > mixed.pms 2> log
for agent in coteaching trinet cps mt ict fixmatch:cutmix=0 unimatch:cutmix=0:teacher=ema:complementary_dropout kd:teacher=model/best.pmm; do
	status 0 "$agent learns classes" sh -c "pymic-train $net --agent $agent --iters 6 -o ${agent%%:*} < mixed.pms"
done
is "$(pymic-infer -m coteaching/last.pmm < test.pms | wc -l)" 61 "and several networks say one"

"$phantom" 16 20 32 1 > discs.pms
pymic-train --net unet:chns=8,16,32:dropout=0 --classes 3 --iters 60 -j1 -o unet < discs.pms > out 2> log || exit 1
pymic-load few.csv --epochs 0 --shuffle | pymic-augment normalize | pymic-train $task --init unet/last.pmm --init-parts encoder -o begun > out 2> log
like "$? $(cat log)" "^0 .*unet/last.pmm: 36 of the network's 38 tensors are taken; drawn are classifier.weight, classifier.bias" \
	"the encoder of a network that segments begins"
ok "$(cut -f 5 out | tail -n +2 | sort -g | tail -n 1 | awk '{ print !($1 > 0.6) }')" "and learns from 24 cases"

"$TESTS/made" balls v 4 4 16 16
awk -F , 'NR == 1 { print "id,image,class" } NR > 1 { print NR - 2 "," $1 "," NR % 2 }' v/list.csv > v/classes.csv
pymic-load v/classes.csv --epochs 3 | pymic-augment normalize > volumes.pms
status 0 "volumes have classes" sh -c "pymic-train --net encoder:dims=3:chns=4,8:dropout=0 --classes 2 --iters 3 -o volume < volumes.pms"
status 1 "which slices have not" sh -c "pymic-train --net encoder:chns=4,8:dropout=0 --classes 2 --iters 3 -o no < volumes.pms"
is "$(cat err)" "pymic-train: 0: 4 slices have one class, but the network is 2-D: give --net encoder:dims=3" "it says"

# --- what follows from predictions ---
pymic-infer -m model/best.pmm --prob --keep-image < test.pms > pred.pms
is "$? $("$TESTS/records" fields pred.pms | grep 'pred\|prob' | sort -u -k 2 | cut -d ' ' -f 2- | tr '\n' ' ')" "0 pred u8 1 1 1 prob f32 3 1 1 1 " \
	"--prob and --keep-image make a stream"
status 0 "in which wrong classes are found" sh -c "pymic-augment label_convert:map=0=1 < pred.pms | pymic-confident > suspects.pms"
status 0 "whose weights are those of samples" sh -c "pymic-train $net --iters 3 -o weighted < suspects.pms"

# --- what is refused ---
# bad STATUS LINE COMMAND: one line
bad() {
	status "$1" "refused: $3" sh -c "$3 > out"
	is "$(cat err)" "$2" "it says"
}
bad 1 "pymic-load: case_2: label 2 (1 voxel) but --classes is 2" "pymic-load train.csv --classes 2"
bad 1 "pymic-train: case_2: label 2 but --classes is 2: convert the labels (pymic-augment), raise --classes, or --ignore-label it" \
	"pymic-train $net --classes 2 -o no < loaded.pms"
printf 'id,image,label,class\na,case_0.png,case_1.png,1\n' > both.csv
bad 1 "pymic-load: both.csv: has columns 'label', of voxels, and 'class', of whole images: say which one with --label" "pymic-load both.csv"
pymic-load both.csv --label class > class.pms && pymic-load both.csv --label label > label.pms
is "$("$TESTS/records" fields class.pms | grep -c "label u8 1 1 1") $("$TESTS/records" fields label.pms | grep -c "label u8 1 1 1")" "1 0" "which helps"
for class in -1 1.5 256 disc; do
	printf 'id,image,class\na,case_0.png,%s\n' "$class" > odd.csv
	bad 1 "pymic-load: odd.csv:2: class '$class' is no whole number from 0 to 255" "pymic-load odd.csv"
done
printf 'id,image,class\na,case_0.png,1\nb,case_1.png,\n' > blank.csv
pymic-load blank.csv > blank.pms
is "$("$TESTS/records" fields blank.pms | cut -d ' ' -f 1,2 | tr '\n' ' ')" "a image a label b image " "a blank cell is an unlabeled case"
bad 1 "pymic-augment: case_0: crop_box: has no label of voxels to be boxed" "pymic-augment crop_box:of=label < loaded.pms"
bad 1 "pymic-batch: case_0: its label is the class of the whole image: no part has one to take along (--cutmix, --paste)" \
	"pymic-batch -n 4 --cutmix 1 < loaded.pms"
bad 1 "pymic-train: case_0: the label is the class of the whole image, but the network segments: take --net encoder" \
	"pymic-train --net unet:chns=4,8:dropout=0 --classes 3 -o no < loaded.pms"
bad 1 "pymic-train: case_007: the label is of 1x32x32 voxels, but the network says one class of the whole image: give the list a column 'class', \
or segment with --net unet" "pymic-train $net --batch 1 -o no < discs.pms"
bad 2 "pymic-train: --agent bcp learns from maps, but --net encoder says one class of the whole image" "pymic-train $net --agent bcp -o no < mixed.pms"
bad 2 "pymic-train: --agent: a box of another image has no class where --net encoder says one of the whole image: give cutmix=0" \
	"pymic-train $net --agent fixmatch -o no < mixed.pms"
bad 2 "pymic-train: --net: encoder+unet: one network classifies images, another segments them" "pymic-train --net encoder+unet --agent cps --classes 3 -o no < mixed.pms"
bad 1 "pymic-train: unet/last.pmm: a network that segments, but --net classifies images" "pymic-train $net --agent kd:teacher=unet/last.pmm -o no < mixed.pms"
bad 1 "pymic-infer: unet/last.pmm: unet:chns=8,16,32:dropout=0, 3 classes, 1 channels, but model/best.pmm: encoder:chns=8,16,32:dropout=0, 3 classes, \
1 channels" "pymic-infer -m model/best.pmm -m unet/last.pmm < test.pms"
head -c 100000 test.pms > cut.pms
status 3 "input that breaks off" sh -c "pymic-infer -m model/best.pmm -o part.csv < cut.pms"
ok "$(ls part.csv* 2> /dev/null | wc -l)" "leaves no table"
done_testing
