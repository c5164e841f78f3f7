package dev.hone.shadow;

/*
 * Each comparison agrees or does not: a Bernoulli variable x with P(x = 1) = p. Healthy is p <= p0,
 * harmful is p >= p1 > p0. The log-likelihood ratio of one observation is
 *
 *     l(1) = ln(p1 / p0) > 0,        l(0) = ln((1 - p1) / (1 - p0)) < 0
 *
 * and Page's test (1954) sums it, never letting the sum fall below 0, so that long health before
 * does not hide harm that begins now:
 *
 *     S_0 = 0,   S_n = max(0, S_(n-1) + l(x_n)),   alarm when S_n >= h.
 *
 * False alarms. S_n >= h happens by time N only if, for some start k <= N, the likelihood ratio of
 * x_k, x_(k+1), ... ever reaches e^h. That ratio is a non-negative supermartingale of mean at most 1
 * as long as p <= p0, so by Ville's inequality each start has at most the chance e^-h:
 *
 *     P(false alarm within N comparisons) <= N e^-h.
 *
 * With h = ln(1 / a) that is at most a for each comparison: a is the policy's rate of false alarms.
 * It holds whatever the order in which healthy requests come, not only asymptotically. WARN uses a
 * lower bar, h_w = ln(1 / a_w) with a_w = sqrt(a).
 *
 * Delay. Under p >= p1 each comparison adds at least d = p1 l(1) + (1 - p1) l(0) on average, so an
 * alarm takes about h / d comparisons (Lorden 1971: no test with this rate is faster, as a -> 0).
 * With the defaults p0 = 0.01, p1 = 0.1, a = 1e-6: l(1) = 2.30, l(0) = -0.095, h = 13.8, d = 0.145,
 * about 95 comparisons; where everything disagrees, 6.
 */

/** Page's sequential test for the rate of disagreement. Used by one thread. */
final class SequentialTest {
  private final double whenDisagreed;
  private final double whenAgreed;
  private final double alarm;
  private double sum;
  private boolean drifted;

  SequentialTest(double healthyRate, double harmfulRate, double falseAlarmRate) {
    this.whenDisagreed = Math.log(harmfulRate / healthyRate);
    this.whenAgreed = Math.log1p(-harmfulRate) - Math.log1p(-healthyRate);
    this.alarm = -Math.log(falseAlarmRate);
  }

  Agreement observe(boolean agreed) {
    sum = Math.max(0, sum + (agreed ? whenAgreed : whenDisagreed));
    drifted |= sum >= alarm;
    return state();
  }

  Agreement state() {
    if (drifted) {
      return Agreement.DRIFT;
    }
    return sum >= alarm / 2 ? Agreement.WARN : Agreement.OK;
  }

  /** The sum over the alarm's bar: 1 is an alarm. */
  double evidence() {
    return sum / alarm;
  }

  void reset() {
    sum = 0;
    drifted = false;
  }
}
