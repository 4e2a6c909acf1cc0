package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.attention.ImageTokens;
import dev.likeness.ipadapter.internal.attention.ReferenceEncoder;
import dev.likeness.ipadapter.internal.attention.TimestepAttention;
import dev.likeness.ipadapter.internal.file.AdapterHeader;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * An IP-Adapter (Ye et al. 2023, arXiv:2308.06721) opened for a base model. It extends the base's
 * attention to tokens of reference images. Immutable and thread-safe; owns its tensors until
 * closed. The caller closes the image encoder.
 */
public final class IpAdapter implements AutoCloseable {
  /** Epsilon of the RMS norm on keys in InstantX's adapter for FLUX. */
  private static final double KEY_EPS = 1e-5;

  private final IpAdapterFile file;
  private final AdapterLayout layout;
  private final AdapterSites sites;
  private final LoadedImageEncoder encoder;
  private final LoadedWeights weights;
  private final Compute compute;
  private final UsageLock usageLock;
  private FaceIdLora lora;

  private IpAdapter(
      IpAdapterFile file,
      TensorSource source,
      AdapterLayout layout,
      AdapterSites sites,
      LoadedImageEncoder encoder,
      Compute compute) {
    this.file = file;
    this.layout = layout;
    this.sites = sites;
    this.encoder = encoder;
    this.compute = compute;
    usageLock = new UsageLock("the adapter " + file.path());
    weights = new LoadedWeights(source, compute);
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
        encoder == null ? null : encoder.loaded().config(),
        encoder == null ? "" : encoder.describe());
    IpAdapter adapter = new IpAdapter(
        file,
        AdapterHeader.open(file.path()),
        layout,
        AdapterSites.of(base).forVariant(layout.variant()),
        encoder == null ? null : encoder.loaded(),
        base.compute());
    try {
      adapter.load(file.loraFile(layout));
      return adapter;
    } catch (RuntimeException e) {
      adapter.close();
      throw e;
    }
  }

  private void load(Optional<Path> twin) {
    projection(1);
    IntStream.range(0, sites.paths().size())
        .forEach(
            layout.variant() == IpAdapterVariant.INSTANT_X_TIMED
                ? this::timestepAttention
                : t -> {
                  linear(t, "to_k_ip");
                  linear(t, "to_v_ip");
                });
    weights.requireAllRead(weights.names().stream()
        .filter(name -> FaceIdLoraFile.isKey(name) || Leftovers.isHarmless(name))
        .collect(Collectors.toSet()));
    boolean whole = layout.variant().needsLora();
    if (twin.isPresent()) {
      lora = new FaceIdLora(FaceIdLoraFile.open(twin.get(), sites), sites, whole, compute);
    } else if (file.usesLoraOf(layout)) {
      lora = new FaceIdLora(AdapterHeader.open(file.path()), sites, whole, compute);
    }
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
    return new ReferenceEncoder(describe(), layout, encoder);
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
   * Returns the maker of image tokens, which belongs to the calling scope. {@code shortcut} matters
   * for FaceID-Plus v2 only.
   */
  ImageTokens tokens(double shortcut) {
    return new ImageTokens(layout, projection(shortcut), compute);
  }

  private ImageProjection projection(double shortcut) {
    boolean second = layout.variant() == IpAdapterVariant.FACE_ID_PLUS
        && file.faceVersion() == IpAdapterFile.FaceIdPlusVersion.V2;
    return ImageProjection.of(
        layout, Weights.of(weights).at("image_proj"), second ? shortcut : Double.NaN);
  }

  /** Returns keys [1, n, width] of image tokens [1, n, contextWidth] for attention {@code t}. */
  Tensor keys(Tensor tokens, int t) {
    Tensor keys = linear(t, "to_k_ip").forward(tokens);
    if (layout.variant() != IpAdapterVariant.INSTANT_X) {
      return keys;
    }
    Tensor byHead = keys.view(1, keys.size(1), -1, sites.headDim());
    return torch
        .rms_norm(
            byHead, new long[] {sites.headDim()}, new TensorOptional(), new DoubleOptional(KEY_EPS))
        .view_as(keys);
  }

  /** Returns values [1, n, width] of image tokens [1, n, contextWidth] for attention {@code t}. */
  Tensor values(Tensor tokens, int t) {
    return linear(t, "to_v_ip").forward(tokens);
  }

  /** Returns attention {@code t} of an adapter with timestep input. */
  TimestepAttention timestepAttention(int t) {
    String norm = "ip_adapter." + t + ".norm_q.weight";
    long own = weights.has(norm) && weights.shape(norm).length == 1 ? weights.shape(norm)[0] : 1;
    return new TimestepAttention(
        weightsAt(t),
        layout.contextWidth(),
        layout.resampler().width(),
        sites.headDim() > 0 ? sites.headDim() : own);
  }

  private Linear linear(int t, String name) {
    return Linear.of(
        weightsAt(t).at(name),
        sites.contextWidth(),
        sites.widths().get(t),
        layout.variant() == IpAdapterVariant.XLABS);
  }

  private Weights weightsAt(int t) {
    return Weights.of(weights).at("ip_adapter").at(sites.keyIndex(t));
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
