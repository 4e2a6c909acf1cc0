package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a {@code FluxControlNetModel}, by diffusers' names.
 *
 * @param trunk the shape of its blocks
 * @param modes how many kinds of pictures it was trained for and is told of; 0 when it is told
 *     nothing
 * @param hintChannels channels that its own layers make of the picture's pixels; 0 when it looks at
 *     latents
 */
public record FluxControlNetConfig(FluxConfig trunk, int modes, int hintChannels) {
  /**
   * Reads a ControlNet's {@code config.json}; an option that is not supported is refused by name.
   */
  public static FluxControlNetConfig of(ModelConfig c) {
    Map<String, Object> shared = new LinkedHashMap<>(c.values());
    int hint = c.integer("conditioning_embedding_channels", 0);
    List.of("conditioning_embedding_channels", "num_mode").forEach(shared::remove);
    if (hint > 0) {
      if (c.integer("patch_size", 1) != 2) {
        throw new InvalidInputException(c.where() + ": patch_size is " + c.integer("patch_size", 1)
            + ", expected 2 where conditioning_embedding_channels looks at pixels");
      }
      shared.remove("patch_size");
    }
    FluxConfig trunk = FluxConfig.of(ModelConfig.of(shared, c.where()));
    if (hint > 0 && 4 * hint != trunk.inChannels()) {
      throw new InvalidInputException(c.where() + ": conditioning_embedding_channels " + hint
          + " must be a quarter of in_channels " + trunk.inChannels());
    }
    return new FluxControlNetConfig(trunk, c.integer("num_mode", 0), hint);
  }
}
