package dev.likeness.diffusion.model;

import dev.likeness.diffusion.layout.KeyLayout;
import dev.likeness.diffusion.weights.ModelConfig;

/**
 * A network inside a single file.
 *
 * @param className its class in diffusers or transformers
 * @param config its configuration
 * @param layout where its tensors lie in the file
 */
public record Component(String className, ModelConfig config, KeyLayout layout) {}
