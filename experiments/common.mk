# What the experiments have in common: each run of a method with a seed is trained, then judged; then all are compared.
# A Makefile that includes this says
#   METHODS ITERS CROP    what to run, unless the command line does; CROP is HxW, in 3-D DxHxW
#   VALID                 list of cases that validate, and judge unless TEST names others
#   stream                pipeline from lists to training samples or batches (stream_METHOD: of one method alone;
#                         first_METHOD: of a training of a third of the iterations before, whose weights it begins with)
#   augment, prepare      transforms for training; those that are not random, for validation and test
#   classes, judge        number of classes; labels, names and metrics for pymic-eval
#   loss, optimizer, schedule, ramp     as in pymic-train; ramp: first and last share of ITERS in which a method's own term grows
# A new method is a word in METHODS, and a line here or there when it needs a network (net_) or settings (how_) of its own.
ifndef PYMIC_DATA
$(error set PYMIC_DATA to the folder of the data)
endif
SEEDS     ?= 1
DEVICE    ?= auto
PRECISION ?= f32
THREADS   ?= 0
EVERY     ?= 200
TEST      ?= $(VALID)
CASE      ?= 1
FOCUS     ?= 0
MODEL     ?= best
TEACHER   ?= cps
APART     ?= 0
dims      ?= 2
chns      ?= 16x32x64x128x256
dropout   ?= 0x0x0x0.5x0.5

