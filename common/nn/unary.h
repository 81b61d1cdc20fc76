/*
 * unary.h: what each unary function computes, written once for single numbers and for vectors of them. Who expands the list says
 * what EXP, LOG, SQRT, POWER(x, a), GREATER(a, b), PICK(condition, a, b) and NUMBER(1) are.
 */
#ifndef PM_UNARY_H
#define PM_UNARY_H

#define UNARY(X) \
	X(U_SCALE, x * a) \
	X(U_OFFSET, x + a) \
	X(U_EXP, EXP(x)) \
	X(U_LOG, LOG(x)) \
	X(U_SQRT, SQRT(x)) \
	X(U_SQUARE, x * x) \
	X(U_RELU, PICK(GREATER(x, NUMBER(0)), x, NUMBER(0))) \
	X(U_STEP, PICK(GREATER(x, NUMBER(0)), NUMBER(1), NUMBER(0))) \
	X(U_ABS, PICK(GREATER(NUMBER(0), x), -x, x)) \
	X(U_SIGN, PICK(GREATER(x, NUMBER(0)), NUMBER(1), PICK(GREATER(NUMBER(0), x), NUMBER(-1), NUMBER(0)))) \
	X(U_POWER, POWER(x, a))

#endif
