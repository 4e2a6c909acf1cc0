package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.lora.file.LoraInspection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * An open LoRA file: safetensors, or a pickle of {@code torch.save}, whose code is not executed.
 * The content decides, because people rename files.
 *
 * @param notes text entries: the header of safetensors, or the plain values of the pickle
 * @param tensors the tensors of the file
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
    try {
      return UninterruptibleIo.read(settings, Files::readString);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + settings + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * Refuses a file with an unused key. A LoRA that fits in part would generate another person.
   *
   * @throws InvalidInputException if there is such a key; the message names the first one, or the
   *     base that the file is for
   */
  public static void requireComplete(
      LoraInspection report, String file, String base, String baseFamily) {
    if (!LoraFamilyDetector.isCompatible(report.family(), baseFamily)) {
      throw new InvalidInputException(file + " is a LoRA for "
          + LoraFamilyDetector.title(report.family()) + ", but " + base + " is "
          + (baseFamily.equals(LoraFamilyDetector.UNKNOWN)
              ? "not"
              : LoraFamilyDetector.title(baseFamily))
          + "; open it with a base of "
          + LoraFamilyDetector.title(report.family()));
    }
    if (report.layers() == 0 && !report.textualInversions().isEmpty()) {
      throw new InvalidInputException(
          file + " is a textual inversion (" + String.join(", ", report.textualInversions())
              + "), not a LoRA; give it as an embedding");
    }
    if (!report.duplicates().isEmpty()) {
      throw new InvalidInputException(
          file + ": " + report.duplicates().get(0)
              + " are the same tensor of one layer, perhaps with different numbers; remove one of them");
    }
    if (!report.unmatched().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.unmatched().size() + " of "
          + (report.matched()
              + report.unmatched().size()
              + report.shapeMismatches().size())
          + " keys match no layer of " + base + ", e.g. " + report.unmatched().get(0)
          + "; the LoRA is for another base model, or its kind is not supported");
    }
    if (!report.shapeMismatches().isEmpty()) {
      throw new InvalidInputException(
          file + ": " + report.shapeMismatches().size() + " keys do not fit " + base + ", e.g. "
              + report.shapeMismatches().get(0) + "; the LoRA is for another base model");
    }
    if (!report.incomplete().isEmpty() && report.incomplete().get(0).endsWith(LoraReader.BIAS)) {
      throw new InvalidInputException(file + " changes " + report.incomplete().get(0)
          + ", and that layer of " + base + " has none; give the base that it was made for");
    }
    if (!report.incomplete().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.incomplete().get(0)
          + " does not have all factors with one rank; the file is incomplete");
    }
    if (report.layers() == 0 && !report.ignored().isEmpty()) {
      throw new InvalidInputException(file + " changes nothing in " + base + ", which has no "
          + report.ignored().get(0) + "; open it with a base that has this layer");
    }
    if (report.layers() == 0) {
      throw new InvalidInputException(
          file + " is not a LoRA: no key ends like that of a LoRA, e.g. .lora_A.weight");
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
