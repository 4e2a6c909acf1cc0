package dev.likeness.schedulers;

/**
 * The next sample as a sum over the history; index 0 of every array speaks of the current row, k of
 * the row k before: {@code x_next = sum samples[k] x[k] + sum arrived[k] a[k] + sum denoised[k]
 * D[k] + sum raw[k] D~[k] + sum unguided[k] U[k] + sum answers[k] F[k] + sum noise[k] n[k]}.
 *
 * @param samples factors of the samples that the network was given, before input scaling
 * @param arrived factors of the same samples as the rows before made them; they differ where
 *     something was put into a sample between two rows
 * @param denoised factors of the denoised predictions after clipping
 * @param raw factors of the denoised predictions before clipping; empty when nothing is clipped
 * @param unguided factors of the denoised predictions without guidance; empty for most solvers
 * @param answers factors of the network's own answers; mostly empty, for predictions say the same
 * @param noise factors of the unit noise drawn in each row; 0 for rows that drew none
 * @param drawsNoise whether this row draws fresh noise, also where its factor is 0
 * @param asksUnguided whether this or a later row reads this row's prediction without guidance
 */
public record Update(
    double[] samples,
    double[] arrived,
    double[] denoised,
    double[] raw,
    double[] unguided,
    double[] answers,
    double[] noise,
    boolean drawsNoise,
    boolean asksUnguided) {
  /** Copies the arrays and refuses factors that are not finite. */
  public Update {
    samples = finite("samples", samples);
    arrived = finite("arrived", arrived);
    denoised = finite("denoised", denoised);
    raw = finite("raw", raw);
    unguided = finite("unguided", unguided);
    answers = finite("answers", answers);
    noise = finite("noise", noise);
  }

  private static double[] finite(String name, double[] factors) {
    for (double factor : factors) {
      if (!Double.isFinite(factor)) {
        throw new IllegalArgumentException(
            "the factors of " + name + " must be finite, got " + factor);
      }
    }
    return factors.clone();
  }
}
