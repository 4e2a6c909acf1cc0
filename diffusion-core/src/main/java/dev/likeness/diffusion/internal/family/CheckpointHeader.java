package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The header of a checkpoint file, which determines its variant.
 *
 * @param names names and shapes
 * @param metadata the text metadata of the file
 * @param numbers reads the values of a small tensor from the file
 */
public record CheckpointHeader(
    TensorNames names, Map<String, String> metadata, Function<String, List<Double>> numbers) {}
