package dev.likeness.examples.inspect;

import dev.likeness.diffusion.error.UnusableInput;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Looks at a file or folder and says what it is. */
public final class Inspector {
  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final byte[] GGUF = "GGUF".getBytes(StandardCharsets.US_ASCII);
  private static final int PICKLE_PROTOCOL = 0x80;

  private Inspector() {}

  /**
   * What {@code path} is, with its problems; a broken file is a finding, not a failure.
   *
   * @throws UnusableInput when there is nothing at {@code path}
   */
  public static Inspection inspect(Path path) {
    if (!Files.exists(path)) {
      throw new UnusableInput(path + " does not exist; give a safetensors file or a diffusers folder");
    }
    if (Files.isDirectory(path)) {
      return FolderInspection.of(path);
    }
    String foreign = foreignFormat(path);
    return foreign == null ? FileInspection.of(path) : Inspection.unusable(path, foreign,
        path + " is a " + foreign + " file, which is not read; give the safetensors file of the same model");
  }

  private static String foreignFormat(Path file) {
    byte[] head = head(file);
    if (Arrays.equals(head, GGUF)) {
      return "gguf";
    }
    boolean oldPickle = head.length > 1 && (head[0] & 255) == PICKLE_PROTOCOL && head[1] <= 5;
    if (Arrays.equals(head, ZIP) || oldPickle) {
      return "pickle";
    }
    return file.getFileName().toString().endsWith(".onnx") ? "onnx" : null;
  }

  private static byte[] head(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(ZIP.length);
    } catch (IOException e) {
      throw new UnusableInput("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
