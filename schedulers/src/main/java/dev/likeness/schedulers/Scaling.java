package dev.likeness.schedulers;

/**
 * How a network is called at one noise level and how its answer becomes a denoised sample:
 * {@code D~ = skip * x + out * network(in * x, timestep)} (Karras et al. 2022, arXiv:2206.00364,
 * equation 7).
 *
 * @param in the factor of the sample that the network is given
 * @param skip the factor of the unscaled sample in the denoised prediction
 * @param out the factor of the network's answer in the denoised prediction
 */
public record Scaling(double in, double skip, double out) {}
