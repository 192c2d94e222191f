/* Numbers as text for machines: the fewest digits that bring the same number back.
 *
 * Without an exponent where 1e-4 <= |x| < 1e17, and else with one that has neither a plus nor zeros
 * in front: 0.1, -0, 10000000000007, 1e22, 5e-324. Infinities are inf and -inf, every NaN is nan.
 * The point is a point whatever the process's locale is. */
#ifndef WR_NUMBER_H
#define WR_NUMBER_H

#define WR_NUMBER_TEXT 48 /* bytes that any text takes, its end included */

/* Into text; returns text. */
const char *wr_number_text(double value, char text[WR_NUMBER_TEXT]);

/* The double whose text is the shortest that brings this float back: 0.1 for 0.1f, whose own value
 * as a double is 0.10000000149011612. What is no finite number stays what it is. */
double wr_number_of_float(float value);

#endif
