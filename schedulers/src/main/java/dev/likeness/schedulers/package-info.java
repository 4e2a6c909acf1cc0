/**
 * Noise schedules, ladders and solvers of diffusion models as plain numbers: no tensor is ever seen
 * here.
 *
 * <p>Start with {@link dev.likeness.schedulers.SchedulerConfig}: it reads what a published
 * {@code scheduler_config.json} says and answers with a
 * {@link dev.likeness.schedulers.SamplingPlan}, an immutable table of
 * {@link dev.likeness.schedulers.Step rows}. Every row is linear: the network is called once on a
 * scaled sample, its answer becomes a denoised prediction, and the next sample is a sum over
 * earlier samples, denoised predictions and noise.
 * {@link dev.likeness.schedulers.NumericSamplingLoop} executes the rows on {@code double[]}; the
 * tensor sampler executes the same rows on libtorch.
 *
 * <p>Symbols used throughout: {@code x = alpha * x0 + sigma * n} is a sample at some noise level,
 * {@code x0} the clean image latents, {@code n} unit noise, {@code D} the network's estimate of
 * {@code x0}, {@code lambda = log(alpha / sigma)}.
 */
package dev.likeness.schedulers;
