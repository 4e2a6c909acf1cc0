/**
 * Solvers, written with the notation of their papers.
 *
 * <p>A {@link dev.likeness.schedulers.Solver} computes the next sample of a step as a
 * {@link dev.likeness.schedulers.Combination} of earlier samples, denoised predictions and noise. A
 * solver never computes with the values of a sample. It receives the sigma schedule and a
 * {@link dev.likeness.schedulers.PlanBuilder}, and returns coefficients. {@link Solvers} contains
 * the usual solvers with their usual settings. The records of this package accept the options of
 * the papers and reference implementations. A new solver is one class here, with a test against
 * stored numbers of its reference implementation.
 *
 * <pre>{@code
 * CustomScheduler scheduler = CustomScheduler.stableDiffusion(Prediction.EPSILON)
 *     .withSigmaSchedule(SigmaScheduleKind.KARRAS)
 *     .withSolver(Solvers.DPM_PLUS_PLUS_2M);
 * NumericSamplingLoop.Network zeros = (sample, timestep) -> new double[sample.length];
 * SamplingPlan plan = scheduler.plan(20);
 * double[] end = new NumericSamplingLoop(zeros, () -> new double[] {0})
 *     .sample(new double[] {plan.initNoiseSigma()}, plan);
 * }</pre>
 */
@NullMarked
package dev.likeness.schedulers.solvers;

import org.jspecify.annotations.NullMarked;
