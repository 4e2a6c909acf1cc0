package dev.likeness.diffusion.checkpoint;

import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.model.FolderWriter;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.SingleFile;
import dev.likeness.diffusion.internal.model.SingleFileWriter;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * From one form of a model, or of any file of tensors, to another; no bit of a tensor changes
 * unless a type is asked for.
 */
public final class CheckpointConverter {
  private CheckpointConverter() {}

  /**
   * Converts {@code in} to {@code out}: a name that ends in {@code .safetensors} is one file, any
   * other a diffusers folder. A file becomes a file with its own names and metadata, so this also
   * brings a pickle to safetensors, plain alphas as tensors and its other values as metadata. A
   * folder's {@code likeness.json} comes along into a folder.
   *
   * @param type what floating-point tensors become, or null to leave them
   * @throws dev.likeness.diffusion.error.InvalidInputException when the input is broken or of no
   *     known kind
   */
  public static void convert(Path in, Path out, DType type) {
    boolean toFile = out.getFileName().toString().endsWith(".safetensors");
    if (toFile && !Files.isDirectory(in)) {
      convertFile(in, out, type);
      return;
    }
    ModelParts files = ModelOpener.open(in);
    if (toFile) {
      SingleFileWriter.write(files, out, type);
      return;
    }
    FolderWriter.write(files, out, type);
    if (files instanceof SingleFile file) {
      SingleFileWriter.UnusedTensors.keep(file, in, out);
    }
  }

  private static void convertFile(Path in, Path out, DType type) {
    try (TensorSource file = TensorFileFormat.open(in)) {
      if (file instanceof TorchPickle pickle) {
        SafetensorsWriter.write(
            out,
            TensorSource.Cast.of(TorchPickle.PickledAlphas.of(pickle), type),
            TorchPickle.PickledAlphas.texts(pickle));
      } else {
        SafetensorsWriter.write(
            out,
            TensorSource.Cast.of(file, type),
            TensorFileFormat.metadata(TensorFileFormat.list(in)));
      }
    }
  }
}
