/*
 * cps.c: two networks that begin differently, or are different, teach each other where there are no labels: by the loss
 * itself (cross pseudo supervision), or by squared Dice (cross teaching).
 */
#include "agent/semi.h"
#include "loss/terms.h"

/* The distance of logits from the classes that the other network says. */
typedef struct node *lesson(struct run *r, struct node *z, const struct truth *pseudo);

static struct node *by_loss(struct run *r, struct node *z, const struct truth *pseudo) { return loss_eval(r->g, &r->loss, z, pseudo); }

static struct node *by_dice(struct run *r, struct node *z, const struct truth *pseudo)
{
	return linear(r->g, -1, mean_of(r->g, dice_squared(r->g, z, pseudo, 1e-5)), 1);
}

/* L(z1) + L(z2) on the labeled + w (l(z1, argmax z2) + l(z2, argmax z1)) on the unlabeled, l the lesson, without weights. */
static struct node *cross(struct run *r, lesson *teach)
{
	struct graph *g = r->g;
	struct node *out[2][PM_OUTPUTS], *sum = NULL, *free_of_labels[2];

	for (int i = 0; i < 2; i++) {
		const int n = forward_all(r, i, out[i]);
		struct node *taught = supervised(r, i, out[i], n);
		sum = sum ? op_binary(g, B_ADD, sum, taught) : taught;
		free_of_labels[i] = unlabeled(r, out[i][0]);
	}
	for (int i = 0; i < 2 && free_of_labels[0]; i++) {
		const struct truth pseudo = { .target = op_argmax(g, free_of_labels[1 - i]), .class_weight = r->truth.class_weight,
			.image = unlabeled(r, r->image) };
		sum = op_binary(g, B_ADD, sum, weighted(r, teach(r, free_of_labels[i], &pseudo), 0));
	}
	return main_output(r, out[0][0], sum);
}

static struct node *cps_loss(struct run *r) { return cross(r, by_loss); }
static struct node *ctct_loss(struct run *r) { return cross(r, by_dice); }

const struct agent agent_cps = {
	.p = { "cps", "cross pseudo supervision: two networks are each other's teachers on unlabeled samples",
		"Chen et al., Semi-supervised semantic segmentation with cross pseudo supervision, CVPR 2021", ramped_opts, sizeof(struct ramped) },
	.nets = 2,
	.fixed = true,
	.tell = tell_weight,
	.loss = cps_loss,
};

const struct agent agent_ctct = {
	.p = { "ctct", "cross teaching: two different networks are each other's teachers on unlabeled samples, by squared Dice; for --net A+B",
		"Luo et al., Semi-supervised medical image segmentation via cross teaching between CNN and transformer, MIDL 2022", ramped_opts,
		sizeof(struct ramped) },
	.nets = 2,
	.fixed = true,
	.tell = tell_weight,
	.loss = ctct_loss,
};
