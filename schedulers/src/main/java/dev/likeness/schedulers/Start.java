package dev.likeness.schedulers;

/**
 * How a plan that begins from an image makes its first sample: {@code x_0 = signal * x0 + noise *
 * n}.
 *
 * @param signal the factor of the clean image latents
 * @param noise the factor of unit Gaussian noise
 */
public record Start(double signal, double noise) {}
