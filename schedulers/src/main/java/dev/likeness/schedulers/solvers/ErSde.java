package dev.likeness.schedulers.solvers;

import static java.lang.Math.exp;
import static java.lang.Math.log;
import static java.lang.Math.max;
import static java.lang.Math.min;
import static java.lang.Math.pow;
import static java.lang.Math.sqrt;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.math3.analysis.integration.gauss.GaussIntegrator;
import org.apache.commons.math3.analysis.integration.gauss.GaussIntegratorFactory;

/**
 * Extended reverse-time SDE solver (ER-SDE), with one network call in each step.
 *
 * <p>The solver uses derivatives of the denoised prediction with respect to {@code sigma / alpha}.
 * It scales the noise by the paper's function {@code phi}. Source: Cui et al. 2023,
 * arXiv:2309.06169, algorithms 1 to 3 with the noise of equation 25; ComfyUI {@code er_sde}.
 * ComfyUI approximates the integrals by 200 rectangles; this class computes them by Gauss-Legendre
 * quadrature.
 *
 * @param stages the number of Taylor terms of the prediction, 1 to 3
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 */
public record ErSde(int stages, double noiseScale) implements Solver {
  private static final GaussIntegrator QUADRATURE = new GaussIntegratorFactory().legendre(24);

  /**
   * Checks that the number of terms is 1 to 3.
   *
   * @throws IllegalArgumentException if the number is not 1 to 3
   */
  public ErSde {
    if (stages < 1 || stages > 3) {
      throw new IllegalArgumentException("ER-SDE needs 1 to 3 stages, got " + stages);
    }
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    Combination x = draft.start();
    Combination old = Combination.ZERO;
    Combination oldSlope = Combination.ZERO;
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      NoiseLevel t = sigmaSchedule.next(i);
      if (t.sigma() == 0) {
        return call.denoised();
      }
      double begin = sigmaSchedule.at(i).ratio();
      double end = t.ratio();
      double r = phi(end) / phi(begin);
      int stage = min(stages, i - sigmaSchedule.first() + 1);
      x = call.denoised().times(t.alpha() * (1 - r));
      if (sigmaSchedule.at(i).alpha() > 0) {
        x = x.plus(call.sample().times(t.alpha() / sigmaSchedule.at(i).alpha() * r));
      }
      if (stage > 1) {
        Combination slope =
            call.denoised().minus(old).over(begin - sigmaSchedule.at(i - 1).ratio());
        double first = end - begin + phi(end) * integral(u -> 1 / phi(u), end, begin);
        x = x.plus(slope.times(t.alpha() * first));
        if (stage > 2) {
          Combination bend =
              slope.minus(oldSlope).over((begin - sigmaSchedule.at(i - 2).ratio()) / 2);
          double second =
              pow(end - begin, 2) / 2 + phi(end) * integral(u -> (u - begin) / phi(u), end, begin);
          x = x.plus(bend.times(t.alpha() * second));
        }
        oldSlope = slope;
      }
      double left = r == 0 ? 0 : begin * r;
      x = x.plus(draft
          .noise()
          .times(t.alpha() * sqrt(max(0, end * end - left * left)) * noiseScale));
      old = call.denoised();
    }
    return x;
  }

  private static double phi(double ratio) {
    return ratio * (exp(pow(ratio, 0.3)) + 10);
  }

  /** Integrates over the logarithm, in which the integrands are smooth. */
  private static double integral(DoubleUnaryOperator of, double low, double high) {
    double middle = log(high * low) / 2;
    double half = log(high / low) / 2;
    return half
        * QUADRATURE.integrate(v -> {
          double at = exp(middle + half * v);
          return of.applyAsDouble(at) * at;
        });
  }
}
