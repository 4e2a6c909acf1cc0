package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.TrainedSigmas;
import java.util.Set;

/** Solvers with their usual settings. */
public final class Solvers {
  /** Euler's method. */
  public static final Solver EULER = new Euler();
  /** Euler's method with ancestral noise. */
  public static final Solver EULER_ANCESTRAL = new EulerAncestral(1, 1);
  /** Heun's method. */
  public static final Solver HEUN = new Heun();
  /** The linear multistep method (LMS) of order 4. */
  public static final Solver LMS = new Lms(4);
  /** DDIM without noise, for variance-preserving sigma schedules. */
  public static final Solver DDIM = new Ddim(0);
  /** Multistep DPM-Solver++ of order 2. */
  public static final Solver DPM_PLUS_PLUS_2M = new DpmSolverMultistep(
      DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, 2, false, new DpmSolverMultistep.FinalOrder(true, false));
  /** Multistep SDE-DPM-Solver++ of order 2. */
  public static final Solver DPM_PLUS_PLUS_2M_SDE = new DpmPlusPlusMSde(2, false, 1, 1);
  /** Multistep SDE-DPM-Solver++ of order 3. */
  public static final Solver DPM_PLUS_PLUS_3M_SDE = new DpmPlusPlusMSde(3, true, 1, 1);
  /** The unified predictor-corrector UniPC of order 2. */
  public static final Solver UNI_PC = new UniPc(2, false, true, true, Set.of());
  /** The refined exponential solver (RES) as a multistep method. */
  public static final Solver RES_MULTISTEP = new ResMultistep(0, 1, false);
  /** Gradient estimation with the paper's gamma of 2. */
  public static final Solver GRADIENT_ESTIMATION = new GradientEstimation(2, false);
  /** The extended reverse-time SDE solver (ER-SDE) with three Taylor terms. */
  public static final Solver ER_SDE = new ErSde(3, 1);
  /** Euler's method with CFG++, for guidance scales of 1 to 2. */
  public static final Solver EULER_CFG_PLUS_PLUS = new EulerCfgPlusPlus(0, 1);
  /** Ancestral Euler steps for rectified flow. */
  public static final Solver FLOW_EULER_ANCESTRAL = new EulerAncestral.FlowEulerAncestral(1, 1);

  private Solvers() {}

  /**
   * {@return the midpoint method in log sigma (k-diffusion: {@code sample_dpm_2})}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver dpm2(TrainedSigmas table) {
    return new Dpm2(Churn.NONE, table::timestep);
  }

  /**
   * {@return the midpoint method in log sigma with ancestral noise}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver dpm2Ancestral(TrainedSigmas table) {
    return new Dpm2Ancestral(1, 1, table::timestep);
  }

  /**
   * {@return single-step DPM-Solver++ of order 2 with ancestral noise}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver dpmPlusPlus2SAncestral(TrainedSigmas table) {
    return new DpmPlusPlus2SAncestral(1, 1, false, table::timestep);
  }

  /**
   * {@return stochastic single-step DPM-Solver++}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver dpmPlusPlusSde(TrainedSigmas table) {
    return new DpmPlusPlusSde(1, 1, table::timestep);
  }

  /**
   * {@return the stochastic exponential derivative-free solver (SEEDS) of two stages}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver seeds2(TrainedSigmas table) {
    return new Seeds2(0.5, false, 1, 1, table::levelOfRatio, table::timestep);
  }

  /**
   * {@return the stochastic exponential derivative-free solver (SEEDS) of three stages}
   *
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver seeds3(TrainedSigmas table) {
    return new Seeds3(1, 1, table::levelOfRatio, table::timestep);
  }

  /**
   * {@return DPM-Solver with a fixed number of network calls} The sigma schedule must have one step
   * for each order that {@link DpmFast#ordersOf} returns, and its last sigma must be above 0.
   *
   * @param calls the number of network calls, at least 1
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver dpmFast(int calls, TrainedSigmas table) {
    return new DpmFast(DpmFast.ordersOf(calls), 0, 1, table::timestep);
  }

  /**
   * {@return restart sampling between sigma 0.1 and 2}
   *
   * @param steps the number of Heun steps of each repetition, at least 1
   * @param times the number of repetitions, at least 0
   * @param table the sigmas and timesteps that the network was trained at
   */
  public static Solver restart(int steps, int times, TrainedSigmas table) {
    return new Restart(0.1, 2, steps, times, table::timestep);
  }
}
