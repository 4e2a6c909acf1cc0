package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.KeyMapping;
import java.util.Map;
import java.util.Optional;

/** The file format of a model of a family, for writing it. */
public interface ModelFormat {
  /**
   * Entries of {@code model_index.json} in addition to the components; a list of two nulls is a
   * missing one.
   */
  default Map<String, Object> index() {
    return Map.of();
  }

  /** Key names of a single file; empty if single files of the family are not written. */
  default Optional<SingleFile> singleFile() {
    return Optional.empty();
  }

  /** Key names of a single file. */
  interface SingleFile {
    /** The key mapping of a component's tensors. */
    KeyMapping layout(String component);

    /** Small tensors by which other programs recognise what shapes do not tell, by name. */
    default Map<String, float[]> marks() {
      return Map.of();
    }

    /** Returns true if a tensor of this name is a mark, whether this model has it or not. */
    default boolean isMark(String name) {
      return false;
    }

    /** Corrects the entries of the header by which other programs recognise the same facts. */
    default void describe(Map<String, String> metadata) {}

    /** The padding token of a text encoder's tokenizer that other programs assume. */
    String padding(String component);
  }
}
