package dev.likeness.schedulers.solvers;

import dev.likeness.schedulers.Solver;
import dev.likeness.schedulers.TrainedSigmas;
import java.util.Set;

/** Solvers with their usual settings, for typed Java and JShell. */
public final class Solvers {
  /** Euler's method. */
  public static final Solver EULER = new Euler();
  /** Euler's method with ancestral noise. */
  public static final Solver EULER_ANCESTRAL = new EulerAncestral(1, 1);
  /** Heun's method. */
  public static final Solver HEUN = new Heun();
  /** Linear multistep of order 4. */
  public static final Solver LMS = new Lms(4);
  /** DDIM without noise, for variance-preserving ladders. */
  public static final Solver DDIM = new Ddim(0);
  /** Multistep DPM-Solver++ of order 2. */
  public static final Solver DPM_PLUS_PLUS_2M = new DpmSolverMultistep(
      DpmAlgorithm.DPM_SOLVER_PLUS_PLUS, 2, false, new DpmSolverMultistep.FinalOrder(true, false));
  /** Multistep SDE-DPM-Solver++ of order 2. */
  public static final Solver DPM_PLUS_PLUS_2M_SDE = new DpmPlusPlusMSde(2, false, 1, 1);
  /** Multistep SDE-DPM-Solver++ of order 3. */
  public static final Solver DPM_PLUS_PLUS_3M_SDE = new DpmPlusPlusMSde(3, true, 1, 1);
  /** The unified predictor-corrector of order 2. */
  public static final Solver UNI_PC = new UniPc(2, false, true, true, Set.of());
  /** The refined exponential solver, multistep. */
  public static final Solver RES_MULTISTEP = new ResMultistep(0, 1, false);
  /** Gradient estimation with the paper's gamma of 2. */
  public static final Solver GRADIENT_ESTIMATION = new GradientEstimation(2, false);
  /** Extended reverse-time SDEs of three stages. */
  public static final Solver ER_SDE = new ErSde(3, 1);
  /** Euler's method with CFG++, for guidance of 1 to 2. */
  public static final Solver EULER_CFG_PLUS_PLUS = new EulerCfgPlusPlus(0, 1);
  /** Ancestral Euler steps for rectified flow. */
  public static final Solver FLOW_EULER_ANCESTRAL = new EulerAncestral.FlowEulerAncestral(1, 1);

  private Solvers() {}

  /** The midpoint method in log sigma. */
  public static Solver dpm2(TrainedSigmas table) {
    return new Dpm2(Churn.NONE, table::timestep);
  }

  /** The midpoint method in log sigma with ancestral noise. */
  public static Solver dpm2Ancestral(TrainedSigmas table) {
    return new Dpm2Ancestral(1, 1, table::timestep);
  }

  /** Single-step DPM-Solver++ of order 2 with ancestral noise. */
  public static Solver dpmPlusPlus2SAncestral(TrainedSigmas table) {
    return new DpmPlusPlus2SAncestral(1, 1, false, table::timestep);
  }

  /** Stochastic single-step DPM-Solver++. */
  public static Solver dpmPlusPlusSde(TrainedSigmas table) {
    return new DpmPlusPlusSde(1, 1, table::timestep);
  }

  /** The stochastic exponential solver of two stages. */
  public static Solver seeds2(TrainedSigmas table) {
    return new Seeds2(0.5, false, 1, 1, table::levelOfRatio, table::timestep);
  }

  /** The stochastic exponential solver of three stages. */
  public static Solver seeds3(TrainedSigmas table) {
    return new Seeds3(1, 1, table::levelOfRatio, table::timestep);
  }

  /** DPM-Solver that spends exactly so many calls. */
  public static Solver dpmFast(int calls, TrainedSigmas table) {
    return new DpmFast(DpmFast.ordersOf(calls), 0, 1, table::timestep);
  }

  /** Restart sampling from sigma 0.1 back to 2, so many steps and times. */
  public static Solver restart(int steps, int times, TrainedSigmas table) {
    return new Restart(0.1, 2, steps, times, table::timestep);
  }
}
