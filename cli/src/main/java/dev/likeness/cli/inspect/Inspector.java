package dev.likeness.cli.inspect;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.imagefile.CheckedImage;
import dev.likeness.provenance.Provenance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Inspects a file or folder. */
public final class Inspector {
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};
  private static final byte[] RIFF = {'R', 'I', 'F', 'F'};
  private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};

  private Inspector() {}

  /**
   * Inspects a file or folder. A broken file gives a result with problems, not an exception.
   *
   * @throws InvalidInputException if {@code path} does not exist
   */
  public static CheckpointInspection inspect(Path path) {
    if (!Files.exists(path)) {
      throw new InvalidInputException(
          path + " does not exist; give a file of weights, an image or a diffusers folder");
    }
    if (Files.isDirectory(path)) {
      return NetworkInspection.isOne(path) ? NetworkInspection.of(path) : FolderInspection.of(path);
    }
    String image = imageFormat(path);
    if (image != null) {
      return ImageInspection.of(path, image);
    }
    return path.getFileName().toString().endsWith(".onnx")
        ? CheckpointInspection.unusable(
            path,
            "onnx",
            path
                + " is an ONNX file, which cannot be read here; give the safetensors file of the same model")
        : FileInspection.of(path);
  }

  private static String imageFormat(Path file) {
    byte[] start = ModelFile.head(file, 12);
    byte[] head = Arrays.copyOf(start, Math.min(start.length, PNG.length));
    if (Arrays.equals(head, PNG)) {
      return "png";
    }
    // The length of a safetensors header may begin as JPEG XL does; its brace follows.
    Optional<CheckedImage.Foreign> foreign = CheckedImage.Foreign.of(start);
    if (foreign.isPresent() && (start.length < 9 || start[8] != '{')) {
      return foreign.get().label();
    }
    if (head.length > 2 && head[0] == JPEG[0] && head[1] == JPEG[1] && head[2] == JPEG[2]) {
      return "jpeg";
    }
    // A RIFF file is WebP or nothing that is read.
    return Arrays.equals(head, RIFF) ? "webp" : null;
  }

  /** Inspects the content credentials of an image. */
  static final class ImageInspection {
    static final String KIND = "image";

    private ImageInspection() {}

    static CheckpointInspection of(Path file, String format) {
      try {
        Provenance found = Provenance.inspect(file);
        List<String> problems = !found.isAltered()
            ? List.of()
            : found.manifest().orElseThrow().isWeak()
                ? List.of(
                    file + " is signed with a key or digest too weak to trust; ask for a file "
                        + "with a stronger signature")
                : List.of(file + " was altered after it was signed, or its "
                    + "manifest is broken: "
                    + String.join(", ", found.manifest().orElseThrow().faults())
                    + "; ask for the original file");
        return new CheckpointInspection(
            file, KIND, "none", format, 0, Map.of(), found.toMap(), problems);
      } catch (InvalidInputException e) {
        return new CheckpointInspection(
            file, KIND, "none", format, 0, Map.of(), Map.of(), List.of(e.getMessage()));
      }
    }
  }
}
