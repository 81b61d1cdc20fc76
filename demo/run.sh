#!/bin/sh
# From a magnetic resonance image of a head to a table of Dice scores, with what Debian's mricron-data holds: a brain (the
# single-subject template "ch2", 1 mm) and the AAL atlas drawn on it, whose 116 regions become six structures. The network
# learns from 14 of each 20 slices and is judged on the other six: one brain, so a demonstration and not a study.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
data=${DATA:-/usr/share/mricron/templates}
work=${WORK:-$source/build/demo}
start=${START:-$(date +%s)}
PATH=${BIN:-$source/build/bin}:$PATH
export PATH
rm -rf "$work"
mkdir -p "$work"
cd "$work"

# Says what is run, and runs it.
step() {
	printf '\n%s\n' "$1" | sed 's/^\([^ ]\)/$ \1/'
	(eval "$1") < /dev/null
}

cat > brain.csv <<END
id,image,label
brain,$data/ch2.nii.gz,$data/aal.nii.gz
END
awk -f "$source/demo/structures.awk" "$data/aal.nii.txt" > structures.aug
echo "resample:spacing=3,3 pad:size=80,64" > prepare.aug
ln -s "$source/demo/slices.py" .

step "pymic-load --info $data/ch2.nii.gz"
step 'pymic-load brain.csv | pymic-augment @structures.aug percentile -o brain.pms'
step './slices.py train < brain.pms | pymic-augment @prepare.aug -o train.pms'
step './slices.py test < brain.pms > test.pms'
step 'pymic-load train.pms --epochs 0 --shuffle |
  pymic-augment flip:axes=w |
  pymic-train --net unet:chns=16,32,64,128:dropout=0 --classes 7 --batch 12 --lr 3e-3 \
    --schedule cosine --iters 1000 -o model'
step 'pymic-augment @prepare.aug < test.pms |
  pymic-infer -m model/last.pmm --keep-image -o pred.pms'
step 'pymic-save --overlay -o . pred.pms'
step 'pymic-eval --labels 1,2,3,4,5,6 --names frontal,temporal,parietal,occipital,cerebellum,deep_grey \
  --metrics dice,precision,sensitivity -o scores.csv < pred.pms'
step 'pymic-eval --labels 1,2,3,4,5,6 --names frontal,temporal,parietal,occipital,cerebellum,deep_grey \
  --metrics dice,precision,sensitivity --format table < pred.pms'

echo
echo "Slices with prediction (tint) and truth (outline): $work/brain.png"
echo "Seconds in all: $(($(date +%s) - start))"
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i }
	$1 == "brain" { for (i = 1; i <= NF; i++) if (name[i] ~ /_dice$/) { n++; if (!($i > 0.8)) { print name[i] " is only " $i; bad = 1 } } }
	END { if (n != 7) { print "the table has " n + 0 " Dice columns, not 7"; bad = 1 } exit bad }' scores.csv
