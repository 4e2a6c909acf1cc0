package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.ipadapter.internal.file.AdapterCompatibility;
import dev.likeness.ipadapter.internal.file.AdapterHeader;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.photos.embed.EmbedderSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The file of an IP-Adapter, with the settings that the file does not contain. Immutable; setters
 * return a changed copy.
 *
 * @param path a safetensors file or a pickled {@code .bin}
 * @param version FaceID-Plus version, or null if the file name tells it
 * @param lora the LoRA that FaceID was trained with, used instead of one inside the file; null if
 *     it is inside or beside the file
 * @param ignoresLora whether a FaceID adapter may be used without its LoRA
 */
public record IpAdapterFile(Path path, FaceIdPlusVersion version, Path lora, boolean ignoresLora) {
  /**
   * What an adapter's header says of its kind.
   *
   * @param title its published name, such as {@code IP-Adapter Plus}
   * @param looksAtImages whether it needs an image encoder
   * @param looksAtFaces whether it needs a face recogniser
   * @param description its name, the bases that it is made for, and its number of attentions
   */
  public record Kind(
      String title, boolean looksAtImages, boolean looksAtFaces, String description) {
    private static Kind of(AdapterLayout layout) {
      return new Kind(
          layout.variant().title(),
          layout.variant().imageInput() != IpAdapterVariant.ImageInput.NONE,
          layout.variant().needsFace(),
          layout.describe());
    }
  }

  /** Returns the file without further settings. */
  public static IpAdapterFile of(Path path) {
    return new IpAdapterFile(path, null, null, false);
  }

  /** Returns the file with an explicit FaceID-Plus version. */
  public IpAdapterFile version(FaceIdPlusVersion which) {
    return new IpAdapterFile(path, which, lora, ignoresLora);
  }

  /** Returns the file with a separate file for FaceID's LoRA. */
  public IpAdapterFile lora(Path file) {
    return new IpAdapterFile(path, version, file, false);
  }

  /** Returns the file without FaceID's LoRA. The likeness is lower. */
  public IpAdapterFile ignoreLora() {
    return new IpAdapterFile(path, version, null, true);
  }

  /**
   * Reads the kind of the adapter from the file header. It reads no weights.
   *
   * @throws InvalidInputException if the file is broken or is not an IP-Adapter
   */
  public Kind kind() {
    return Kind.of(layout());
  }

  /**
   * Checks by the file header that the adapter can be used with a base.
   *
   * @param base the base model
   * @return the kind of the adapter
   * @throws InvalidInputException if the base is of another family, the FaceID-Plus version is
   *     unknown, FaceID's LoRA is missing, or the file is broken
   */
  public Kind requireFor(BaseModel base) {
    return Kind.of(layoutFor(base));
  }

  /**
   * Checks by its configuration that an image encoder fits the adapter.
   *
   * @param folder the encoder's folder or file; null if the adapter needs none
   * @throws InvalidInputException if the encoder is missing, broken or another one
   */
  public void requireEncoder(Path folder) {
    AdapterLayout layout = layout();
    boolean looks = layout.imageWidth() > 0 && folder != null;
    requireEncoder(
        layout, looks ? LoadedImageEncoder.config(folder) : null, String.valueOf(folder));
  }

  void requireEncoder(AdapterLayout layout, VisionConfig encoder, String folder) {
    Optional<String> trained =
        Optional.ofNullable(AdapterHeader.metadata(path).get(AdapterHeader.FAMILY));
    AdapterCompatibility.check(path.toString(), layout, trained, encoder, folder);
  }

  void requireRecogniser(EmbedderSpec spec, Path recogniser) {
    boolean ours = AdapterHeader.metadata(path).containsKey(AdapterHeader.RECIPE);
    AdapterCompatibility.checkFaceEmbedder(path.toString(), layout(), ours, spec, recogniser);
  }

  AdapterLayout layout() {
    return AdapterHeader.layout(path);
  }

