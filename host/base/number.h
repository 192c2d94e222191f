/* Numbers as text for machines: the fewest digits that read as the same number.
 *
 * There is no exponent if 1e-4 <= |x| < 1e17. Otherwise there is one, without a plus and without
 * leading zeros: 0.1, -0, 10000000000007, 1e22, 5e-324. Infinities are inf and -inf; every NaN is
 * nan. The decimal point is a point in every locale. */
#ifndef WR_NUMBER_H
#define WR_NUMBER_H

#define WR_NUMBER_TEXT 48 /* bytes of the longest text with its '\0' */

/* Writes into text. Returns text. */
const char *wr_number_text(double value, char text[WR_NUMBER_TEXT]);

/* The double with the shortest text that reads as this float: 0.1 for 0.1f, whose exact value is
 * 0.10000000149011612. Infinities and NaN stay as they are. */
double wr_number_of_float(float value);

#endif
