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
import org.jspecify.annotations.Nullable;

/**
 * Converts models and tensor files between formats. If no target type is given, quantised and
 * scaled tensors become f32. All other tensors keep their types and their exact values.
 */
public final class CheckpointConverter {
  private CheckpointConverter() {}

  /**
   * Converts a model or a tensor file. If {@code out} ends in {@code .safetensors}, the result is
   * one file; otherwise it is a diffusers folder.
   *
   * <p>If input and output are single files, keys and metadata are kept. In a pickle, LoRA alphas
   * that are plain numbers become tensors, and other values that are not tensors become metadata.
   * If input and output are folders, {@code likeness.json} is copied.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, or if the target folder contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   */
  public static void convert(Path in, Path out) {
    write(in, out, null);
  }

  /**
   * Converts a model or a tensor file, and changes the type of its floating-point tensors.
   * {@link #convert(Path, Path)} describes the formats, and the data that are kept.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @param type the type of floating-point tensors in {@code out}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, if a value is too large for {@code type}, or if the target folder
   *     contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   */
  public static void convert(Path in, Path out, DType type) {
    write(in, out, type);
  }

  private static void write(Path in, Path out, @Nullable DType type) {
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
