package dev.likeness.ipadapter.internal.method;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.TokenMemories;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.Optional;

/**
 * A published method that conditions a base on reference images by an adapter file. All decisions
 * about a method are in its folder, {@code method/NAME}; other code asks this interface. One
 * instance for each method.
 */
public interface IdentityMethod {
  /** Returns the name of the method, for settings that are saved. */
  String id();

  /** Returns its published name. */
  String title();

  /** Returns the family of bases that it is made for. */
  ModelFamily family();

  /**
   * Recognises an adapter file of this method by its keys and shapes. Methods are asked in the
   * order of the registry.
   *
   * @return kind and sizes of the adapter; empty if the file is of another method
   * @throws dev.likeness.diffusion.error.InvalidInputException if the file is of this method, but
   *     is broken or not supported
   */
  Optional<AdapterLayout> recognise(AdapterKeys keys);

  /** Returns the output of an image encoder that it needs. */
  ImageInput imageInput();

  /**
   * Returns the family of the image encoder that published adapters were trained with, such as
   * {@code CLIP}; empty if it is not known.
   *
   * @param imageWidth the width of the encoder's output
   */
  default String encoderFamily(long imageWidth) {
    return imageInput() == ImageInput.NONE ? "" : EncoderNames.familyOf(imageWidth);
  }

  /** Returns the unconditional image input for guidance, as in the reference implementation. */
  default UnconditionalInput unconditionalInput() {
    return imageInput() == ImageInput.TOKENS
        ? UnconditionalInput.ZERO_PIXELS
        : UnconditionalInput.ZEROS;
  }

  /**
   * Returns the face embedding that it needs; empty if it needs none.
   *
   * @param contextWidth channels of the tokens: the context width of the base's attentions
   */
  default Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.empty();
  }

  /** Returns whether its adapters have a LoRA. */
  LoraPart loraPart();

  /**
   * Returns true if the method has two versions whose files have the same layout, so that the file
   * name or the user tells them apart.
   */
  default boolean hasVersions() {
    return false;
  }

  /** Returns the attentions of a base that it acts on; all by default. */
  default AdapterSites sites(AdapterSites all) {
    return all;
  }

  /** Returns the full name of the module that attention {@code t} of {@link #sites} adds to. */
  default String module(AdapterSites sites, int t) {
    return sites.attention(t);
  }

  /**
   * Reads the projection of an adapter.
   *
   * @param w the weights below {@code image_proj}
   * @param shortcutScale weight of the face image in the second version of a method; NaN for the
   *     first version
   */
  ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale);

  /** Opens an adapter with the weights of its file; the caller keeps ownership of them. */
  default Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new KeyValueAdapter(layout, sites, weights, compute);
  }

  /** The weights of an opened adapter. */
  interface Opened {
    /** Reads every weight once, so that leftovers can be found. */
    void readAll();

    /**
     * Returns what each attention attends to. The tensors belong to the calling scope.
     *
     * @param isUnconditional true for the unconditional input, with the references' shapes
     * @param shortcutScale as in {@link IdentityMethod#projection}
     */
    TokenMemories memories(
        ReferenceEmbeddings references, boolean isUnconditional, double shortcutScale);
  }

  /** The output of an image encoder that an adapter uses. */
  enum ImageInput {
    NONE,
    POOLED,
    TOKENS
  }

  /** The input of an adapter in training for "no image". */
  enum UnconditionalInput {
    /** Zeros instead of the encoder's output. */
    ZEROS,
    /** The encoder's output for an input of zeros. */
    ZERO_PIXELS,
    /** The encoder's output for a black image. */
    BLACK
  }

  /** Whether the adapters of a method have a LoRA. */
  enum LoraPart {
    /** They have none. */
    NONE,
    /** A file may have one. */
    OPTIONAL,
    /** They were trained together with one. */
    REQUIRED
  }

  /**
   * The face embedding that a method needs.
   *
   * @param isRaw true if the embedding is not normalised to unit length
   * @param side side in pixels of the aligned faces that the method was trained with
   * @param recogniser the face embedder that published adapters were trained with
   */
  record FaceInput(boolean isRaw, int side, Recogniser recogniser) {
    private static final int XL_CONTEXT = 2048;

    /** FaceID's input: faces of 256 pixels for SDXL, else of 224 pixels. */
    public static FaceInput of(boolean isRaw, long contextWidth) {
      return new FaceInput(isRaw, contextWidth == XL_CONTEXT ? 256 : 224, Recogniser.BUFFALO_L);
    }
  }
}
