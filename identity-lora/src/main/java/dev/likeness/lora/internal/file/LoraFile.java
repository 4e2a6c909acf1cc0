package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A LoRA file of either form: safetensors, or a pickle of {@code torch.save}, which is read without
 * being run. The content decides, since people rename files.
 *
 * @param notes free text pairs: the safetensors header's, or the plain values of the pickle
 */
public record LoraFile(TensorSource tensors, Map<String, String> notes) implements AutoCloseable {
  private static final Pattern PEFT_WEIGHTS = Pattern.compile("adapter_model\\.[^.]+");

  public static LoraFile open(Path file) {
    if (isPickle(file)) {
      TorchPickle pickle = TorchPickle.open(file);
      return new LoraFile(
          TorchPickle.PickledAlphas.of(pickle), TorchPickle.PickledAlphas.texts(pickle));
    }
    Safetensors source = Safetensors.open(file);
    return new LoraFile(source, source.metadata());
  }

  private static boolean isPickle(Path file) {
    try {
      return UninterruptibleIo.read(file, LoraFile::beginsAsPickle);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static boolean beginsAsPickle(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      boolean zip = start.length == 2 && start[0] == 'P' && start[1] == 'K';
      boolean pickle =
          start.length == 2 && (start[0] & 0xFF) == 0x80 && start[1] > 0 && start[1] <= 5;
      // A safetensors file begins with the length of its header, whose first two bytes may be any.
      return (zip || pickle) && !hasHeader(in.readNBytes(7));
    }
  }

  /**
   * Whether bytes 3 to 9 of a file go on as a safetensors header's length and its opening brace do.
   */
  private static boolean hasHeader(byte[] next) {
    return next.length == 7 && next[6] == '{';
  }

  /**
   * peft's own settings beside {@code adapter_model.safetensors}, as text; empty when the file is
   * no such folder's.
   */
  static String settingsBeside(Path file) {
    Path settings = file.resolveSibling("adapter_config.json");
    boolean peft = file.getFileName() != null
        && PEFT_WEIGHTS.matcher(file.getFileName().toString()).matches();
    if (!peft || !Files.isRegularFile(settings)) {
      return "";
    }
    try {
      return UninterruptibleIo.read(settings, Files::readString);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + settings + ": " + Quoted.reason(e), e);
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
