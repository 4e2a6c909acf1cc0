package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ModelConfig;

/**
 * A network inside a single file.
 *
 * @param className its class in diffusers or transformers
 * @param config its configuration
 * @param layout where its tensors lie in the file
 */
public record Component(String className, ModelConfig config, KeyMapping layout) {}
