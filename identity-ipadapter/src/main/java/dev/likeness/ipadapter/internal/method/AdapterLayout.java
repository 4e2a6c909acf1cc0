package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import java.util.List;
import java.util.Optional;

/**
 * Kind and sizes of an IP-Adapter, read from its header.
 *
 * @param method the method of the adapter
 * @param tokens image tokens of one reference; 0 if every token of the encoder becomes one
 * @param contextWidth channels of the tokens: the context width of the base's attentions
 * @param imageWidth width of the image encoder's output, or 0
 * @param faceWidth length of face embeddings, or 0
 * @param hiddenWidth inner width of the two projection layers, width of the timestep's sinusoids,
 *     or 0
 * @param resampler the resampler, or null
 * @param attentionWidths width of each attention with keys and values, in the base's registration
 *     order
 * @param hasLora true if the file contains a LoRA, as FaceID files do
 */
public record AdapterLayout(
    IdentityMethod method,
    int tokens,
    long contextWidth,
    long imageWidth,
    long faceWidth,
    long hiddenWidth,
    ResamplerConfig resampler,
    List<Long> attentionWidths,
    boolean hasLora) {
  public AdapterLayout {
    attentionWidths = List.copyOf(attentionWidths);
  }

  /** Returns the face embedding that the adapter needs; empty if it needs none. */
  public Optional<IdentityMethod.FaceInput> faceInput() {
    return method.faceInput(contextWidth);
  }

  /**
   * Returns the published file for a part that the adapter needs.
   *
   * @throws java.util.NoSuchElementException if its method needs none
   */
  public PublishedFile published(PublishedFile.Part part) {
    return part == PublishedFile.Part.FACE_EMBEDDER
        ? faceInput().orElseThrow().recogniser().published()
        : method.publishedFile(part).orElseThrow();
  }

  /** Returns the words for where its image encoder is published; empty if not known. */
  public String encoderPlace() {
    boolean isPooled = method.imageInput() == IdentityMethod.ImageInput.POOLED;
    return method.encoderFamily(imageWidth).equals(EncoderNames.CLIP)
        ? EncoderNames.where(imageWidth, isPooled)
        : "";
  }

  /**
   * Returns true if the adapter takes face embeddings of another length than the published ones, as
   * those that this library trained.
   */
  public boolean hasOtherFaces() {
    return faceInput().filter(face -> face.recogniser().width() != faceWidth).isPresent();
  }

  /** Returns true if the adapter needs an image encoder that is not in its own file. */
  public boolean needsEncoder() {
    return needsImage()
        && method.imageInput() != IdentityMethod.ImageInput.OWN_ENCODER
        && !needsFaceFeatures();
  }

  /** Returns true if the adapter needs a vision tower with a face parser. */
  public boolean needsFaceFeatures() {
    return method.imageInput() == IdentityMethod.ImageInput.FACE_FEATURES;
  }

  /** Returns true if the adapter needs images. */
  public boolean needsImage() {
    return method.imageInput() != IdentityMethod.ImageInput.NONE;
  }

  /** Returns true if the adapter needs a face embedding. */
  public boolean needsFace() {
    return faceInput().isPresent();
  }

  /** Returns true if the adapter needs a face embedding that is not normalised to unit length. */
  public boolean needsRawEmbedding() {
    return faceInput().filter(IdentityMethod.FaceInput::isRaw).isPresent();
  }

  /**
   * Reads the projection from the root of the adapter's file.
   *
   * @param shortcutScale as in {@link IdentityMethod#projection}
   */
  public ImageProjection projection(Weights root, double shortcutScale) {
    return method.projection(this, root.at("image_proj"), shortcutScale);
  }

  /**
   * Returns its name, the kind of base that it is for, and its number of attentions if it acts on
   * attentions, for messages.
   */
  public String describe() {
    return method.named()
        + (method.usesContextWidth() ? " for " + baseDescription() : "")
        + (attentionWidths.isEmpty() ? "" : ", " + attentionWidths.size() + " attentions");
  }

  /** Returns the kind of base that it is for, such as {@code SDXL (context 2048)}. */
  private String baseDescription() {
    return method.family().attentionSites().orElseThrow().baseDescription(contextWidth);
  }
}
