package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.KeyMapping;
import java.util.Map;
import java.util.Optional;

/** How a model of a family is written to files. */
public interface ModelFormat {
  /**
   * Entries of {@code model_index.json} beyond the model's components; a list of two nulls stands
   * for one that it lacks.
   */
  default Map<String, Object> index() {
    return Map.of();
  }

  /** Key names of a single file; empty for families of which none are written. */
  default Optional<SingleFile> singleFile() {
    return Optional.empty();
  }

  /** Key names of a single file. */
  interface SingleFile {
    /** Where the tensors of a component lie. */
    KeyMapping layout(String component);

    /** The padding token that readers take a text encoder's tokenizer to have. */
    String padding(String component);
  }
}
