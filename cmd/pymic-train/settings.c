/* settings.c: what a run can be told, and what goes together. */
#include "train.h"

#include <string.h>

const struct opt train_opts[] = {
	OPT_STRING(struct conf, net, 0, "SPEC", "unet",
		"network: NAME:key=value:...; of a method that trains several, one for all, or one for each: unet+unet:up=conv"),
	OPT_NUMBER(struct conf, classes, 0, "K", "0", 0, MAX_CLASSES,
		"number of classes, background included; labels are 0 to K-1; of channels, where images are made (0: 1)"),
	OPT_NUMBER(struct conf, ignore_label, 0, "N", "0", -32768, 65535,
		"label of pixels that are not annotated: they teach nothing and are not judged; 0: there are none"),
	OPT_STRING(struct conf, loss, 0, "SPEC", "dice+ce", "loss: a sum of losses, each with a weight: dice+ce:weight=0.5"),
	OPT_NUMBER(struct conf, class_weights, 0, "LIST", "", 0, 1e9, "a weight for each class in the loss"),
	OPT_STRING(struct conf, agent, 0, "SPEC", "sup", "learning method"),
	OPT_SWITCH(struct conf, norm_apart, 0, "batch normalisation of unlabeled samples apart from that of labeled ones"),
	OPT_NUMBER(struct conf, deep_mode, 0, "0|1|2", "2", 0, 2,
		"where the network has several outputs: resize the logits (0), the truth by interpolation (1) or by averages (2)"),
	OPT_NUMBER(struct conf, deep_weights, 0, "LIST", "", 0, 1e9, "weight of each of those outputs; none: 1, 1/2, 1/4 ..."),
	OPT_STRING(struct conf, optimizer, 0, "SPEC", "adam", "optimizer"),
	OPT_NUMBER(struct conf, lr, 0, "X", "1e-3", 0, 1e6, "learning rate at the start"),
	OPT_STRING(struct conf, schedule, 0, "SPEC", "constant", "learning rate after each validation"),
	OPT_NUMBER(struct conf, clip, 0, "X", "0", 0, 1e12, "scale gradients of a larger norm down to it; 0: never"),
	OPT_NUMBER(struct conf, ema, 0, "X", "0", 0, 0.9999999,
		"also keep the exponential moving average of the weights, of this decay (0.999); 0: no"),
	OPT_NUMBER(struct conf, swa_start, 0, "P", "0", 0, 0.999, "also keep the mean of the weights from this share of the iterations on (0.75); 0: no"),
	OPT_NUMBER(struct conf, swa_every, 0, "N", "200", 1, 1e12, "iterations from one to the next of the weights that are averaged"),
	OPT_NUMBER(struct conf, swa_lr, 0, "X", "0", 0, 1e6, "learning rate as long as they are averaged; 0: half of --lr"),
	OPT_CHOICE(struct conf, evaluate, 0, "average|trained", "average",
		"weights that are validated and that pymic-infer takes from the models: averaged ones, of --ema, of --swa-start or of a teacher, where "
		"there are any, or those that are trained"),
	OPT_NUMBER(struct conf, iters, 'n', "N", "10000", 1, 1e12, "iterations; training also ends with its input"),
	OPT_NUMBER(struct conf, batch, 'b', "N", "4", 1, 4096, "samples in a batch, when samples come and not batches"),
	OPT_STRING(struct conf, augment, 0, "TRANSFORM...", "",
		"transform samples as pymic-augment does, on the GPU where it can; names like 'flip gamma', or @FILE"),
	OPT_STRING(struct conf, valid, 0, "FILE", NULL, "validation set: a saved stream of samples, read once"),
	OPT_NUMBER(struct conf, valid_every, 0, "N", "100", 1, 1e12, "iterations from one validation to the next"),
	OPT_NUMBER(struct conf, window, 0, "D,H,W", "", 0, 1e6,
		"validate by overlapping windows of this size; none: whole images"),
	OPT_NUMBER(struct conf, early_stop, 0, "N", "0", 0, 1e12,
		"end after N iterations without a better validation; 0: never"),
	OPT_CHOICE(struct conf, precision, 0, "f32|tf32|bf16", "f32",
		"of feature maps; sums, weights, optimizer are f32; tf32: f32 maps that GPUs round as they multiply"),
	OPT_STRING(struct conf, device, 0, "auto|cpu|cuda[:N]", "auto", "where to compute; auto: on a GPU, where there is one"),
	OPT_SWITCH(struct conf, fast, 0, "allow the GPU algorithms whose last digits differ from run to run"),
	OPT_NUMBER(struct conf, threads, 'j', "N", "0", 0, 4096, "threads; 0: as many as there are processors"),
	OPT_NUMBER(struct conf, seed, 0, "N", "1", 0, 1e15, "of initial weights, dropout and --augment"),
	OPT_STRING(struct conf, init, 0, "MODEL", NULL, "start from the weights of this model"),
	OPT_CHOICE(struct conf, init_parts, 0, "all|match|encoder", "all",
		"of --init: all, which must fit; the tensors whose name and shape match; the encoder's, which must fit"),
	OPT_STRING(struct conf, output, 'o', "DIR", NULL,
		"folder of best.pmm, last.pmm and log.jsonl; a run found there is resumed"),
	OPT_STRING(struct conf, checkpoint_every, 0, "N|Ns", "",
		"write last.pmm also every N iterations, or N seconds (\"600s\")"),
	OPT_SWITCH(struct conf, restart, 0, "do not resume: delete the models in the folder and begin anew"),
	OPT_SWITCH(struct conf, skipped, 0, "when resuming: the input starts where the run stopped"),
	OPT_STRING(struct conf, position, 0, "FILE", NULL,
		"print how many samples the run of this last.pmm has used, and exit"),
	OPT_SWITCH(struct conf, dry_run, 0, "print parameters and memory, and exit; only the first record is read"),
	OPT_END,
};