  AdapterLayout layoutFor(BaseModel base) {
    AdapterLayout layout = layout();
    AdapterCompatibility.check(
        path.toString(), layout, AdapterSites.of(base).forVariant(layout.variant()));
    if (layout.variant() == IpAdapterVariant.FACE_ID_PLUS) {
      faceVersion();
    }
    loraFile(layout);
    return layout;
  }

  /**
   * Which FaceID-Plus it is: as said, else by its name.
   *
   * @throws InvalidInputException when neither says
   */
  FaceIdPlusVersion faceVersion() {
    return Optional.ofNullable(version)
        .or(() -> FaceIdPlusVersion.of(path.getFileName().toString()))
        .orElseThrow(() -> new InvalidInputException(path
            + " may be FaceID-Plus or FaceID-Plus v2, whose files look alike; put plusv2 or plus_sd15 into its name"
            + " (programs also say it by IpAdapterFile.version)"));
  }

  /** Whether the LoRA inside the file is to be used: it has one and no other was given. */
  boolean usesLoraOf(AdapterLayout layout) {
    return layout.hasLora() && usesOwnLora();
  }

  private boolean usesOwnLora() {
    return lora == null && !ignoresLora;
  }

  /**
   * The LoRA in a file of its own that the adapter is used with; empty if it is inside, or none is
   * used.
   *
   * @throws InvalidInputException if one is needed and missing, or one is given that the kind
   *     cannot have
   */
  Optional<Path> loraFile(AdapterLayout layout) {
    boolean inside = usesLoraOf(layout);
    if (layout.variant().family().network().component() != ModelComponent.UNET
        && (inside || lora != null)) {
      throw new InvalidInputException(
          path + " is " + layout.describe() + ", which has no LoRA of its own, and one is "
              + (inside
                  ? "inside it; give a file without it (programs also leave it out: IpAdapterFile.ignoreLora)"
                  : "named, " + lora + "; give it to the request"));
    }
    return inside || usesOwnLora() && !layout.variant().needsLora() ? Optional.empty() : loraFile();
  }

  /**
   * The LoRA beside the adapter's file, when that inside is not to be used or is missing: as said,
   * else the file beside it with {@code _lora} in its name; empty when it is to be left out.
   *
   * @throws InvalidInputException when there is none
   */
  private Optional<Path> loraFile() {
    if (lora != null || ignoresLora) {
      return Optional.ofNullable(lora);
    }
    String stem = path.getFileName().toString().replaceFirst("\\.(safetensors|bin)$", "");
    Path beside = path.resolveSibling(stem + "_lora.safetensors");
    if (!Files.isRegularFile(beside)) {
      throw new InvalidInputException(
          path + " was trained together with a LoRA that is neither inside it nor beside it as "
              + beside.getFileName()
              + "; put it there under that name (programs also name it or leave it out:"
              + " IpAdapterFile.lora, ignoreLora)");
    }
    return Optional.of(beside);
  }

  /**
   * The version of a FaceID-Plus adapter. Both versions have the same file layout; V2 also adds the
   * plain face tokens to the refined ones.
   */
  public enum FaceIdPlusVersion {
    V1,
    V2;

    private static final Pattern V2_NAME = Pattern.compile("plus[-_ .]?v2");
    private static final Pattern V1_NAME =
        Pattern.compile("plus(?:[-_ .]?v1|[-_ ](?:sd15|sdxl)|\\.)");

    private static final Pattern ANY_V2 = Pattern.compile("v2(?![0-9])");

    /** The version that a file's name speaks of, if it does. */
    static Optional<FaceIdPlusVersion> of(String fileName) {
      String name = fileName.toLowerCase(Locale.ROOT);
      if (V2_NAME.matcher(name).find()) {
        return Optional.of(V2);
      }
      // A second version of something else, or of this: better asked than guessed.
      return V1_NAME.matcher(name).find() && !ANY_V2.matcher(name).find()
          ? Optional.of(V1)
          : Optional.empty();
    }
  }
}
