package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.ipadapter.internal.file.AdapterHeader;
import dev.likeness.ipadapter.internal.file.AdapterKeyFormat;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import dev.likeness.ipadapter.internal.file.AdapterType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An IP-Adapter's file, and what its bytes cannot say. Immutable; the methods named like settings
 * return another one.
 *
 * @param path a safetensors file or a pickled {@code .bin}
 * @param version which FaceID-Plus it is, or null when its name says
 * @param lora the LoRA that FaceID was trained with, taken instead of one inside the file; or null
 *     when it is inside or beside it
 * @param withoutLora whether a FaceID adapter may be used without its LoRA
 */
public record IpAdapterFile(Path path, FaceIdPlusVersion version, Path lora, boolean withoutLora) {
  /** Where the header of a file says the family of the image encoder that it was trained with. */
  public static final String FAMILY = "likeness.encoder_family";
  /** Where it says how it was trained, if by this library. */
  public static final String RECIPE = "likeness.recipe";

  /** The file with nothing said about it. */
  public static IpAdapterFile of(Path path) {
    return new IpAdapterFile(path, null, null, false);
  }

  /** Which FaceID-Plus it is. */
  public IpAdapterFile version(FaceIdPlusVersion which) {
    return new IpAdapterFile(path, which, lora, withoutLora);
  }

  /** FaceID's LoRA in a file of its own. */
  public IpAdapterFile lora(Path file) {
    return new IpAdapterFile(path, version, file, false);
  }

  /** Draws without FaceID's LoRA, which costs likeness. */
  public IpAdapterFile without() {
    return new IpAdapterFile(path, version, null, true);
  }

  /**
   * Its tensors under their published names; reads no weight. The caller closes it.
   *
   * @throws InvalidInputException when the file is broken or something other than an IP-Adapter
   */
  public TensorSource open() {
    TensorSource source = published(path);
    try {
      AdapterType.check(source);
      return source;
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static TensorSource published(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidInputException(
          file + " is not a file; give an IP-Adapter's .safetensors or .bin file");
    }
    boolean safe = file.getFileName().toString().endsWith(".safetensors");
    TensorSource source = safe ? Safetensors.open(file) : TorchPickle.open(file);
    try {
      return AdapterKeyFormat.published(source);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /** What its header says. */
  public AdapterLayout layout() {
    try (TensorSource source = open()) {
      return layout(source);
    }
  }

  /** What the header of {@link #open} says. */
  public AdapterLayout layout(TensorSource source) {
    return new AdapterHeader(source, path.getFileName().toString()).layout();
  }

  /**
   * Which FaceID-Plus it is: as said, else by its name.
   *
   * @throws InvalidInputException when neither says
   */
  public FaceIdPlusVersion faceVersion() {
    return Optional.ofNullable(version)
        .or(() -> FaceIdPlusVersion.of(path.getFileName().toString()))
        .orElseThrow(() -> new InvalidInputException(path
            + " may be FaceID-Plus or FaceID-Plus v2, whose files look alike; put plusv2 or plus_sd15 into its name"
            + " (programs also say it by AdapterFile.version)"));
  }

  /**
   * The family of the image encoder that it was trained with, where a training of this library
   * wrote it.
   */
  public Optional<String> family() {
    return Optional.ofNullable(metadata().get(FAMILY));
  }

  /** Whether a training of this library wrote it. */
  public boolean taughtHere() {
    return metadata().containsKey(RECIPE);
  }

  private Map<String, String> metadata() {
    boolean safe = path.getFileName().toString().endsWith(".safetensors");
    return safe ? SafetensorsHeader.read(path).metadata() : Map.of();
  }

  /** Whether a LoRA inside the file is to be used: nothing else was said. */
  public boolean usesOwnLora() {
    return lora == null && !withoutLora;
  }

  /**
   * The LoRA beside the adapter's file, when that inside is not to be used or is missing: as said,
   * else the file beside it with {@code _lora} in its name; empty when it is to be left out.
   *
   * @throws InvalidInputException when there is none
   */
  public Optional<Path> twin() {
    if (lora != null || withoutLora) {
      return Optional.ofNullable(lora);
    }
    String stem = path.getFileName().toString().replaceFirst("\\.(safetensors|bin)$", "");
    Path beside = path.resolveSibling(stem + "_lora.safetensors");
    if (!Files.isRegularFile(beside)) {
      throw new InvalidInputException(
          path + " was trained together with a LoRA that is neither inside it nor beside it as "
              + beside.getFileName()
              + "; put it there under that name (programs also name it or leave it out:"
              + " AdapterFile.lora, without)");
    }
    return Optional.of(beside);
  }

  /**
   * The two FaceID-Plus that share one file layout: the second adds the plain face tokens to the
   * refined ones.
   */
  public enum FaceIdPlusVersion {
    V1,
    V2;

    private static final Pattern SECOND = Pattern.compile("plus[-_ .]?v2");
    private static final Pattern FIRST =
        Pattern.compile("plus(?:[-_ .]?v1|[-_ ](?:sd15|sdxl)|\\.)");

    private static final Pattern ANY_SECOND = Pattern.compile("v2(?![0-9])");

    /** The version that a file's name speaks of, if it does. */
    static Optional<FaceIdPlusVersion> of(String fileName) {
      String name = fileName.toLowerCase(Locale.ROOT);
      if (SECOND.matcher(name).find()) {
        return Optional.of(V2);
      }
      // A second version of something else, or of this: better asked than guessed.
      return FIRST.matcher(name).find() && !ANY_SECOND.matcher(name).find()
          ? Optional.of(V1)
          : Optional.empty();
    }
  }
}
