package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The header of a checkpoint file, by which its variant is told.
 *
 * @param names names and shapes
 * @param metadata text that the file says about itself
 * @param numbers reads a small tensor's numbers from the file
 */
public record CheckpointHeader(
    TensorNames names, Map<String, String> metadata, Function<String, List<Double>> numbers) {}
