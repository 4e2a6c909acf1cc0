package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.parsing.FaceFeatureEncoder;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import dev.likeness.ipadapter.internal.vision.VisionModel;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Encodes references for an adapter. Not thread-safe. */
public final class ReferenceEncoder {
  private final String adapter;
  private final AdapterLayout layout;
  private final LoadedImageEncoder encoder;
  private final FaceFeatureEncoder features;
  private final IdentityMethod.Opened opened;
  private Grid unconditional;

  /** Makes an encoder for an adapter without an image encoder of its own. */
  public ReferenceEncoder(String adapter, AdapterLayout layout, LoadedImageEncoder encoder) {
    this(adapter, layout, encoder, null, null);
  }

  /**
   * Makes an encoder.
   *
   * @param adapter name of the adapter in error messages
   * @param encoder the image encoder; null if the adapter needs none, or has its own
   * @param features reads the features of faces; null if the adapter does not need them
   * @param opened the adapter, of which an encoder of its own is used
   */
  public ReferenceEncoder(
      String adapter,
      AdapterLayout layout,
      LoadedImageEncoder encoder,
      FaceFeatureEncoder features,
      IdentityMethod.Opened opened) {
    this.adapter = adapter;
    this.layout = layout;
    this.encoder = encoder;
    this.features = features;
    this.opened = opened;
  }

  public ReferenceEmbeddings encode(List<Reference> references) {
    if (references.isEmpty()) {
      throw new IllegalArgumentException("an image prompt needs at least 1 reference, got none");
    }
    references.forEach(this::require);
    try (TensorScope scope = TensorScope.open()) {
      boolean looks = layout.needsImage();
      Grid image = looks ? grid(stack(references)) : null;
      return new ReferenceEmbeddings(
          Optional.ofNullable(image),
          Optional.ofNullable(looks ? unconditional() : null),
          Optional.ofNullable(layout.needsFace() ? faceGrid(references) : null),
          references.stream().map(Reference::weight).toList(),
          origin(references));
    }
  }

  /** Returns the origin of the adapter's embeddings; the references name the face embedder. */
  public EmbeddingOrigin origin(List<Reference> references) {
    String length = layout.needsRawEmbedding() ? "raw" : "unit";
    return new EmbeddingOrigin(
        encoder != null && layout.needsEncoder()
            ? encoder.fingerprint()
            : features != null && layout.needsFaceFeatures() ? features.fingerprint() : "",
        layout.needsFace() ? EmbeddingOrigin.faceEmbedder(references) : "",
        layout.needsFace() ? length : "");
  }

  /** Refuses embeddings that were made for another kind of adapter or by another encoder. */
  public void require(ReferenceEmbeddings e) {
    boolean looks = layout.needsImage();
    boolean image = looks == e.image().isPresent()
        && (!looks || e.image().get().width() == layout.imageWidth());
    boolean kept =
        looks && layout.method().unconditionalInput() != IdentityMethod.UnconditionalInput.ZEROS;
    boolean nothing = kept == e.unconditional().isPresent()
        && (!kept || e.unconditional().get().width() == layout.imageWidth());
    boolean one = layout.method().imageInput() != IdentityMethod.ImageInput.POOLED
        || e.image().filter(grid -> grid.tokens() != 1).isEmpty();
    boolean face = layout.needsFace() == e.face().isPresent()
        && e.face().filter(grid -> grid.width() != layout.faceWidth()).isEmpty();
    if (!(image && nothing && one && face)) {
      throw new IllegalArgumentException(
          "the references have " + text(e.image()) + " for images, " + text(e.unconditional())
              + " for the unconditional input and " + text(e.face()) + " for faces, which do not"
              + " fit " + adapter
              + ", " + layout.method().named()
              + " with image width " + layout.imageWidth() + " and face width " + layout.faceWidth()
              + "; encode the photos again for this adapter");
    }
    e.origin().require(adapter, origin(List.of()));
  }

  private static String text(Optional<Grid> embeddings) {
    return embeddings.map(Grid::toString).orElse("no embeddings");
  }

  /** Returns the unconditional output, which is computed once for all references. */
  private Grid unconditional() {
    unconditional = unconditional == null ? encodeUnconditional() : unconditional;
    return unconditional;
  }

  /** Encodes the unconditional input; null if it is zeros instead of an output. */
  private Grid encodeUnconditional() {
    if (layout.method().unconditionalInput() == IdentityMethod.UnconditionalInput.ZEROS) {
      return null;
    }
    int side = encoder.config().imageSize();
    return switch (layout.method().unconditionalInput()) {
      case ZEROS -> null;
      case ZERO_PIXELS -> grid(features(encoder.encodeZeros()));
      case BLACK ->
        grid(features(encoder.encode(RgbImage.of(side, side, new byte[3 * side * side]))));
    };
  }

  private void require(Reference reference) {
    boolean looks = layout.needsImage();
    if (looks && reference.image().isEmpty()
        || layout.needsFace() && reference.face().isEmpty()) {
      throw new IllegalArgumentException(layout.method().named() + " needs "
          + (looks && layout.needsFace()
              ? "a face embedding and the " + faceImage()
              : looks ? "an image" : "a face embedding")
          + ", but the reference has only "
          + (reference.image().isEmpty() ? "a face embedding" : "an image"));
    }
    if (layout.needsFace()) {
      float[] face = reference.face().orElseThrow();
      AdapterCompatibility.checkFace(adapter, layout, face.length, "the reference");
      requireLength(face);
    }
  }

  private String faceImage() {
    return layout.faceInput().orElseThrow().side() == IdentityMethod.FaceInput.WHOLE_PHOTO
        ? "whole photo"
        : "aligned face image";
  }

  /** Refuses embeddings of another length: the adapter would see another person. */
  private void requireLength(float[] face) {
    boolean raw = layout.needsRawEmbedding();
    double length = ReferenceEmbeddings.norm(face, face.length);
    if (raw ? Math.abs(length - 1) < 1e-3 : !(Math.abs(length - 1) <= 1e-2)) {
      throw new InvalidInputException(String.format(
          Locale.ROOT,
          "%s needs face embeddings %s, got one of length %.3f; use FaceEmbedder.%s",
          adapter,
          raw ? "that are not normalised to length 1" : "of length 1",
          length,
          raw ? "embedRaw" : "embed"));
    }
  }

  private Tensor stack(List<Reference> references) {
    TensorVector rows = new TensorVector();
    references.forEach(reference -> rows.push_back(encode(reference.image().orElseThrow())));
    return torch.cat(rows, 0);
  }

  private Tensor encode(RgbImage image) {
    if (layout.needsFaceFeatures()) {
      return features.encode(image);
    }
    return layout.needsEncoder() ? features(encoder.encode(image)) : opened.encode(image);
  }

  /** Returns the part of an encoding that the adapter needs, [1, tokens, width]. */
  private Tensor features(VisionModel.ImageEncoding encoding) {
    return layout.method().imageInput() == IdentityMethod.ImageInput.POOLED
        ? encoding.pooled().unsqueeze(1)
        : encoding.penultimate();
  }

  private static Grid grid(Tensor t) {
    return new Grid(ImageTensors.floats(t), (int) t.size(0), (int) t.size(1), (int) t.size(2));
  }

  private Grid faceGrid(List<Reference> references) {
    int width = (int) layout.faceWidth();
    float[] all = new float[references.size() * width];
    for (int i = 0; i < references.size(); i++) {
      System.arraycopy(references.get(i).face().orElseThrow(), 0, all, i * width, width);
    }
    return new Grid(all, references.size(), 1, width);
  }
}
