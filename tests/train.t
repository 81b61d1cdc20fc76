#!/bin/sh
# pymic-train from end to end, on discs whose truth is known.
. "$(dirname "$0")/lib.sh"
phantom="$TESTS/phantom_test"
cd "$work" || exit 1
net="--net unet:chns=8,16,32:dropout=0 --classes 3"
short="$net -j1 --iters 12 --valid-every 4"
"$phantom" 16 40 32 1 > train.pms && "$phantom" 6 1 32 2 > valid.pms || exit 1

# train NAME OPTION...: with the training set as input
train() {
	train_dir=$1
	shift
	pymic-train "$@" -o "$train_dir" < train.pms
}

status 0 "a network learns" train a $net -j1 --iters 150 --valid-every 50 --valid valid.pms
is "$(head -n 1 out)" "iter	loss	dice	lr	valid	valid_1	valid_2	seconds" "the table has a header"
is "$(cut -f 1 out | tr '\n' ' ')" "iter 50 100 150 " "and a row for each validation"
ok "$(tail -n 1 out | awk '{ print !($5 > 0.9) }')" "foreground Dice is above 0.9"
is "$(ls a | tr '\n' ' ')" "best.pmm last.pmm log.jsonl " "the folder holds models and log"
is "$(wc -l < a/log.jsonl)" 3 "the log has a line for each row"
is "$(pymic-train --position a/last.pmm)" 600 "the position counts samples"
like "$(pymic-train --position a/best.pmm 2>&1)" "not the checkpoint" "a model without a run has no position"

train b $short --valid valid.pms > b.tsv 2> /dev/null
train c $short --valid valid.pms > c.tsv 2> /dev/null
cmp b/last.pmm c/last.pmm && cmp b/best.pmm c/best.pmm
ok $? "the same seed gives the same bytes"
is "$(cut -f 1-7 b.tsv)" "$(cut -f 1-7 c.tsv)" "and the same log"
train d $short --valid valid.pms --seed 2 > /dev/null 2>&1
! cmp -s b/best.pmm d/best.pmm
ok $? "another seed another model"
train e $net -j2 --iters 4 > /dev/null 2>&1
train f $net -j1 --iters 4 > /dev/null 2>&1
cmp e/last.pmm f/last.pmm
ok $? "one thread and two give the same bytes"
status 0 "another run begins with the weights of a model" train g $short --init b/best.pmm
! cmp -s b/last.pmm g/last.pmm
ok $? "and goes elsewhere"
status 1 "weights that do not fit are refused" train h --net unet:chns=8,16:dropout=0 --classes 3 -j1 --init b/best.pmm
like "$(cat err)" "settings of the network differ" "with the reason"
status 0 "what fits can be taken all the same" \
	train h1 --net unet:chns=8,16:dropout=0 --classes 4 -j1 --iters 2 --init b/best.pmm --init-parts match
like "$(cat err)" "2[0-9] of the network's 40 tensors are taken; drawn are decoder" "and is counted"
status 0 "or the encoder alone" train h2 $short --init b/best.pmm --init-parts encoder
status 1 "which must be the same one" train h3 --net unet:chns=8,8:dropout=0 --classes 3 -j1 --init b/best.pmm --init-parts encoder
like "$(cat err)" "the encoders differ" "else it is refused"
status 0 "networks that must differ" train h4 $short --agent cps --init b/best.pmm
like "$(cat err)" "only 1 of the 2 networks of --agent cps" "do not all begin as one model"
status 0 "but may have its encoder" train h5 $short --agent cps --init b/best.pmm --init-parts encoder
ok "$(grep -c "only 1 of" err)" "all of them"

status 0 "nothing is written when it runs dry" \
	sh -c 'pymic-train --classes 3 --net unet:chns=8,16:dropout=0 --dry-run < train.pms'
is "$(grep -c . out) $(sed -n 's/^batch.//p' out)" "5 4x1x1x32x32" "but parameters and memory are shown"

for kind in "sgd:momentum=0.9 --lr 1e-2 --schedule poly" "adamw --schedule cosine:min=1e-5 --clip 1" \
	"adam --schedule multistep:at=4x8 --class-weights 1,2,3" "adam --schedule step:every=4" \
	"adam --schedule plateau:patience=4 --loss ce --valid valid.pms"; do
	rm -rf o
	status 0 "optimizer $kind" train o $short --optimizer $kind
