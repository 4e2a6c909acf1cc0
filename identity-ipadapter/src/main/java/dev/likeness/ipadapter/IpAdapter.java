package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ReferenceEncoder;
import dev.likeness.ipadapter.internal.parsing.FaceFeatureEncoder;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An IP-Adapter (Ye et al. 2023, arXiv:2308.06721) opened for a base model. It extends the base's
 * attention to tokens of reference images. Immutable and thread-safe; owns its tensors until
 * closed. The caller closes the image encoder.
 */
public final class IpAdapter implements AutoCloseable {
  private final IpAdapterFile file;
  private final AdapterLayout layout;
  private final AdapterSites sites;
  private final LoadedImageEncoder encoder;
  private final FaceFeatureEncoder features;
  private final LoadedWeights weights;
  private final Compute compute;
  private final UsageLock usageLock;
  private final IdentityMethod.Opened opened;
  private FaceIdLora lora;

  private IpAdapter(
      IpAdapterFile file,
      TensorSource source,
      AdapterLayout layout,
      AdapterSites sites,
      @Nullable ImageEncoder encoder,
      Compute compute) {
    this.file = file;
    this.layout = layout;
    this.sites = sites;
    this.encoder = encoder == null ? null : encoder.loaded();
    this.features = encoder == null ? null : encoder.features();
    this.compute = compute;
    usageLock = new UsageLock("the adapter " + file.path());
    weights = new LoadedWeights(source, compute);
    try {
      opened = layout.method().open(layout, sites, weights, compute);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * {@return an adapter that uses an image encoder; the caller closes adapter and encoder} This
   * method throws the exceptions of {@link #open(IpAdapterFile, BaseModel, ImageEncoder)}.
   *
   * @param file the adapter file, a safetensors file or a pickled {@code .bin}
   * @param base the base model; it must stay open while the adapter is used
   * @param encoder the image encoder that the adapter was trained with
   */
  public static IpAdapter open(Path file, BaseModel base, ImageEncoder encoder) {
    return open(IpAdapterFile.of(file), base, encoder);
  }

  /**
   * {@return an adapter that needs face embeddings only (FaceID or Portrait); the caller closes it}
   * This method throws the exceptions of {@link #open(IpAdapterFile, BaseModel)}.
   *
   * @param file the adapter file, a safetensors file or a pickled {@code .bin}
   * @param base the base model; it must stay open while the adapter is used
   */
  public static IpAdapter open(Path file, BaseModel base) {
    return open(IpAdapterFile.of(file), base);
  }

  /**
   * {@return an adapter that needs face embeddings only; the caller closes it}
   *
   * @param file the adapter file
   * @param base the base model; it must stay open while the adapter is used
   * @throws InvalidInputException if the file is broken, needs an encoder, or does not fit the base
   */
  public static IpAdapter open(IpAdapterFile file, BaseModel base) {
    return openWith(file, base, null);
  }

  /**
   * {@return an adapter; the caller closes it} Before this method reads weights, it checks by the
   * file headers that base and encoder fit the adapter.
   *
   * @param file the adapter file
   * @param base the base model; it must stay open while the adapter is used
   * @param encoder the image encoder that the adapter was trained with
   * @throws InvalidInputException if the file is broken, or file, base and encoder do not fit
   *     together
   */
  public static IpAdapter open(IpAdapterFile file, BaseModel base, ImageEncoder encoder) {
    return openWith(file, base, encoder);
  }

  static IpAdapter openWith(IpAdapterFile file, BaseModel base, @Nullable ImageEncoder encoder) {
    AdapterLayout layout = file.layoutFor(base);
    file.requireEncoder(
        layout,
        encoder == null || encoder.loaded() == null ? null : encoder.loaded().config(),
        encoder == null ? "" : encoder.describe());
    AdapterCompatibility.checkFaceFeatures(
        file.path().toString(), layout, encoder == null ? null : encoder.features());
    IpAdapter adapter = new IpAdapter(
        file,
        AdapterHeader.open(file.path()),
        layout,
        layout.method().sites(AdapterSites.of(base)),
        encoder,
        base.compute());
    try {
      adapter.load(file.loraFile(layout), AdapterSites.of(base));
      return adapter;
    } catch (RuntimeException e) {
      adapter.close();
      throw e;
    }
  }

  private void load(Optional<Path> twin, AdapterSites all) {
    IdentityMethod method = layout.method();
    opened.readAll();
    weights.requireAllRead(
        weights.names().stream().filter(method::isReadApart).collect(Collectors.toSet()));
    boolean whole = layout.method().loraPart() == IdentityMethod.LoraPart.REQUIRED;
    if (twin.isPresent()) {
      lora = new FaceIdLora(FaceIdLoraFile.open(twin.get(), sites), sites, whole, compute);
    } else if (file.usesLoraOf(layout)) {
      lora = method.openLora(AdapterHeader.open(file.path()), all, whole, compute);
    }
  }

  IpAdapterFile.Kind kind() {
    return IpAdapterFile.Kind.of(layout);
  }

  AdapterLayout layout() {
    return layout;
  }

  /** {@return the path of the adapter file, for messages} */
  public String describe() {
    return file.path().toString();
  }

  /**
   * Encodes reference images into an image prompt. All images have equal weight.
   *
   * @param images at least one image of any size
   * @return the image prompt; keep this adapter open while requests use the prompt
   * @throws IllegalArgumentException if no image is given, or the adapter needs face embeddings
   */
  public ImagePrompt prompt(RgbImage... images) {
    return prompt(Arrays.stream(images).map(Reference::of).toList());
  }

  /**
   * Encodes references into an image prompt. The method throws the exceptions of {@link #embed}.
   *
   * @param references at least one
   * @return the image prompt; keep this adapter open while requests use the prompt
   */
  public ImagePrompt prompt(List<Reference> references) {
    return prompt(embed(references));
  }

  /**
   * Makes an image prompt from encoded references.
   *
   * @param references references encoded by the same image encoder for the same type of adapter
   * @return the image prompt; keep this adapter open while requests use the prompt
   * @throws InvalidInputException if another image encoder made the embeddings, or the face
   *     embeddings are not normalised as this adapter needs
   * @throws IllegalArgumentException if the embeddings have other shapes than this adapter needs
   */
  public ImagePrompt prompt(ReferenceEmbeddings references) {
    return ImagePrompt.of(this, references);
  }

  /**
   * Encodes references for this adapter.
   *
   * @param references at least one
   * @return the embeddings, which can be saved
   * @throws IllegalArgumentException if no reference is given, a reference lacks an input that this
   *     adapter needs, or the references name several face embedders
   * @throws InvalidInputException if the size or norm of a face embedding does not fit this adapter
   */
  public ReferenceEmbeddings embed(List<Reference> references) {
    return references().encode(references);
  }

  /**
   * {@return the networks whose embeddings this adapter accepts} The name of the face embedder is
   * empty, because adapter files do not contain it.
   */
  public EmbeddingOrigin origin() {
    return references().origin(List.of());
  }

  private ReferenceEncoder references() {
    return new ReferenceEncoder(describe(), layout, encoder, features, opened);
  }

  /** Refuses embeddings that were made for another kind of adapter or by another encoder. */
  void require(ReferenceEmbeddings embeddings) {
    references().require(embeddings);
  }

  AdapterSites sites() {
    return sites;
  }

  FaceIdLora lora() {
    return lora;
  }

  UsageLock usageLock() {
    return usageLock;
  }

  Compute compute() {
    return compute;
  }

  /**
   * Returns what each attention attends to. The tensors belong to the calling scope.
   *
   * @param isUnconditional true for the unconditional input instead of the references
   * @param shortcutScale weight of the face image in FaceID-Plus v2
   */
  TokenMemories memories(
      ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale) {
    boolean second =
        layout.method().hasVersions() && file.faceVersion() == IpAdapterFile.FaceIdPlusVersion.V2;
    return opened.memories(references, isUnconditional, second ? shortcutScale : Double.NaN);
  }

  /** Returns the method's part of the adapter: what it changes beside attentions. */
  IdentityMethod.Opened opened() {
    return opened;
  }

  /** Returns the full name of the module that attention {@code t} adds to. */
  String module(int t) {
    return layout.method().module(sites, t);
  }

  /** Frees the tensors once no running generation uses them. A second call does nothing. */
  @Override
  public void close() {
    usageLock.close(() -> {
      weights.close();
      if (lora != null) {
        lora.close();
      }
    });
  }
}
