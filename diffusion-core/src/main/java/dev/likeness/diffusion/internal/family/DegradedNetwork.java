package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.request.DegradedGuidance;
import java.util.Set;

/**
 * Capability: the network can be degraded on purpose, for guidance away from its answer.
 *
 * @param kinds of degraded guidance
 */
public record DegradedNetwork(Set<DegradedGuidance.Kind> kinds) {}