done
is "$(cut -f 4 out | tail -n +2 | tr '\n' ' ')" "0.001 0.001 0.001 " \
	"the rate that a row shows is the one it was made with"
train p $short --schedule step:every=4:gamma=0.1 > p.tsv 2> /dev/null
is "$(cut -f 4 p.tsv | tail -n +2 | tr '\n' ' ')" "0.001 0.0001 1e-05 " "the schedule lowers it"
status 0 "averaged weights" train ema $short --valid valid.pms --ema 0.9
train trained $short --valid valid.pms --ema 0.9 --evaluate trained > trained.tsv 2> log
is "$(cut -f 1-4,7 trained.tsv)" "$(cut -f 1-4,7 b.tsv)" "do not change what is trained"
pymic-infer -m ema/last.pmm < valid.pms 2> log | pymic-eval --labels 1,2 --metrics dice > ema.csv 2> log
pymic-infer -m b/last.pmm < valid.pms 2> log | pymic-eval --labels 1,2 --metrics dice > b.csv 2> log
! cmp -s ema.csv b.csv
ok $? "are those that are inferred with"
status 0 "the mean of weights of constant learning rate" train swa $short --valid valid.pms --swa-start 0.5 --swa-every 2 --swa-lr 2e-3
cut -f 4 out | tail -n +2 > rates
is "$(tr '\n' ' ' < rates)" "0.001 0.002 0.002 " "which holds from that share of the iterations on"
train swa-trained $short --valid valid.pms --swa-start 0.5 --swa-every 2 --swa-lr 2e-3 --evaluate trained > out 2> log
! cmp -s swa/last.pmm swa-trained/last.pmm
ok $? "it is what is kept first"
status 2 "one average of the weights" train twice $short --ema 0.9 --swa-start 0.5

status 0 "half-precision feature maps" \
	train bf16 $net -j1 --iters 100 --valid-every 100 --valid valid.pms --precision bf16
ok "$(tail -n 1 out | awk '{ print !($5 > 0.6) }')" "learn as well"
status 0 "deep supervision" train q --net unet:chns=8,16,32:dropout=0.1:multiscale=1 --classes 3 -j1 --iters 4
status 2 "a weight for each output" \
	train r --net unet:chns=8,16,32:dropout=0:multiscale=1 --classes 3 -j1 --deep-weights 1,2,3,4
status 0 "a run ends when nothing gets better" train s $net -j1 --valid valid.pms --valid-every 2 --lr 0 --early-stop 4
is "$(tail -n 1 out | cut -f 1)" 8 "as soon as it may"
status 0 "and stays ended" train s $net -j1 --valid valid.pms --valid-every 2 --lr 0 --early-stop 4
like "$(cat err)" "finished" "saying so"

"$phantom" 6 20 32 3 3 > volumes.pms
"$phantom" 2 1 40 4 3 > windows.pms
status 0 "a 2-D network takes volumes, slice by slice" \
	sh -c "pymic-train $short --batch 2 --valid windows.pms --window 32,32 -o v < volumes.pms"
status 0 "a 3-D network" \
	sh -c "'$phantom' 4 20 16 3 4 | pymic-train --net unet:dims=3:chns=4,8,8:dropout=0 --classes 3 -j1 --iters 3 -o w"
"$phantom" 8 10 32 5 1 unlabeled=3 > mixed.pms
status 0 "cases without a label are no harm" sh -c "pymic-train $short -o x < mixed.pms"
if command -v pymic-batch > /dev/null; then
	status 0 "batches" sh -c "pymic-batch --labeled 4 < train.pms | pymic-train $short --valid valid.pms -o y"
	is "$(pymic-train --position y/last.pmm)" 48 "the position counts samples here too"
	cmp b/best.pmm y/best.pmm
	ok $? "give the same model as samples"
else
	skip "no pymic-batch" 3
fi

