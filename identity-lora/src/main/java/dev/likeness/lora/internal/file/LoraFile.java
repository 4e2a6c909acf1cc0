package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.lora.file.LoraInspection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An open LoRA file: safetensors, or a pickle of {@code torch.save}, whose code is not executed.
 * The content decides, because people rename files.
 *
 * @param notes text entries: the header of safetensors, or the plain values of the pickle
 * @param tensors the tensors of the file
 */
public record LoraFile(TensorSource tensors, Map<String, String> notes) implements AutoCloseable {
  private static final int MOST_NAMED = 5;
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
   * Algorithms of peft that are not supported, by the beginning of the names of their tensors.
   * Names of peft 0.21.
   */
  private static final Map<String, String> UNSUPPORTED = Map.ofEntries(
      Map.entry("vera_", "VeRA"),
      Map.entry("pvera_", "PVeRA"),
      Map.entry("hra_", "HRA"),
      Map.entry("fourierft_", "FourierFT"),
      Map.entry("randlora_", "RandLoRA"),
      Map.entry("vblora_", "VB-LoRA"),
      Map.entry("c3a_", "C3A"),
      Map.entry("miss_", "MiSS"),
      Map.entry("bone_", "Bone"),
      Map.entry("shira_", "SHiRA"),
      Map.entry("road_", "RoAd"),
      Map.entry("waveft_", "WaveFT"),
      Map.entry("delora_", "DeLoRA"),
      Map.entry("gralora_", "GraLoRA"),
      Map.entry("hira_", "HiRA"),
      Map.entry("ln_tuning_", "layer norm tuning"),
      Map.entry("trainable_tokens_", "trainable tokens"),
      Map.entry("poly_", "Poly"));

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

  /**
   * Refuses a file with an unused key. A LoRA that fits in part would generate another person.
   *
   * @throws InvalidInputException if there is such a key; the message names the first one, or the
   *     base that the file is for
   */
  public static void requireComplete(
      LoraInspection report, String file, String base, String baseFamily) {
    if (!LoraFamilyDetector.isCompatible(report.family(), baseFamily)) {
      String title = LoraFamilyDetector.title(report.family());
      throw new InvalidInputException(file + " is a LoRA for " + title + ", but the base " + base
          + " is "
          + (baseFamily.equals(LoraFamilyDetector.UNKNOWN)
              ? "of another family"
              : LoraFamilyDetector.title(baseFamily))
          + "; "
          + (LoraFamilyDetector.kind(report.family()).isPresent()
              ? "use the LoRA with a base of " + title
              : "bases of " + title + " are not supported; use another LoRA"));
    }
    if (report.layers() == 0 && !report.textualInversions().isEmpty()) {
      throw new InvalidInputException(file + " is a textual inversion ("
          + report.textualInversions().stream()
              .limit(MOST_NAMED)
              .map(Quoted::of)
              .collect(Collectors.joining(", "))
          + "), not a LoRA; give it as an embedding");
    }
    if (!report.duplicates().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.duplicates().get(0)
          + " name the same tensor of one layer; save the LoRA again, with one adapter a file and"
          + " one key format");
    }
    refuseUnsupported(report, file);
    if (!report.unmatched().isEmpty()) {
      throw new InvalidInputException(file + ": keys that match no layer of " + base + ": "
          + report.unmatched().size() + " of "
          + (report.matched()
              + report.unmatched().size()
              + report.shapeMismatches().size())
          + ", e.g. "
          + Quoted.of(report.unmatched().get(0))
          + "; the LoRA is for another base model, or its kind is not supported; give a LoRA for"
          + " this base");
    }
    if (!report.shapeMismatches().isEmpty()) {
      throw new InvalidInputException(file + " has keys that do not fit " + base + " ("
          + report.shapeMismatches().size() + ", e.g. "
          + report.shapeMismatches().get(0)
          + "); the LoRA is for another base model; give a LoRA for this base");
    }
    if (!report.incomplete().isEmpty() && report.incomplete().get(0).endsWith(LoraReader.BIAS)) {
      throw new InvalidInputException(file + " changes " + report.incomplete().get(0)
          + ", but that layer of " + base + " has no bias; give the base that the LoRA was made"
          + " for");
    }
    if (!report.incomplete().isEmpty()) {
      throw new InvalidInputException(file + ": " + report.incomplete().get(0)
          + " lacks a factor, or its factors differ in rank; download the file again");
    }
    if (report.layers() == 0 && !report.ignored().isEmpty()) {
      throw new InvalidInputException(file + " changes nothing in " + base + ", which has no "
          + Quoted.of(report.ignored().get(0)) + "; open the file with a base that has this layer");
    }
    if (report.layers() == 0) {
      throw new InvalidInputException(
          file + " is not a LoRA: no key ends like a LoRA key, e.g. .lora_A.weight; give a LoRA"
              + " file");
    }
  }

  private static void refuseUnsupported(LoraInspection report, String file) {
    for (String key : report.unmatched()) {
      for (String part : key.split("\\.")) {
        for (Map.Entry<String, String> kind : UNSUPPORTED.entrySet()) {
          if (part.startsWith(kind.getKey())) {
            throw new InvalidInputException(file + " is an adapter of the kind " + kind.getValue()
                + " (" + Quoted.of(key) + "), which is not supported; give a LoRA, or an AdaLoRA,"
                + " LoHa, LoKr, GLoRA, OFT, BOFT or IA3");
          }
        }
      }
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
