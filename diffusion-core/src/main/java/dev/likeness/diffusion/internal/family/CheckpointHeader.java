package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The header of a checkpoint file, which determines its variant.
 *
 * @param names names and shapes
 * @param metadata the text metadata of the file
 * @param numbers reads the values of a small tensor from the file
 * @param parameterization what the network predicts, by a configuration beside the file: {@code v},
 *     {@code eps} or {@code x0}; empty without one
 */
public record CheckpointHeader(
    TensorNames names,
    Map<String, String> metadata,
    Function<String, List<Double>> numbers,
    Optional<String> parameterization) {}
