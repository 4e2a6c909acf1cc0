package dev.likeness.diffusion.model;

import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.weights.Cast;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import dev.likeness.diffusion.weights.TensorSource;
import java.nio.file.Files;
import java.nio.file.Path;

/** From one form of a model, or of any file of tensors, to another; no bit of a tensor changes unless a type is asked for. */
public final class Conversion {
  private Conversion() {}

  /**
   * Converts {@code in} to {@code out}: a name that ends in {@code .safetensors} is one file, any other a diffusers folder.
   * A file becomes a file with its own names and metadata, so this also brings a pickle to safetensors.
   *
   * @param type what floating-point tensors become, or null to leave them
   * @throws dev.likeness.diffusion.error.UnusableInput when the input is broken or of no known kind
   */
  public static void convert(Path in, Path out, DType type) {
    boolean toFile = out.getFileName().toString().endsWith(".safetensors");
    if (toFile && !Files.isDirectory(in)) {
      try (TensorSource source = Cast.of(TensorFile.open(in), type)) {
        SafetensorsWriter.write(out, source, TensorFile.metadata(TensorFile.list(in)));
      }
      return;
    }
    ModelFiles files = ModelFiles.open(in);
    if (toFile) {
      SingleFileWriter.write(files, out, type);
      return;
    }
    FolderWriter.write(files, out, type);
    if (files instanceof SingleFile file) {
      Leftovers.keep(file, in, out);
    }
  }
}
