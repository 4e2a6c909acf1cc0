package dev.likeness.schedulers.solvers;

import static java.lang.Math.expm1;

import dev.likeness.schedulers.Call;
import dev.likeness.schedulers.Combination;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.PlanBuilder;
import dev.likeness.schedulers.SigmaSchedule;
import dev.likeness.schedulers.Solver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * DPM-Solver with a fixed number of network calls in total: single-step updates of order 3, with
 * lower orders at the end. The last sigma of the schedule must be above 0.
 *
 * <p>Source: Lu et al. 2022, arXiv:2206.00927, section 3.4 and appendix D; k-diffusion
 * {@code sample_dpm_fast}.
 *
 * @param orders the order of every step of the sigma schedule, 1 to 3; a step of order k needs k
 *     network calls
 * @param eta the share of fresh noise, at least 0
 * @param noiseScale the factor that multiplies all fresh noise, usually 1
 * @param timesteps maps a sigma inside a step to the timestep for the network
 */
public record DpmFast(
    List<Integer> orders, double eta, double noiseScale, DoubleUnaryOperator timesteps)
    implements Solver {
  /**
   * Copies the orders.
   *
   * @throws IllegalArgumentException if an order is not 1 to 3
   */
  public DpmFast {
    orders = List.copyOf(orders);
    if (orders.stream().anyMatch(order -> order < 1 || order > 3)) {
      throw new IllegalArgumentException("orders of DPM fast must be 1 to 3, got " + orders);
    }
  }

  /**
   * {@return the orders of steps that need exactly this number of network calls in total}
   *
   * @param calls the number of calls, at least 1
   */
  public static List<Integer> ordersOf(int calls) {
    int steps = calls / 3 + 1;
    List<Integer> orders = new ArrayList<>(Collections.nCopies(steps, 3));
    if (calls % 3 == 0) {
      orders.set(steps - 2, 2);
    }
    orders.set(steps - 1, calls % 3 == 0 ? 1 : calls % 3);
    return orders;
  }

  @Override
  public Combination solve(SigmaSchedule sigmaSchedule, PlanBuilder draft) {
    if (sigmaSchedule.last() >= orders.size()) {
      throw new IllegalArgumentException(
          "DPM fast needs one order for each step of the sigma schedule, got orders " + orders
              + ", but the number of steps is " + (sigmaSchedule.last() + 1));
    }
    Combination x = draft.start();
    double end = sigmaSchedule.next(sigmaSchedule.last()).sigma();
    for (int i = sigmaSchedule.first(); i <= sigmaSchedule.last(); i++) {
      double next = sigmaSchedule.next(i).sigma();
      double down = eta > 0
          ? Math.max(
              end, AncestralStep.of(sigmaSchedule.at(i).sigma(), next, eta).sigmaDown())
          : next;
      Call call = draft.call(x, sigmaSchedule.timestep(i), sigmaSchedule.at(i));
      x = step(call, down, orders.get(i), draft);
      if (eta > 0) {
        x = x.plus(draft
            .noise()
            .times(Math.sqrt(Math.max(0, next * next - down * down)) * noiseScale));
      }
    }
    return x;
  }

  private Combination step(Call call, double down, int order, PlanBuilder draft) {
    double sigma = call.level().sigma();
    double h = Math.log(sigma / down);
    Combination eps = call.derivative();
    Combination straight = call.sample().minus(eps.times(down * expm1(h)));
    if (order == 1) {
      return straight;
    }
    double r1 = 1.0 / order;
    Combination first = stage(call, draft, sigma, r1 * h, eps.times(expm1(r1 * h)));
    if (order == 2) {
      return straight.minus(first.minus(eps).times(down / (2 * r1) * expm1(h)));
    }
    double r2 = 2.0 / 3;
    double bend = r2 / r1 * (expm1(r2 * h) / (r2 * h) - 1);
    Combination second = stage(
        call,
        draft,
        sigma,
        r2 * h,
        eps.times(expm1(r2 * h)).plus(first.minus(eps).times(bend)));
    return straight.minus(second.minus(eps).times(down / r2 * (expm1(h) / h - 1)));
  }

  /** Returns the derivative inside the step, {@code h} below its start in log sigma. */
  private Combination stage(
      Call begin, PlanBuilder draft, double sigma, double h, Combination drift) {
    double inside = sigma * Math.exp(-h);
    return draft
        .call(
            begin.sample().minus(drift.times(inside)),
            timesteps.applyAsDouble(inside),
            NoiseLevel.varianceExploding(inside))
        .derivative();
  }
}
