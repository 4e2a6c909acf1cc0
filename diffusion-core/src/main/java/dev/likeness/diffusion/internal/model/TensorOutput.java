package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.Map;

/**
 * How a conversion writes tensors.
 *
 * @param type the type of floating-point tensors; null for their own types
 * @param isPrivate true if only the owner may read the files, because the source is private
 */
public record TensorOutput(DType type, boolean isPrivate) {
  /** Returns {@code source} in the type of this output. */
  TensorSource cast(TensorSource source) {
    return TensorSource.Cast.of(source, type);
  }

  /** Writes the tensors of {@code source}, reading one at a time, without casting them. */
  public void write(Path file, TensorSource source, Map<String, String> metadata) {
    if (isPrivate) {
      SafetensorsWriter.writePrivate(file, source, metadata);
    } else {
      SafetensorsWriter.write(file, source, metadata);
    }
  }

  /** Writes the tensors of {@code source} in the type of this output. */
  public void writeCast(Path file, TensorSource source, Map<String, String> metadata) {
    write(file, cast(source), metadata);
  }
}