# Labels that are no class teach nothing, whatever they are, and are not judged.
for none in 3 200; do
	"$phantom" 16 4 32 1 1 scribble=$none > strokes.pms
	"$phantom" 4 1 32 2 1 scribble=$none > judged.pms
	status 0 "scribbles, the rest labeled $none" \
		sh -c "pymic-train $short --loss ce --ignore-label $none --valid judged.pms -o none$none < strokes.pms"
	cut -f 1-7 out > none$none.tsv
done
cmp none3.tsv none200.tsv
ok $? "whatever label stands for not annotated"
pymic-batch --size 4 < strokes.pms 2> log | pymic-train $short --loss ce --ignore-label 200 --valid judged.pms -o grouped 2> log | cut -f 1-7 > grouped.tsv
cmp none3.tsv grouped.tsv
ok $? "in batches too"

# bad FAULT STATUS PATTERN
bad() {
	status "$2" "$1: status $2" sh -c "'$phantom' 8 5 32 1 1 $1 | pymic-train $short -o bad"
	like "$(cat err)" "$3" "$1: is explained"
	rm -rf bad
}
bad nan=3 1 'iteration [0-9]+ is (-)?nan.*case_003'
bad label7=3 1 'case_003: label 7 but --classes is 3'
bad scribble=3 1 'label 3 but --classes is 3.*--ignore-label'
bad channels=0 1 'channel|shape'
bad odd=3 1 'case_003.*(shape|size)'
bad "odd=0 odd=1 odd=2 odd=3 odd=4 odd=5 odd=6 odd=7" 1 'multiples of 1x4x4.*pad:size=1,32,32'
bad abort=3 3 'case_003: as asked'
status 1 "no folder is left where nothing was learnt" sh -c "'$phantom' 8 5 32 1 1 label7=0 label7=1 label7=2 label7=3 label7=4 label7=5 label7=6 label7=7 | pymic-train $short -o nothing"
[ ! -e nothing ]
ok $? "not even an empty one"
bad "unlabeled=0 unlabeled=1 unlabeled=2 unlabeled=3 unlabeled=4 unlabeled=5 unlabeled=6 unlabeled=7" 1 'has a label'
status 1 "a NaN keeps the last good model" \
	sh -c "'$phantom' 9 1 32 1 1 nan=7 | pymic-train $net -j1 --batch 1 --checkpoint-every 1 -o nan"
ok "$(pymic-train --position nan/last.pmm | awk '{ print !($1 < 9) }')" "as it was before"
status 1 "an input without a whole batch" sh -c "'$phantom' 3 1 32 1 | pymic-train $short -o bad"
status 3 "an empty input" sh -c "pymic-train $short -o bad < /dev/null"
status 3 "a truncated input" sh -c "head -c 100000 train.pms | pymic-train $short -o bad"
ok "$(pymic-train --position bad/last.pmm | awk '{ print !($1 > 0) }')" "what was learnt from it is kept"
rm -rf bad
status 3 "a truncated validation set" \
	sh -c "head -c 9000 valid.pms > half.pms; pymic-train $short --valid half.pms -o bad < train.pms"
status 1 "a validation set without labels" \
	sh -c "'$phantom' 1 1 32 1 1 unlabeled=0 > no.pms; pymic-train $short --valid no.pms -o bad < train.pms"
rm -rf bad
for wrong in "" "--classes 1" "--classes 3 --net nut" "--classes 3 --net unet:chns=8,16" "--classes 3 --net unet:chns=" \
	"--classes 3 --early-stop 5" \
	"--classes 3 --schedule plateau" "--classes 3 --window 30,30,30" "--classes 3 --class-weights 1,2" \
	"--classes 3 --ignore-label 2" "--classes 3 --loss dice+nce" "--classes 3 --checkpoint-every often" "--classes 3 stray"; do
	status 2 "usage: $wrong" train bad $wrong
done
ok "$([ -e bad ]; echo $((1 - $?)))" "and nothing is written"
status 0 "a reader of the table that leaves does not stop the run" \
	sh -c "(pymic-train $short -o reader < train.pms; echo \$? > rc) | head -n 1; exit \$(cat rc)"
is "$(pymic-train --position reader/last.pmm)" 48 "it has run to its end"
status 1 "a table that cannot be written does" sh -c "pymic-train $short -o full < train.pms > /dev/full"
done_testing
