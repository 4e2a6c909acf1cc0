package dev.likeness.diffusion.checkpoint;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.AtomicFolder;
import dev.likeness.diffusion.internal.io.FilePlace;
import dev.likeness.diffusion.internal.model.FolderWriter;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.SingleFile;
import dev.likeness.diffusion.internal.model.SingleFileWriter;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.model.TensorOutput;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Converts models and tensor files between formats. If no target type is given, quantised and
 * scaled tensors become f32. All other tensors keep their types and their exact values.
 */
public final class CheckpointConverter {
  /** Metadata of files that are trained on a person. */
  private static final Set<String> PERSON_KEYS = Set.of("likeness.consent", "likeness.class_word");

  private CheckpointConverter() {}

  /**
   * Converts a model or a tensor file. If {@code out} ends in {@code .safetensors}, the result is
   * one file; otherwise it is a diffusers folder.
   *
   * <p>If input and output are single files, keys and metadata are kept. In a pickle, LoRA alphas
   * that are plain numbers become tensors, and other values that are not tensors become metadata.
   * If input and output are folders, {@code likeness.json} is copied. If the input is private, or
   * is a file of a person, only the owner can read the files of the result.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @throws IllegalArgumentException if {@code out} is the same file or folder as {@code in}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, or if the target folder contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   */
  public static void convert(Path in, Path out) {
    convert(in, out, Run.silent());
  }

  /**
   * Converts a model or a tensor file, and changes the type of its floating-point tensors.
   * {@link #convert(Path, Path)} describes the formats, and the data that are kept.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @param type the type of floating-point tensors in {@code out}
   * @throws IllegalArgumentException if {@code out} is the same file or folder as {@code in}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, if a value is too large for {@code type}, or if the target folder
   *     contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   */
  public static void convert(Path in, Path out, DType type) {
    convert(in, out, type, Run.silent());
  }

  /**
   * Converts a model or a tensor file, as {@link #convert(Path, Path)} does, and can be cancelled.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @param run receives the outcome, and stops the conversion between two tensors if it is
   *     cancelled
   * @throws IllegalArgumentException if {@code out} is the same file or folder as {@code in}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, or if the target folder contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   * @throws dev.likeness.diffusion.error.CancelledException if it is cancelled; nothing is written
   *     then
   */
  public static void convert(Path in, Path out, Run run) {
    convert(in, out, new TensorOutput(null, isPrivate(in)), run);
  }

  /**
   * Converts a model or a tensor file, as {@link #convert(Path, Path, DType)} does, and can be
   * cancelled.
   *
   * @param in a diffusers folder, a single file of a model, or a file of tensors
   * @param out the file to write, which is replaced if it exists; or the folder to write, which
   *     must not contain a model
   * @param type the type of floating-point tensors in {@code out}
   * @param run receives the outcome, and stops the conversion between two tensors if it is
   *     cancelled
   * @throws IllegalArgumentException if {@code out} is the same file or folder as {@code in}
   * @throws dev.likeness.diffusion.error.InvalidInputException if the input is broken, if its
   *     format is not supported, if a value is too large for {@code type}, or if the target folder
   *     contains a model
   * @throws dev.likeness.diffusion.error.ResourceLimitException if {@code out} cannot be written,
   *     for example because the disk is full
   * @throws dev.likeness.diffusion.error.CancelledException if it is cancelled; nothing is written
   *     then
   */
  public static void convert(Path in, Path out, DType type, Run run) {
    convert(in, out, new TensorOutput(type, isPrivate(in)), run);
  }

  private static void convert(Path in, Path out, TensorOutput output, Run run) {
    run.report(() -> {
      write(in, out, output);
      return out;
    });
  }

  private static void write(Path in, Path out, TensorOutput output) {
    if (FilePlace.of(in).isSame(FilePlace.of(out))) {
      throw new IllegalArgumentException(
          out + " is the input of the conversion; give another place for the result");
    }
    boolean toFile = out.getFileName().toString().endsWith(".safetensors");
    if (toFile && !Files.isDirectory(in)) {
      convertFile(in, out, output);
      return;
    }
    ModelComponents files = ModelOpener.open(in);
    if (toFile) {
      SingleFileWriter.write(files, out, output);
      return;
    }
    if (Files.exists(out.resolve(FolderWriter.INDEX_FILE))) {
      throw new InvalidInputException(
          out + " already contains a model; give a folder that does not exist");
    }
    AtomicFolder.write(out, FolderWriter.INDEX_FILE, whole -> {
      FolderWriter.write(files, whole, output);
      if (files instanceof SingleFile file) {
        SingleFileWriter.UnusedTensors.keep(file, in, whole, output);
      }
    });
  }

  private static void convertFile(Path in, Path out, TensorOutput output) {
    try (TensorSource file = TensorFileFormat.open(in)) {
      if (file instanceof TorchPickle pickle) {
        output.writeCast(
            out, TorchPickle.PickledAlphas.of(pickle), TorchPickle.PickledAlphas.texts(pickle));
        return;
      }
      Map<String, String> metadata = TensorFileFormat.metadata(TensorFileFormat.list(in));
      boolean isPerson = metadata.keySet().stream().anyMatch(PERSON_KEYS::contains);
      new TensorOutput(output.type(), output.isPrivate() || isPerson)
          .writeCast(out, file, metadata);
    }
  }

  /** Returns true if others may not read a file, or a file of weights in a folder. */
  private static boolean isPrivate(Path in) {
    try (Stream<Path> files = Files.walk(in, 2)) {
      return files
          .filter(file -> file.equals(in) || file.toString().endsWith(".safetensors"))
          .filter(Files::isRegularFile)
          .anyMatch(AtomicFile::isPrivate);
    } catch (IOException | UncheckedIOException e) {
      // An input that cannot be listed is reported when it is opened.
      return false;
    }
  }
}