root      := $(patsubst %/experiments/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
shared    := $(root)/experiments
BIN       ?= $(root)/build/bin
PATH      := $(BIN):$(PATH)
export PATH
name      := $(notdir $(CURDIR))
OUT       ?= $(root)/build/experiments/$(name)/$(ITERS)-$(CROP)

# A share of the iterations, as in $(call part,2/15), so that a shorter run has the same course.
part      = $(shell echo $$(($(ITERS) * $1)))
# Decay of an average that looks back over a thirtieth of the run: 0.999 in 30000.
average   := $(shell awk 'BEGIN { x = 1 - 30 / $(ITERS); print (x > 0.5 ? x : 0.5) }')
apart     := $(if $(filter 1,$(APART)),--norm-apart)
grown     := ramp-start=$(call part,$(word 1,$(ramp))):ramp-end=$(call part,$(word 2,$(ramp)))

# What is not said takes --agent METHOD with the weight 0.1, and the U-Net.
how_sup        := --agent sup
how_full       := --agent sup
how_ms         := --agent ms:weight=0.05:$(grown)
how_coteaching := --agent coteaching:keep=0.85:$(grown)
how_trinet     := --agent trinet:keep=0.85:$(grown)
how_dast       := --agent dast:$(grown)
how_bcp        := --agent bcp
how_dmsps      := --agent dmsps:weight=8:$(grown)
how_psseg      := --agent psseg:weight=8:ramp-end=$(call part,1/10)
how_fixmatch   := --agent fixmatch
how_unimatch   := --agent unimatch
how_unimatch-ema = --agent unimatch:teacher=ema:decay=$(average):gamma=0.7x1.5
how_dct        := --agent dct:weight=1:$(grown)
how_kd          = --agent kd:teacher=$(OUT)/$(TEACHER)/$(seed)/$(MODEL).pmm
net_ctct       := unet:up=conv:dims=$(dims):chns=$(chns):dropout=$(dropout)+unet
net_urpc       := unet:multiscale
net_cct        := cctnet
net_mcnet      := mcnet
net_dmpls      := dbnet
net_dmsps      := dbnet
net_psseg      := tdnet
net_dast       := dbnet

# In the recipes of OUT/METHOD/SEED/...
method  = $(firstword $(subst /, ,$*))
seed    = $(lastword $(subst /, ,$*))
how     = $(or $(how_$(method)),--agent $(method):weight=0.1:$(grown))
net     = $(or $(net_$(method)),unet):dims=$(dims):chns=$(chns):dropout=$(dropout)
# A box of $1 at random; FOCUS of them, where there are labels, hold a class: small ones would mostly miss it.
box     = crop:size=$1:foreground=$(FOCUS)
# $(call load,LISTS): these cases without end, in random order, transformed at random.
load    = pymic-load $1 --epochs 0 --shuffle --seed $(seed) | pymic-augment --seed $(seed) $(augment)
infer   = pymic-augment $(prepare) | pymic-infer -m $1 $(finish) $(window) --device $(DEVICE) --threads $(THREADS)
judged  := $(basename $(notdir $(TEST)))
runs    := $(foreach m,$(METHODS),$(SEEDS:%=$(OUT)/$m/%))
panels  := $(METHODS:%=$(OUT)/%/$(firstword $(SEEDS))/$(judged)-$(CASE)/case.png)

all: $(OUT)/results-$(judged).csv $(if $(shell command -v gnuplot),picture)
	@cat $<
train: $(runs:%=%/train.tsv)
picture: $(OUT)/picture-$(judged).png

$(BIN)/pymic-train:
	$(MAKE) -C $(root) all

$(OUT)/valid.pms: | $(BIN)/pymic-train
	@mkdir -p $(@D)
	pymic-load $(VALID) | pymic-augment $(prepare) -o $@

# $(call train,ITERATIONS,MORE): pymic-train resumes what was stopped; the samples it has seen are drawn again and skipped.
train = pymic-train --net $(net) --classes $(classes) --loss $(or $(loss_$(method)),$(loss)) $(how) $(also) $(apart) \
		--batch $(BATCH) \
		--optimizer $(optimizer) --lr $(lr) --schedule $(schedule) --iters $1 --valid $< --valid-every $(EVERY) $(window) \
		--precision $(PRECISION) --device $(DEVICE) --threads $(THREADS) --seed $(seed) --checkpoint-every 120s $2 -o $(@D) >> $@.part

$(OUT)/%/train.tsv: $(OUT)/valid.pms $(inputs)
	@mkdir -p $(@D)
	$(or $(stream_$(method)),$(stream)) | \
	$(call train,$(ITERS),$(if $(first_$(method)),--init $(@D)/first/best.pmm))
	mv $@.part $@

$(OUT)/%/first/train.tsv: $(OUT)/valid.pms $(inputs)
	@mkdir -p $(@D)
	$(first_$(method)) | \
	$(call train,$(call part,1/3))
	mv $@.part $@
$(foreach m,$(METHODS),$(if $(first_$m),$(eval $(SEEDS:%=$(OUT)/$m/%/train.tsv): %/train.tsv: %/first/train.tsv)))
# A student waits for the model of its seed.
$(OUT)/kd/%/train.tsv: $(OUT)/$(TEACHER)/%/train.tsv

$(OUT)/%/scores-$(judged).csv: $(OUT)/%/train.tsv $(TEST)
	pymic-load $(TEST) | $(call infer,$(@D)/$(MODEL).pmm) | pymic-eval $(judge) --metrics dice,hd95 -o $@

$(OUT)/results-$(judged).csv: $(runs:%=%/scores-$(judged).csv) always
	awk -f $(shared)/results.awk $(filter-out always,$^) > $@.part && mv $@.part $@

# The picture: bars of the mean over seeds with their standard deviation, and case number CASE under all methods.
$(OUT)/case-$(judged)-$(CASE).csv: $(TEST)
	awk -v n=$(CASE) -v dir=$(abspath $(dir $(TEST)))/ -f $(shared)/case.awk $< > $@

$(OUT)/%/$(judged)-$(CASE)/case.png: $(OUT)/case-$(judged)-$(CASE).csv $(OUT)/%/train.tsv
	pymic-load $< | $(call infer,$(OUT)/$*/$(MODEL).pmm) --keep-image | pymic-save --overlay --slices 1 --force -o $(@D)

$(OUT)/picture-$(judged).png: $(OUT)/results-$(judged).csv $(panels)
	awk -f $(shared)/summary.awk $< > $(OUT)/summary-$(judged).tsv
	gnuplot -c $(shared)/picture.gp $(name) $(OUT)/summary-$(judged).tsv $@ $(panels)

# Seconds for an iteration, data and validation included.
times: $(runs:%=%/train.tsv)
	@awk -f $(shared)/times.awk $^

clean:
	rm -rf $(OUT)

.PHONY: all train picture times clean always
.SECONDARY:
