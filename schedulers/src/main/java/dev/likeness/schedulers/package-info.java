/**
 * Noise schedules, sigma schedules, solvers and sampling plans as plain numbers. No type of this
 * module uses tensors.
 *
 * <p>Start with {@link SchedulerConfig}. It is made from a parsed {@code scheduler_config.json} or
 * from the name of a scheduler. It returns a {@link SamplingPlan}, an immutable table of
 * {@link Step rows}. Every row calls the network once on a scaled sample and turns the output into
 * a denoised prediction. The next sample is a weighted sum of earlier samples, denoised predictions
 * and noise. A {@link CustomScheduler} combines a {@link SigmaScheduleKind} with a {@link Solver}.
 * {@link NumericSamplingLoop} executes a plan on {@code double[]}; the sampling loop of
 * {@code likeness-diffusion-core} executes the same plan on tensors. A {@link SchedulerProvider} is
 * a service that adds scheduler classes.
 *
 * <pre>{@code
 * SchedulerConfig euler = SchedulerConfig.named("EulerDiscreteScheduler");
 * SamplingPlan plan = euler.with("use_karras_sigmas", true).plan(20);
 * System.out.println(plan);        // timestep, sigma and coefficients of each row
 * System.out.println(plan.plot()); // sigmas over the steps
 * }</pre>
 *
 * <p>This module uses these symbols: {@code x = alpha * x0 + sigma * n} is a sample at a noise
 * level, {@code x0} the clean image latents, {@code n} unit noise, {@code D} the network's estimate
 * of {@code x0}, {@code lambda = log(alpha / sigma)}.
 */
@NullMarked
package dev.likeness.schedulers;

import org.jspecify.annotations.NullMarked;
