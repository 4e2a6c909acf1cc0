package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.photos.embed.EmbedderSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The file of an IP-Adapter, with settings that cannot be read from the file. Immutable; methods
 * that change settings return a changed copy.
 *
 * @param path a safetensors file or a pickled {@code .bin}
 * @param version the FaceID-Plus version; empty to read it from the file name
 * @param lora a separate file of the LoRA that FaceID was trained with; empty if the LoRA is inside
 *     or beside the adapter file
 * @param ignoresLora true to use a FaceID adapter without its LoRA
 * @param faceParser the face parser that PuLID needs; empty if it is not given
 */
public record IpAdapterFile(
    Path path,
    Optional<FaceIdPlusVersion> version,
    Optional<Path> lora,
    boolean ignoresLora,
    Optional<Path> faceParser) {
  /**
   * The kind of an adapter, read from the file header.
   *
   * @param title the published name, such as {@code IP-Adapter Plus}
   * @param named the published name with its article, such as {@code an IP-Adapter Plus}
   * @param needsImageEncoder true if the adapter needs an image encoder
   * @param needsFaceParser true if the image encoder is {@link ImageEncoder#ofFaces}, which needs a
   *     face parser
   * @param needsFaceEmbedder true if the adapter needs a face embedder
   * @param controlNet the method's own ControlNet, which {@link ImagePrompt#withControl} takes;
   *     empty if the method has none
   * @param method one of {@link #methods()}
   * @param weight the weight that the authors of the method use; empty if they name none
   * @param description the name, the kind of base that the adapter was made for, and the number of
   *     attention layers
   */
  public record Kind(
      String title,
      String named,
      boolean needsImageEncoder,
      boolean needsFaceParser,
      boolean needsFaceEmbedder,
      Optional<OwnControlNet> controlNet,
      String method,
      OptionalDouble weight,
      String description) {
    /**
     * The ControlNet of a method.
     *
     * @param folder its published folder, such as {@code ControlNetModel} of InstantID
     * @param scale the scale that the authors of the method use
     * @param isRequired true if the method acts through its ControlNet alone, as InfiniteYou does
     * @param place where it is published, in words
     */
    public record OwnControlNet(String folder, double scale, boolean isRequired, String place) {}

    static Kind of(AdapterLayout layout) {
      return new Kind(
          layout.method().title(),
          layout.method().named(),
          layout.needsEncoder() || layout.needsFaceFeatures(),
          layout.needsFaceFeatures(),
          layout.needsFace(),
          layout
              .method()
              .controlNet()
              .map(net -> new OwnControlNet(
                  net.folder(),
                  net.scale(),
                  net.isAlone(),
                  layout.published(PublishedFile.Part.CONTROL_NET).words())),
          layout.method().word(),
          layout.method().defaults().weight(),
          layout.describe());
    }
  }

  /**
   * {@return the names of the methods whose files are opened, such as {@code instantid}} The name
   * {@code ipadapter} stands for all kinds of IP-Adapters.
   */
  public static List<String> methods() {
    return Stream.concat(
            Stream.of(IdentityMethod.IP_ADAPTER),
            MethodRegistry.methods().stream().map(IdentityMethod::word).sorted())
        .distinct()
        .toList();
  }

  /**
   * Returns an adapter file without further settings.
   *
   * @param path a safetensors file or a pickled {@code .bin}
   * @return the adapter file; the LoRA of a FaceID adapter is read from this file or from a file
   *     beside it
   */
  public static IpAdapterFile of(Path path) {
    return new IpAdapterFile(path, Optional.empty(), Optional.empty(), false, Optional.empty());
  }

  /**
   * Returns a copy with the given FaceID-Plus version.
   *
   * @param which the version; needed if the file name does not contain it
   * @return a changed copy
   */
  public IpAdapterFile version(FaceIdPlusVersion which) {
    return new IpAdapterFile(path, Optional.of(which), lora, ignoresLora, faceParser);
  }

  /**
   * Returns a copy that reads FaceID's LoRA from a separate file.
   *
   * @param file the LoRA file, used instead of a LoRA inside or beside the adapter file
   * @return a changed copy
   */
  public IpAdapterFile lora(Path file) {
    return new IpAdapterFile(path, version, Optional.of(file), false, faceParser);
  }

  /**
   * Returns a copy that is used without FaceID's LoRA. The person's likeness in images is then
   * lower.
   *
   * @return a changed copy
   */
  public IpAdapterFile ignoreLora() {
    return new IpAdapterFile(path, version, Optional.empty(), true, faceParser);
  }

  /**
   * Returns a copy with the face parser that PuLID needs beside its image encoder.
   *
   * @param file facexlib's {@code parsing_bisenet.pth}, a safetensors file with the same names, or
   *     an ONNX file for faces of 512 by 512 pixels
   * @return a changed copy
   */
  public IpAdapterFile faceParser(Path file) {
    return new IpAdapterFile(path, version, lora, ignoresLora, Optional.of(file));
  }

  /**
   * Reads the kind of the adapter from the file header. It reads no weights.
   *
   * @return the kind of the adapter
   * @throws InvalidInputException if the file is broken or is not an IP-Adapter
   */
  public Kind kind() {
    return Kind.of(layout());
  }

  /**
   * Checks that the adapter can be used with a base. Only the file header is read.
   *
   * @param base the base model
   * @return the kind of the adapter
   * @throws InvalidInputException if the adapter was made for another kind of base, the FaceID-Plus
   *     version is unknown, FaceID's LoRA is missing, or the file is broken
   */
  public Kind requireFor(BaseModel base) {
    return Kind.of(layoutFor(base));
  }

  /**
   * Checks that the adapter needs no image encoder.
   *
   * @throws InvalidInputException if the adapter needs an image encoder, or the file is broken
   */
  public void requireNoEncoder() {
    requireEncoder(layout(), null, "");
    AdapterCompatibility.checkFaceFeatures(path.toString(), layout(), null);
  }

  /**
   * Checks that an image encoder fits the adapter. Only the encoder's configuration is read.
   *
   * @param folder the encoder's folder or file; not read if the adapter needs no image encoder
   * @throws InvalidInputException if the encoder is missing or broken, or does not fit the adapter
   */
  public void requireEncoder(Path folder) {
    AdapterLayout layout = layout();
    boolean looks = layout.needsEncoder();
    requireEncoder(layout, looks ? LoadedImageEncoder.config(folder) : null, folder.toString());
  }

  /** Refuses an image encoder that is missing or does not fit; only its configuration is read. */
  void requireEncoder(AdapterLayout layout, Optional<Path> folder) {
    requireEncoder(
        layout,
        folder.map(LoadedImageEncoder::config).orElse(null),
        folder.map(Path::toString).orElse(""));
  }

  void requireEncoder(AdapterLayout layout, VisionConfig encoder, String folder) {
    Optional<String> trained =
        Optional.ofNullable(AdapterHeader.metadata(path).get(AdapterHeader.FAMILY));
    AdapterCompatibility.check(path.toString(), layout, trained, encoder, folder);
  }

  /** Refuses another face embedder than the adapter was trained with, by its kind and name. */
  void requireRecogniser(EmbedderSpec spec, Path recogniser) {
    requireRecogniser(spec, recogniser, Optional.empty());
  }

  /**
   * Refuses another face embedder than the adapter was trained with.
   *
   * @param published the name under which the file is published, told by its digest; empty if it is
   *     not known
   */
  void requireRecogniser(EmbedderSpec spec, Path recogniser, Optional<String> published) {
    boolean ours = AdapterHeader.isOurs(AdapterHeader.metadata(path));
    AdapterCompatibility.checkFaceEmbedder(
        path.toString(), layout(), ours, spec, recogniser, published);
  }

  AdapterLayout layout() {
    return AdapterHeader.layout(path);
  }

  AdapterLayout layoutFor(BaseModel base) {
    AdapterLayout layout = layout();
    AdapterCompatibility.check(
        path.toString(), layout, layout.method().sites(AdapterSites.of(base)));
    if (layout.method().hasVersions()) {
      faceVersion();
    }
    loraFile(layout);
    return layout;
  }

  /**
   * Returns the FaceID-Plus version: the explicit one, or that of the file name.
   *
   * @throws InvalidInputException if neither gives it
   */
  FaceIdPlusVersion faceVersion() {
    return version
        .or(() -> FaceIdPlusVersion.of(path.getFileName().toString()))
        .orElseThrow(() -> new InvalidInputException(path
            + " is FaceID-Plus or FaceID-Plus v2, whose files have the same layout; put plus_sd15 or plusv2 into"
            + " the file name (in Java, call IpAdapterFile.version)"));
  }

  /** Returns true if the LoRA inside the file is used: the file has one, and no other was given. */
  boolean usesLoraOf(AdapterLayout layout) {
    return layout.hasLora() && usesOwnLora();
  }

  private boolean usesOwnLora() {
    return lora.isEmpty() && !ignoresLora;
  }

  /**
   * Returns the separate LoRA file of the adapter; empty if the LoRA is inside, or none is used.
   *
   * @throws InvalidInputException if a needed LoRA is missing, or one is given for a kind without
   *     LoRA
   */
  Optional<Path> loraFile(AdapterLayout layout) {
    boolean inside = usesLoraOf(layout);
    if (layout.method().loraPart() == IdentityMethod.LoraPart.NONE
        && (inside || lora.isPresent())) {
      throw new InvalidInputException(
          path + " is " + layout.describe() + "; adapters of this kind have no LoRA, but "
              + (inside
                  ? "the file contains a LoRA; give a file without a LoRA (in Java, call "
                      + "IpAdapterFile.ignoreLora)"
                  : lora.get() + " was given as its LoRA; give this LoRA to the request instead"));
    }
    return inside || usesOwnLora() && layout.method().loraPart() != IdentityMethod.LoraPart.REQUIRED
        ? Optional.empty()
        : loraFile(layout.method());
  }

  /**
   * Returns the separate LoRA file: the given one, or the file beside the adapter with
   * {@code _lora} in its name. Empty if the LoRA is ignored.
   *
   * @throws InvalidInputException if there is no such file
   */
  private Optional<Path> loraFile(IdentityMethod method) {
    if (lora.isPresent() || ignoresLora) {
      return lora;
    }
    String stem = path.getFileName().toString().replaceFirst("\\.(safetensors|bin)$", "");
    Path beside = path.resolveSibling(stem + "_lora.safetensors");
    if (!Files.isRegularFile(beside)) {
      throw new InvalidInputException(
          path + " was trained with a LoRA, but this LoRA is not in the file, and "
              + beside.getFileName()
              + " is not beside the file; put the LoRA there (in Java, call IpAdapterFile.lora or"
              + " ignoreLora)"
              + method
                  .publishedFile(PublishedFile.Part.LORA)
                  .map(published -> "; it is published in " + published.words())
                  .orElse(""));
    }
    return Optional.of(ModelFile.own(beside));
  }

  /**
   * The version of a FaceID-Plus adapter. Both versions have the same file layout. V1 uses face
   * tokens that were refined with the face image. V2 also uses the face tokens as they were before
   * this refinement.
   */
  public enum FaceIdPlusVersion {
    /** The first version. */
    V1,
    /** The second version, which also uses the face tokens as they were before the refinement. */
    V2;

    private static final Pattern V2_NAME = Pattern.compile("plus[-_ .]?v2");
    private static final Pattern V1_NAME =
        Pattern.compile("plus(?:[-_ .]?v1|[-_ ](?:sd15|sdxl)|\\.)");

    private static final Pattern ANY_V2 = Pattern.compile("v2(?![0-9])");

    /** Returns the version in a file name; empty if the name has none. */
    static Optional<FaceIdPlusVersion> of(String fileName) {
      String name = fileName.toLowerCase(Locale.ROOT);
      if (V2_NAME.matcher(name).find()) {
        return Optional.of(V2);
      }
      // "v2" may be the version of something else, so the caller must be asked.
      return V1_NAME.matcher(name).find() && !ANY_V2.matcher(name).find()
          ? Optional.of(V1)
          : Optional.empty();
    }
  }
}