void settings_check(const struct conf *c, const struct trainer *t)
{
	double total = 0;

	if (t->agent->from_images && c->classes != 1)
		die(PM_USAGE, "--classes: --agent %s learns without classes", t->agent->p.name);
	if (t->agent->from_images && c->valid)
		die(PM_USAGE, "--valid: what --agent %s learns is not validated; its loss says how far it is", t->agent->p.name);
	if (c->classes < 2 && !t->agent->error && !t->agent->from_images)
		die(PM_USAGE, "--classes: how many classes are there, background included? (2 to %d)", MAX_CLASSES);
	if (c->ignore_label > 0 && c->ignore_label < c->classes)
		die(PM_USAGE, "--ignore-label: %d is one of the classes 0 to %d", c->ignore_label, c->classes - 1);
	if (!c->output && !c->dry_run)
		die(PM_USAGE, "-o: the folder for the models is missing");
	if (c->class_weights.n && c->class_weights.n != c->classes)
		die(PM_USAGE, "--class-weights: %d numbers for %d classes", c->class_weights.n, c->classes);
	for (int i = 0; i < c->deep_weights.n; i++)
		total += c->deep_weights.v[i];
	if (c->deep_weights.n && total <= 0)
		die(PM_USAGE, "--deep-weights: at least one must be above 0");
	if (c->window.n && c->window.n != 3 && !(t->fold && c->window.n == 2))
		die(PM_USAGE, "--window: D,H,W are expected (H,W do for a 2-D network)");
	if (!c->valid && (c->early_stop || !strcmp(t->schedule.kind->name, "plateau")))
		die(PM_USAGE, "--%s needs a validation set: --valid FILE", c->early_stop ? "early-stop" : "schedule plateau");
	if (c->ema > 0 && c->swa_start > 0)
		die(PM_USAGE, "--ema and --swa-start are two averages of the same weights: choose one");
	if (c->skipped && c->restart)
		die(PM_USAGE, "--skipped is for a run that is resumed; --restart does not resume");
}
