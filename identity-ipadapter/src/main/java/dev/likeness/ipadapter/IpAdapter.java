package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
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

/**
 * An IP-Adapter (Ye et al. 2023, arXiv:2308.06721) opened for a base model: it feeds reference
 * images to the base's attentions. Immutable and thread-safe; owns its tensors until closed. The
 * caller closes the image encoder.
 */
public final class IpAdapter implements AutoCloseable {
  /** Of the weightless norm that InstantX's adapter for FLUX has its keys go through. */
  private static final double KEY_EPS = 1e-5;

  private final IpAdapterFile file;
  private final AdapterLayout layout;
  private final AdapterSites base;
  private final LoadedImageEncoder encoder;
  private final LoadedWeights weights;
  private final Compute compute;
  private final UsageLock uses;
  private FaceIdLora lora;

  private IpAdapter(
      IpAdapterFile file,
      TensorSource source,
      AdapterLayout layout,
      AdapterSites base,
      LoadedImageEncoder encoder,
      Compute compute) {
    this.file = file;
    this.layout = layout;
    this.base = base;
    this.encoder = encoder;
    this.compute = compute;
    uses = new UsageLock("the adapter " + file.path());
    weights = new LoadedWeights(source, compute);
  }

  /**
   * Opens an adapter that looks at images; see {@link #open(IpAdapterFile, BaseModel,
   * ImageEncoder)}.
   */
  public static IpAdapter open(Path file, BaseModel base, ImageEncoder encoder) {
    return open(IpAdapterFile.of(file), base, encoder);
  }

  /** Opens an adapter that looks at a face recogniser's numbers alone: FaceID and Portrait. */
  public static IpAdapter open(Path file, BaseModel base) {
    return open(IpAdapterFile.of(file), base, null);
  }

  /**
   * Opens an adapter. Whether it fits base and encoder is said from its header, before a weight is
   * read.
   *
   * @param encoder the image encoder it was trained with; null for FaceID and Portrait, which need
   *     none
   * @throws InvalidInputException when the file is broken, or it, the base and the encoder do not
   *     belong together
   */
  public static IpAdapter open(IpAdapterFile file, BaseModel base, ImageEncoder encoder) {
    AdapterLayout layout = file.layoutFor(base);
    file.requireEncoder(
        layout,
        encoder == null ? null : encoder.loaded().config(),
        encoder == null ? "" : encoder.describe());
    IpAdapter adapter = new IpAdapter(
        file,
        AdapterHeader.open(file.path()),
        layout,
        AdapterSites.of(base).forVariant(layout.kind()),
        encoder == null ? null : encoder.loaded(),
        base.compute());
    try {
      adapter.read(file.twin(layout));
      return adapter;
    } catch (RuntimeException e) {
      adapter.close();
      throw e;
    }
  }

  private void read(Optional<Path> twin) {
    projection(1);
    IntStream.range(0, base.paths().size())
        .forEach(
            layout.kind() == IpAdapterVariant.TIMED
                ? this::timed
                : t -> {
                  layer(t, "to_k_ip");
                  layer(t, "to_v_ip");
                });
    weights.requireAllRead(weights.names().stream()
        .filter(name -> FaceIdLoraFile.isKey(name)
            || !name.startsWith("image_proj.") && !name.startsWith("ip_adapter."))
        .collect(Collectors.toSet()));
    boolean whole = layout.kind().needsLora();
    if (twin.isPresent()) {
      lora = new FaceIdLora(FaceIdLoraFile.open(twin.get(), base), base, whole, compute);
    } else if (file.usesLoraOf(layout)) {
      lora = new FaceIdLora(AdapterHeader.open(file.path()), base, whole, compute);
    }
  }

  AdapterLayout layout() {
    return layout;
  }

  /** What errors call it: its file. */
  public String describe() {
    return file.path().toString();
  }

  /** The identity that these images show, all with equal weight. */
  public ImagePrompt identity(RgbImage... images) {
    return identity(Arrays.stream(images).map(Reference::of).toList());
  }

  /**
   * The identity that these references show. They are encoded here, once.
   *
   * @throws IllegalArgumentException when a reference lacks what this kind of adapter looks at
   */
  public ImagePrompt identity(List<Reference> references) {
    return identity(embed(references));
  }

  /** The same from references that were encoded before. */
  public ImagePrompt identity(ReferenceEmbeddings references) {
    return ImagePrompt.of(this, references);
  }

  /** References as this adapter sees them. */
  public ReferenceEmbeddings embed(List<Reference> references) {
    return references().of(references);
  }

  /**
   * Where references come from that it understands; whose numbers of faces, its file does not say.
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

  AdapterSites base() {
    return base;
  }

  FaceIdLora lora() {
    return lora;
  }

  UsageLock uses() {
    return uses;
  }

  Compute compute() {
    return compute;
  }

  /**
   * Makes tokens; {@code shortcut} counts in FaceID-Plus v2 alone. Belongs to the calling scope.
   */
  ImageTokens tokens(double shortcut) {
    return new ImageTokens(layout, projection(shortcut), compute);
  }

  private ImageProjection projection(double shortcut) {
    boolean second = layout.kind() == IpAdapterVariant.FACE_ID_PLUS
        && file.faceVersion() == IpAdapterFile.FaceIdPlusVersion.V2;
    return ImageProjection.of(
        layout, Weights.of(weights).at("image_proj"), second ? shortcut : Double.NaN);
  }

  /** Keys [1, n, width] of image tokens [1, n, contextWidth] for attention {@code t}. */
  Tensor keys(Tensor tokens, int t) {
    Tensor keys = layer(t, "to_k_ip").forward(tokens);
    if (layout.kind() != IpAdapterVariant.INSTANT_X) {
      return keys;
    }
    Tensor byHead = keys.view(1, keys.size(1), -1, base.headWidth());
    return torch
        .rms_norm(
            byHead,
            new long[] {base.headWidth()},
            new TensorOptional(),
            new DoubleOptional(KEY_EPS))
        .view_as(keys);
  }

  /** The values beside {@link #keys}. */
  Tensor values(Tensor tokens, int t) {
    return layer(t, "to_v_ip").forward(tokens);
  }

  /** Attention {@code t} of an adapter with timestep input. */
  TimestepAttention timed(int t) {
    String norm = "ip_adapter." + t + ".norm_q.weight";
    long own = weights.has(norm) && weights.shape(norm).length == 1 ? weights.shape(norm)[0] : 1;
    return new TimestepAttention(
        at(t),
        layout.contextWidth(),
        layout.resampler().width(),
        base.headWidth() > 0 ? base.headWidth() : own);
  }

  private Linear layer(int t, String name) {
    return Linear.of(
        at(t).at(name),
        base.contextWidth(),
        base.widths().get(t),
        layout.kind() == IpAdapterVariant.XLABS);
  }

  private Weights at(int t) {
    return Weights.of(weights).at("ip_adapter").at(base.number(t));
  }

  /** Frees it once nothing is drawn with it. */
  @Override
  public void close() {
    uses.close(() -> {
      weights.close();
      if (lora != null) {
        lora.close();
      }
    });
  }
}
