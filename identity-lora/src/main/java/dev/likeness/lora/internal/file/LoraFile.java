package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.lora.file.KeyFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * An open LoRA file: safetensors, or a pickle of {@code torch.save}, whose code is not executed.
 * The content decides, because people rename files.
 *
 * @param metadata text entries: the header of safetensors, or the plain values of the pickle
 * @param tensors the tensors of the file
 */
public record LoraFile(TensorSource tensors, Map<String, String> metadata)
    implements AutoCloseable {
  private static final Pattern PEFT_WEIGHTS = Pattern.compile("adapter_model\\.[^.]+");

  /** The files of a folder that may be its LoRA: those of peft, then those of diffusers. */
  private static final List<String> FOLDER_FILES = List.of(
      "adapter_model.safetensors",
      "adapter_model.bin",
      "pytorch_lora_weights.safetensors",
      "pytorch_lora_weights.bin");

  /** The longest settings file, in bytes. Those of the largest bases stay below 1 MiB. */
  private static final long LONGEST_SETTINGS = 16L << 20;

  /**
   * Returns the file of weights: {@code file} itself, or the one in a folder that peft's
   * {@code save_pretrained} or diffusers' {@code save_lora_weights} wrote. A folder of the Hugging
   * Face cache stands for its snapshot.
   *
   * @throws InvalidInputException if a folder has no such file
   */
  public static Path weights(Path file) {
    if (!Files.isDirectory(file)) {
      return file;
    }
    Path folder = RepositoryFolder.HubCache.snapshot(file);
    String name = FOLDER_FILES.stream()
        .filter(one -> Files.exists(folder.resolve(one)))
        .findFirst()
        .orElseThrow(() -> new InvalidInputException(
            file + " is a folder without a LoRA; give a file, or a folder with "
                + FOLDER_FILES.get(0) + " or " + FOLDER_FILES.get(2)));
    return RepositoryFolder.of(folder).resolve(name, folder);
  }

  /**
   * Opens a file. Its tensors are checked when they are read: a value that is NaN or infinite is
   * refused.
   *
   * @throws InvalidInputException if it is no file of tensors
   */
  public static LoraFile open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(file
          + (Files.exists(file) ? " is not a regular file" : " does not exist")
          + "; give a LoRA as a safetensors file, or as a pickle of torch.save");
    }
    if (isPickle(file)) {
      TorchPickle pickle = TorchPickle.open(file);
      return new LoraFile(
          new TensorSource.Finite(TorchPickle.PickledAlphas.of(pickle)),
          TorchPickle.PickledAlphas.texts(pickle));
    }
    Safetensors source = Safetensors.open(file);
    return new LoraFile(new TensorSource.Finite(source), source.metadata());
  }

  /** Returns true if a key begins with a prefix that only LoRA files have. */
  public static boolean hasPrefix(String key) {
    return KeyPrefix.of(key)
        .filter(prefix -> prefix.keyFormat() == KeyFormat.KOHYA)
        .isPresent();
  }

  private static boolean isPickle(Path file) {
    try {
      return UninterruptibleIo.read(file, LoraFile::hasPickleSignature);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private static boolean hasPickleSignature(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      boolean zip = start.length == 2 && start[0] == 'P' && start[1] == 'K';
      boolean pickle =
          start.length == 2 && (start[0] & 0xFF) == 0x80 && start[1] > 0 && start[1] <= 5;
      // A safetensors file begins with the length of its header, whose first two bytes may have any
      // value.
      return (zip || pickle) && !hasHeader(in.readNBytes(7));
    }
  }

  /**
   * Returns true if bytes 3 to 9 of a file are the rest of the header length of a safetensors file
   * and its opening brace.
   */
  private static boolean hasHeader(byte[] next) {
    return next.length == 7 && next[6] == '{';
  }

  /**
   * Returns peft's settings beside {@code adapter_model.safetensors} as text; empty if there are
   * none.
   */
  static String readAdapterConfig(Path file) {
    Path settings = file.resolveSibling("adapter_config.json");
    boolean peft = file.getFileName() != null
        && PEFT_WEIGHTS.matcher(file.getFileName().toString()).matches();
    if (!peft || !Files.isRegularFile(settings)) {
      return "";
    }
    RepositoryFolder.of(settings.toAbsolutePath().getParent())
        .resolve(settings.getFileName().toString(), file);
    try {
      if (Files.size(settings) > LONGEST_SETTINGS) {
        throw new InvalidInputException(settings + " has " + Files.size(settings)
            + " bytes, expected at most " + LONGEST_SETTINGS + "; save the LoRA again");
      }
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
