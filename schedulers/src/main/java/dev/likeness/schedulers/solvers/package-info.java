/**
 * Solvers, one in each file, written as in their papers.
 *
 * <p>A {@link dev.likeness.schedulers.Solver} computes the next sample of a step as a
 * {@link dev.likeness.schedulers.Combination} of earlier samples, denoised predictions and noise.
 * It never sees a sample: it gets the sigma schedule and a
 * {@link dev.likeness.schedulers.PlanBuilder}, and returns coefficients. {@link Solvers} has the
 * usual ones ready to use; the records of this package take every option that the papers and
 * reference implementations name. A new solver is one class here, with one golden of its reference.
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
package dev.likeness.schedulers.solvers;
